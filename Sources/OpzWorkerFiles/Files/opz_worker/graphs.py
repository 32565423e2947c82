"""Graphs of tensors: ONNX Runtime, PyTorch, Keras. Inputs and outputs keep the names and shapes that the file has."""

import os

from .failures import LoadFailure, bad_input
from .model import Model, datatype_of, version_of
from .tensors import FLOATS, numpy_or_none


def _threads():
    """How many threads a worker may use, as its environment says."""
    text = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return int(text) if text.isdigit() and int(text) > 0 else None


def _sizes(shape):
    return [size if isinstance(size, int) and size > 0 else -1 for size in shape]


def arranged(name, array, shape, kind):
    """An input in the type and shape of the graph's: a column of [rows] becomes [rows, 1] where the graph has that."""
    if kind is not None and array.dtype != kind:
        if array.dtype.kind == "O" or kind.kind == "O":
            raise bad_input(f"input '{name}' has {'texts' if array.dtype.kind == 'O' else 'numbers'}, but the model takes {kind}")
        array = array.astype(kind)
    if shape is None:
        return array
    if array.ndim == 1 and len(shape) == 2 and shape[1] in (1, -1):
        array = array.reshape(-1, 1)
    if array.ndim != len(shape) or any(want not in (-1, have) for want, have in zip(shape[1:], array.shape[1:])):
        raise bad_input(f"input '{name}' has the shape {list(array.shape)}, but the model takes {shape}")
    return array


def _table(inputs, tensors):
    """The arrays by the graph's names. The only input may have any name."""
    if len(inputs) == 1 and len(tensors) == 1:
        return {inputs[0]["name"]: next(iter(tensors.values()))}
    absent = [item["name"] for item in inputs if item["name"] not in tensors]
    unknown = [name for name in tensors if name not in {item["name"] for item in inputs}]
    if absent or unknown:
        parts = [f"missing inputs: {', '.join(absent)}"] if absent else []
        parts += [f"unknown inputs: {', '.join(unknown)}"] if unknown else []
        raise bad_input("; ".join(parts))
    return tensors


def load_onnx(path):
    """An ONNX file."""
    import onnxruntime

    return ONNX(onnxruntime, path)


class ONNX(Model):
    """A session of ONNX Runtime on the processor."""

    kind = "tensors"
    TYPES = {
        "tensor(float)": "FP32",
        "tensor(double)": "FP64",
        "tensor(float16)": "FP16",
        "tensor(string)": "BYTES",
        "tensor(bool)": "BOOL",
        **{f"tensor({kind}int{size})": f"{kind.upper()}INT{size}" for kind in ("", "u") for size in (8, 16, 32, 64)},
    }

    def __init__(self, onnxruntime, path):
        options = onnxruntime.SessionOptions()
        if _threads() is not None:
            options.intra_op_num_threads = _threads()
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.library = ("onnxruntime", version_of(onnxruntime))
        self.blames = self.blames + tuple(
            getattr(onnxruntime.capi.onnxruntime_pybind11_state, name) for name in ("InvalidArgument", "InvalidGraph") if hasattr(onnxruntime.capi.onnxruntime_pybind11_state, name)
        )
        numpy = numpy_or_none()
        self.inputs = [{"name": item.name, "datatype": self.TYPES.get(item.type, "BYTES"), "shape": _sizes(item.shape)} for item in self.session.get_inputs()]
        kinds = {"FP16": "f2", "FP32": "f4", "FP64": "f8", "BOOL": "?", "BYTES": "O"}
        self.types = {item["name"]: numpy.dtype(kinds.get(item["datatype"]) or item["datatype"].lower()) for item in self.inputs}
        self.outputs = []
        for item in self.session.get_outputs():
            output = {"name": item.name}
            if item.type in self.TYPES:
                output.update(datatype={"FP16": "FP32"}.get(self.TYPES[item.type], self.TYPES[item.type]), shape=_sizes(item.shape))
            self.outputs.append(output)

    def predict(self, table, wanted, parameters):
        tensors = _table(self.inputs, table)
        feed = {item["name"]: arranged(item["name"], tensors[item["name"]], item["shape"], self.types[item["name"]]) for item in self.inputs}
        names = [item["name"] for item in self.outputs if wanted is None or item["name"] in wanted]
        return {name: _unzipped(value) for name, value in zip(names, self.session.run(names, feed))}


