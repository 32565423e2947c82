"""Tensors of the Open Inference Protocol v2 in its binary form: little-endian numbers, texts with a uint32 length before each.

A text, integer or boolean that is missing is JSON null, or its position is in the parameter `opz_missing`. A missing float is NaN.
"""

import json
import math
import struct
import sys

from .failures import bad_input, model_error

# datatype: the type of numpy, the code of `struct`
NUMBERS = {
    "BOOL": ("?", "?"),
    "UINT8": ("u1", "B"),
    "UINT16": ("<u2", "H"),
    "UINT32": ("<u4", "I"),
    "UINT64": ("<u8", "Q"),
    "INT8": ("i1", "b"),
    "INT16": ("<i2", "h"),
    "INT32": ("<i4", "i"),
    "INT64": ("<i8", "q"),
    "FP16": ("<f2", "e"),
    "FP32": ("<f4", "f"),
    "FP64": ("<f8", "d"),
}
FLOATS = ("FP16", "FP32", "FP64")


def numpy_or_none():
    """numpy, or None where it is not installed."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy


class Tensor:
    """An input: values in row-major order, an array of numpy's or, without it, a list. Texts are `str`, missing ones None."""

    __slots__ = ("name", "datatype", "shape", "values", "missing")

    def __init__(self, name, datatype, shape, values, missing=()):
        self.name = name
        self.datatype = datatype
        self.shape = shape
        self.values = values
        self.missing = missing

    @property
    def rows(self):
        """The first dimension."""
        return self.shape[0] if self.shape else 1


def decode(header, body):
    """The inputs of a request."""
    inputs = []
    offset = 0
    for item in header.get("inputs", ()):
        parameters = item.get("parameters") or {}
        size = parameters.get("binary_data_size")
        missing = parameters.get("opz_missing") or ()
        count = math.prod(item["shape"])
        if size is None:
            values, found = _from_json(item, count)
            missing = list(missing) + found
        else:
            values = _from_bytes(item, count, body[offset : offset + size])
            offset += size
        inputs.append(Tensor(item["name"], item["datatype"], item["shape"], values, missing))
        if item["datatype"] == "BYTES":
            for position in missing:
                values[position] = None
    return inputs


def _from_bytes(item, count, data):
    datatype = item["datatype"]
    if datatype == "BYTES":
        return _texts(item["name"], count, data)
    if datatype not in NUMBERS:
        raise bad_input(f"input '{item['name']}': the datatype {datatype} is not supported")
    kind, code = NUMBERS[datatype]
    numpy = numpy_or_none()
    if numpy is not None:
        # A copy, because a model may change what it gets.
        return numpy.frombuffer(data, dtype=kind, count=count).copy()
    return list(struct.unpack(f"<{count}{code}", data))


def _texts(name, count, data):
    texts = []
    offset = 0
    for row in range(count):
        (length,) = struct.unpack_from("<I", data, offset)
        offset += 4
        try:
            texts.append(str(data[offset : offset + length], "utf-8"))
        except UnicodeDecodeError:
            raise bad_input(f"input '{name}', value {row}: the text is not UTF-8") from None
        offset += length
    return texts


def _from_json(item, count):
    flat = []
    _flatten(item.get("data", []), flat)
    if len(flat) != count:
        raise bad_input(f"input '{item['name']}' has {len(flat)} values for its shape {item['shape']}")
    datatype = item["datatype"]
    missing = [position for position, value in enumerate(flat) if value is None]
    if datatype == "BYTES":
        return flat, missing
    empty = math.nan if datatype in FLOATS else 0
    values = [empty if value is None else value for value in flat]
    numpy = numpy_or_none()
    return values if numpy is None else numpy.array(values, dtype=NUMBERS[datatype][0]), missing


def _flatten(data, flat):
    for value in data:
        if isinstance(value, list):
            _flatten(value, flat)
        else:
            flat.append(value)


class Output:
    """An output in the form in which it is sent."""

    __slots__ = ("name", "datatype", "shape", "data", "missing")

    def __init__(self, name, datatype, shape, data, missing=()):
        self.name = name
        self.datatype = datatype
        self.shape = shape
        self.data = data
        self.missing = missing

    def header(self):
        """Its element of the answer's `outputs`."""
        parameters = {"binary_data_size": len(self.data)}
        if self.missing:
            parameters["opz_missing"] = list(self.missing)
        return {"name": self.name, "datatype": self.datatype, "shape": self.shape, "parameters": parameters}


def encode(name, value):
    """An output of anything that a prediction may be: arrays, series, lists, texts."""
    value, missing = _plain(value)
    numpy = numpy_or_none()
    if numpy is None:
        return _encode_list(name, value)
    array = value if isinstance(value, numpy.ndarray) else _array(numpy, value)
    if array.dtype.kind in "OSUMm":
        return _encode_objects(name, list(array.shape), array.reshape(-1).tolist())
    return _encode_array(numpy, name, array, missing)


def _plain(value):
    """The value as an array or list, and where it has missing integers or booleans."""
    module = type(value).__module__.partition(".")[0]
    if module == "pandas" and hasattr(value, "isna"):
        return _from_pandas(value)
    if module == "polars":
        return _plain(value.to_list()) if hasattr(value, "to_list") else (value.to_numpy(), ())
    if module == "pyarrow":
        return value.to_pylist(), ()
    if module == "torch":
        return value.detach().cpu().numpy(), ()
    if module in ("tensorflow", "jax", "jaxlib") and hasattr(value, "__array__"):
        return value.__array__(), ()
    if module == "scipy" and hasattr(value, "toarray"):
        return value.toarray(), ()
    return value, ()


def _from_pandas(value):
    numpy = numpy_or_none()
    if hasattr(value, "columns"):
        return value.to_numpy(), ()
    kind = getattr(value.dtype, "kind", "O")
    if isinstance(value.dtype, numpy.dtype):
        return value.to_numpy(), ()
    if kind in "iub":
        absent = value.isna().to_numpy(dtype=bool)
        filled = value.fillna(0) if kind != "b" else value.fillna(False)
        return filled.to_numpy(dtype=value.dtype.numpy_dtype), numpy.flatnonzero(absent).tolist()
    if kind == "f":
        return value.to_numpy(dtype="float64", na_value=math.nan), ()
    return value.astype(object).to_numpy(), ()


def _array(numpy, value):
    if isinstance(value, (str, bytes, dict)):
        return _objects(numpy, [value])
    if hasattr(value, "__array__"):
        return numpy.asarray(value)
    try:
        value = list(value)
    except TypeError:
        return numpy.asarray(value)
    if any(isinstance(item, (str, bytes, dict)) or item is None for item in value):
        return _objects(numpy, value)
    try:
        return numpy.asarray(value)
    except ValueError:
        # Rows of different lengths.
        return _objects(numpy, value)


def _objects(numpy, values):
    array = numpy.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        array[position] = value
    return array


def _encode_array(numpy, name, array, missing):
    names = {"f2": "FP16", "f4": "FP32", "f8": "FP64", "b1": "BOOL"}
    names.update({f"{kind}{size}": f"{text}{8 * size}" for kind, text in (("i", "INT"), ("u", "UINT")) for size in (1, 2, 4, 8)})
    datatype = names.get(array.dtype.kind + str(array.dtype.itemsize))
    if array.dtype.kind == "f" and datatype is None:
        array, datatype = array.astype("f8"), "FP64"
    if datatype is None:
        raise model_error(f"output '{name}' has the type {array.dtype}, which the protocol does not have")
    if datatype == "FP16":
        array, datatype = array.astype("f4"), "FP32"
    little = numpy.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return Output(name, datatype, list(array.shape), little.reshape(-1).view("u1").data if little.size else b"", missing)


def _encode_objects(name, shape, values):
    """Texts, or objects whose kind their values say. An object that is none of the protocol's becomes JSON."""
    known = [value for value in values if not _is_missing(value)]
    if known and all(isinstance(value, bool) for value in known):
        return _encode_known(name, "BOOL", shape, values, False)
    if known and all(isinstance(value, int) and not isinstance(value, bool) for value in known):
        return _encode_known(name, "INT64", shape, values, 0)
    if known and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in known):
        return _encode_known(name, "FP64", shape, values, math.nan)
    pieces = []
    missing = []
    for position, value in enumerate(values):
        if _is_missing(value):
            missing.append(position)
            text = b""
        else:
            text = _text(value)
        pieces.append(struct.pack("<I", len(text)))
        pieces.append(text)
    return Output(name, "BYTES", shape, b"".join(pieces), missing)


def _encode_known(name, datatype, shape, values, empty):
    missing = [position for position, value in enumerate(values) if _is_missing(value)]
    filled = [empty if _is_missing(value) else value for value in values]
    try:
        data = struct.pack(f"<{len(filled)}{NUMBERS[datatype][1]}", *filled)
    except (struct.error, OverflowError):
        raise model_error(f"output '{name}' has a number that does not fit into {datatype}") from None
    return Output(name, datatype, shape, data, () if datatype in FLOATS else missing)


def _encode_list(name, value):
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    shape = [len(values)]
    if values and all(isinstance(row, (list, tuple)) for row in values) and len({len(row) for row in values}) == 1:
        shape.append(len(values[0]))
        values = [item for row in values for item in row]
    return _encode_objects(name, shape, values)


def _is_missing(value):
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    pandas = sys.modules.get("pandas")
    return pandas is not None and (value is getattr(pandas, "NA", None) or value is getattr(pandas, "NaT", None))


def _text(value):
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if hasattr(value, "isoformat"):
        return value.isoformat().encode()
    return json.dumps(value, default=_jsonable, allow_nan=True).encode()


def _jsonable(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