def _unzipped(value):
    """A matrix of ONNX's sequence of maps (ZipMap), in the order of the keys of the first row."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        numpy = numpy_or_none()
        return numpy.array([list(row.values()) for row in value])
    return value


def load_torchscript(path):
    """torch.jit.save's file."""
    import torch

    module = torch.jit.load(path, map_location="cpu")
    module.eval()
    arguments = [item.name for item in module.forward.schema.arguments if item.name != "self"]
    return Torch(torch, module, [{"name": name} for name in arguments])


def load_exported(path):
    """torch.export.save's file."""
    import torch

    program = torch.export.load(path)
    inputs = []
    placeholders = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    for name in program.graph_signature.user_inputs:
        value = placeholders[name].meta.get("val") if name in placeholders else None
        item = {"name": str(name)}
        if value is not None and hasattr(value, "shape"):
            kind = {torch.float32: "FP32", torch.float64: "FP64", torch.int64: "INT64", torch.int32: "INT32", torch.bool: "BOOL"}
            item["shape"] = [size if isinstance(size, int) else -1 for size in value.shape]
            if value.dtype in kind:
                item["datatype"] = kind[value.dtype]
        inputs.append(item)
    return Torch(torch, program.module(), inputs)


class Torch(Model):
    """A module of PyTorch on the processor."""

    kind = "tensors"

    def __init__(self, torch, module, inputs):
        self.torch = torch
        self.module = module
        self.inputs = inputs or None
        self.library = ("torch", version_of(torch))
        if _threads() is not None:
            torch.set_num_threads(_threads())
        first = next((value for value in module.state_dict().values() if value.is_floating_point()), None)
        self.floats = first.dtype if first is not None else torch.float32
        shapes = [item.get("shape") for item in inputs]
        if any(shape and shape[0] > 0 for shape in shapes):
            # An exported program of a fixed number of rows takes just that many.
            self.max_batch = max(shape[0] for shape in shapes if shape and shape[0] > 0)

    def predict(self, table, wanted, parameters):
        tensors = _table(self.inputs, table) if self.inputs else table
        arguments = []
        for item in self.inputs or [{"name": name} for name in tensors]:
            array = arranged(item["name"], tensors[item["name"]], item.get("shape"), None)
            if array.dtype.kind == "O":
                raise bad_input(f"input '{item['name']}' has texts, which a PyTorch module does not take")
            tensor = self.torch.from_numpy(array)
            arguments.append(tensor.to(self.floats) if tensor.is_floating_point() else tensor)
        with self.torch.inference_mode():
            result = self.module(*arguments)
        if isinstance(result, dict):
            return {str(name): value for name, value in result.items()}
        if isinstance(result, (tuple, list)):
            return {"prediction" if number == 0 else f"output_{number}": value for number, value in enumerate(result)}
        return {"prediction": result}


def load_keras(path):
    """A .keras, .h5 or SavedModel."""
    try:
        import keras
    except ImportError:
        from tensorflow import keras
    return Keras(keras, path)


class Keras(Model):
    """A model of Keras."""

    kind = "tensors"

    def __init__(self, keras, path):
        self.model = keras.models.load_model(path, compile=False)
        self.library = ("keras", version_of(keras))
        inputs = self.model.inputs
        if not inputs:
            raise LoadFailure("the Keras model was saved before it had inputs: build it, or write a predict.py")
        self.inputs = [_keras_spec(item) for item in inputs]
        self.types = [numpy_or_none().dtype(str(getattr(item.dtype, "name", item.dtype))) for item in inputs]
        outputs = self.model.outputs
        self.outputs = [{**_keras_spec(item), "name": "prediction" if len(outputs) == 1 else _keras_name(item)} for item in outputs]

    def predict(self, table, wanted, parameters):
        tensors = _table(self.inputs, table)
        arrays = [arranged(item["name"], tensors[item["name"]], item.get("shape"), kind) for item, kind in zip(self.inputs, self.types)]
        result = self.model(arrays[0] if len(arrays) == 1 else arrays, training=False)
        if isinstance(result, dict):
            return {str(name): value for name, value in result.items()}
        values = result if isinstance(result, (list, tuple)) else [result]
        return {item["name"]: numpy_or_none().asarray(value) for item, value in zip(self.outputs, values)}


def _keras_name(tensor):
    return str(tensor.name).partition(":")[0]


def _keras_spec(tensor):
    spec = {"name": _keras_name(tensor), "shape": [-1 if size is None else int(size) for size in tensor.shape]}
    datatype = datatype_of(str(getattr(tensor.dtype, "name", tensor.dtype)))
    if datatype is not None:
        spec["datatype"] = datatype
    return spec
