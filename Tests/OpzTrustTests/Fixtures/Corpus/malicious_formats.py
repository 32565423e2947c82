"""Models of other forms than pickles that run code, read or write what they should not, or cannot be read."""

import base64
import bz2
import gzip
import io
import json
import lzma
import struct

import h5py
import numpy

from serialize import R, archive, gguf, message, r_call, r_function, rds, safetensors

LAMBDA = {"class_name": "Lambda", "config": {"name": "l", "function": ["4wEAAAA=", None, None], "function_type": "lambda"}}


def layer(module, name, config=None, registered=None):
    return {"module": module, "class_name": name, "config": {} if config is None else config, "registered_name": registered}


def model(*layers):
    return {
        "module": "keras", "class_name": "Sequential", "registered_name": "Sequential",
        "config": {"name": "s", "layers": [layer("keras.layers", "InputLayer", {"batch_shape": [None, 2]}), *layers]},
    }


def keras(config, *more):
    text = config if isinstance(config, (str, bytes)) else json.dumps(config)
    return archive([("metadata.json", '{"keras_version": "3.9.0"}'), ("config.json", text), *more])


def hdf5(config, latest=False, user=0, how="text", attributes=()):
    out = io.BytesIO()
    with h5py.File(out, "w", libver="latest" if latest else "earliest", userblock_size=user) as file:
        text = config if isinstance(config, str) else json.dumps(config)
        for name, value in attributes:
            file.attrs[name] = value
        if how == "fixed":
            file.attrs["model_config"] = numpy.bytes_(text.encode())
        elif how == "list":
            file.attrs["model_config"] = numpy.array([text.encode()])
        else:
            file.attrs["model_config"] = text
        file.create_group("model_weights").create_dataset("w", data=numpy.zeros(4))
    data = out.getvalue()
    if user:
        data = b"#!/bin/true\n".ljust(user, b"\0") + data[user:]
    return data


def make_keras(corpus):
    for name, config in {
        "Lambda": model(layer("keras.layers", "Lambda", LAMBDA["config"])),
        "Lambda of another module": model(layer("keras.src.layers.core.lambda_layer", "Lambda")),
        "__lambda__ as an activation": model(layer("keras.layers", "Dense", {"activation": {"class_name": "__lambda__", "config": {"value": "x"}}})),
        "builtins": model(layer("builtins", "eval")),
        "os.system": model(layer("os", "system")),
        "keras.utils.get_file": model(layer("keras.utils", "get_file", {"origin": "file:///dev/null"})),
        "keras.src.utils.file_utils": model(layer("keras.src.utils.file_utils", "get_file")),
        "TorchModuleWrapper": model(layer("keras.layers", "TorchModuleWrapper", {"module": "gAJOLg=="})),
        "TFSMLayer": model(layer("keras.layers", "TFSMLayer", {"filepath": "/dev/null"})),
        "JaxLayer": model(layer("keras.layers", "JaxLayer")),
        "FlaxLayer": model(layer("keras.layers", "FlaxLayer")),
        "a custom class": model(layer("churn.layers", "Encoder", registered="churn>Encoder")),
        "a registered name of another": model(layer("keras.layers", "Dense", registered="evil>Dense")),
        "a function reference": model(layer("keras.layers", "Dense", {"activation": layer("os", "function", "system", "function")})),
        "a function of builtins": model(layer("keras.layers", "Dense", {"activation": layer("builtins", "function", "eval", "function")})),
        "a function of keras.utils": model(layer("keras.layers", "Dense", {"activation": layer("keras.utils", "function", "get_file", "function")})),
        "in the compile configuration": {**model(), "compile_config": {"loss": layer("builtins", "function", "exec", "function")}},
        "in build_config": {**model(), "build_config": {"input_shape": layer("subprocess", "Popen")}},
        "an operation that takes a function": model(layer("keras.src.ops.core", "Map", {"function": "x"})),
        "a dotted class": model(layer("keras", "src.utils.file_utils.get_file")),
        "a module with a space": model(layer("keras.layers ", "Dense")),
        "a typespec of another module": model(layer("keras.layers", "Dense", {"x": {"class_name": "__typespec__", "spec_name": "system", "module": "os", "config": ["true"]}})),
        "a vocabulary that is a file": model(layer("keras.layers", "StringLookup", {"vocabulary": "/etc/hostname"})),
        "a text vectorization of a file": model(layer("keras.layers", "TextVectorization", {"vocabulary": "../../secret.txt"})),
        "a wrapped layer": model(layer("keras.layers", "TimeDistributed", {"layer": LAMBDA})),
        "a class name that is a list": model({"module": "os", "class_name": ["system"], "config": {}, "registered_name": None}),
        "LambdaCallback": model(layer("keras.callbacks", "LambdaCallback")),
    }.items():
        corpus.malicious("model.keras", f"Keras 3: {name}", keras(config))
    plain = json.dumps(model(layer("keras.layers", "Lambda")))
    for name, text in {
        "a doubled key": plain.replace('"class_name": "Lambda"', '"class_name": "Dense", "class_name": "Lambda"'),
        "an escaped name": plain.replace("class_name", "\\u0063lass_name"),
        "an escaped class": plain.replace("Lambda", "L\\u0061mbda"),
        "UTF-16": b"\xff\xfe" + plain.encode("utf-16-le"),
        "UTF-16 without a mark": plain.encode("utf-16-be"),
        "UTF-32": plain.encode("utf-32"),
        "a byte order mark": b"\xef\xbb\xbf" + plain.encode(),
        "spaces before": " " * 9000 + plain,
        "compact": json.dumps(json.loads(plain), separators=(",", ":")),
        "NaN": plain.replace("null", "NaN", 1).replace('"InputLayer"', '"Lambda"'),
        "too deep": '{"class_name": "Dense", "config": ' + '{"a":' * 400 + '{"class_name": "Lambda", "config": {}}' + "}" * 401,
        "half of a surrogate pair": plain.replace('"name": "s"', '"name": "\\ud800"'),
        "no JSON at all": plain[:-3],
        "a number that is too long": plain.replace("2]", "1" * 2000 + "]"),
    }.items():
        corpus.malicious("model.keras", f"Keras 3, written so: {name}", keras(text))
    corpus.malicious("model.keras", "Keras 3: in another JSON", keras(model(), ("assets/more.json", json.dumps(LAMBDA))))
    corpus.malicious("model.keras", "Keras 3: in metadata.json", archive([("metadata.json", json.dumps(LAMBDA)), ("config.json", json.dumps(model()))]))
    corpus.malicious("model.bin", "Keras 3 under another name", keras(model(layer("os", "system"))))
    corpus.malicious("model.json", "Keras 2: to_json", json.dumps(LAMBDA).encode())
    corpus.malicious("architecture", "Keras 2: to_json, no suffix", json.dumps({"class_name": "Sequential", "config": [LAMBDA]}).encode())
    corpus.malicious("model.json", "Keras 2: a JSON text of JSON", json.dumps(json.dumps(LAMBDA)).encode())
    corpus.malicious("model.yaml", "Keras 2: to_yaml", b"class_name: Sequential\nconfig:\n- class_name: Lambda\n  config: {function: x}\n")
    corpus.malicious("model.json", "TensorFlow.js' topology", json.dumps({"modelTopology": {"model_config": LAMBDA}}).encode())
    old = {"class_name": "Sequential", "config": {"name": "s", "layers": [LAMBDA]}}
    for name, config in {
        "Lambda": old,
        "a custom layer": {"class_name": "Sequential", "config": {"layers": [{"class_name": "Custom>Encoder", "config": {}}]}},
        "TFOpLambda": {"class_name": "Functional", "config": {"layers": [{"class_name": "TFOpLambda", "config": {"function": "io.write_file"}}]}},
        "TensorFlowOpLayer": {"class_name": "Model", "config": {"layers": [{"class_name": "TensorFlowOpLayer", "config": {"node_def": "{}"}}]}},
        "ResidualWrapper": {"class_name": "Sequential", "config": {"layers": [{"class_name": "RNN", "config": {"cell": {"class_name": "ResidualWrapper", "config": {"residual_fn": "4wEAAAA="}}}}]}},
    }.items():
        corpus.malicious("model.h5", f"Keras 2 in HDF5: {name}", hdf5(config))
    for user in (512, 1024, 2048, 8192):
        corpus.malicious("model.h5", f"HDF5 with a user block of {user}", hdf5(old, user=user))
    for latest in (False, True):
        for how in ("text", "fixed", "list"):
            corpus.malicious("weights.bin", f"HDF5, latest={latest}, {how}", hdf5(old, latest, how=how))
    many = [(f"a{number:03}", "text") for number in range(60)]
    corpus.malicious("model.h5", "HDF5: dense attributes", hdf5(old, True, attributes=many))
    large = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"name": "d" * 70_000}}, LAMBDA]}}
    corpus.malicious("model.h5", "HDF5: a large fixed attribute in a heap", hdf5(large, True, how="fixed"))
    corpus.malicious("model.h5", "HDF5: dense attributes, and a large one", hdf5(large, True, how="fixed", attributes=many))
    corpus.malicious("model.h5", "HDF5: compact JSON", hdf5(json.dumps(old, separators=(",", ":"))))
    corpus.malicious("model.h5", "HDF5: escaped JSON", hdf5(json.dumps(old).replace("Lambda", "\\u004cambda")))
    corpus.malicious("model.h5", "HDF5: a doubled key", hdf5(json.dumps(old).replace('"class_name": "Lambda"', '"class_name": "Dense", "class_name": "Lambda"')))
    corpus.malicious("model.h5", "HDF5: training_config", hdf5({"class_name": "Sequential", "config": []}, attributes=[("training_config", json.dumps({"loss": {"class_name": "evil>Loss", "config": {}}}))]))
    corpus.malicious("model.h5", "HDF5: a configuration that is cut short", hdf5(json.dumps(old)[:-2]))
    corpus.malicious("store.h5", "HDF5: a pickle as an attribute", hdf5({}, attributes=[("info", numpy.bytes_(b"cos\nsystem\n(S'true'\ntR."))]))
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file["model_config"] = json.dumps(old)
    corpus.malicious("model.h5", "HDF5: a dataset", out.getvalue())
    out = io.BytesIO()
    with h5py.File(out, "w", track_order=True, libver="latest") as file:
        for number in range(300):
            file.attrs[f"z{number}"] = "q" * number
        file.attrs["model_config"] = json.dumps(old)
    corpus.malicious("model.h5", "HDF5: hundreds of attributes in their order", out.getvalue())
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file.create_group("a/b/c").attrs["model_config"] = json.dumps(old)
    corpus.malicious("model.h5", "HDF5: in a group", out.getvalue())
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file["outside"] = h5py.ExternalLink("/etc/hostname", "/x")
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": []})
    corpus.malicious("model.h5", "HDF5: an external link", out.getvalue())
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file.create_dataset("outside", (4,), "u1", external=[("../../../etc/hostname", 0, 4)])
    corpus.malicious("model.h5", "HDF5: an external dataset", out.getvalue())
    out = io.BytesIO()
    with h5py.File(out, "w", libver="latest") as file:
        layout = h5py.VirtualLayout((4,), "u1")
        layout[:] = h5py.VirtualSource("../../secret.h5", "x", (4,))
        file.create_virtual_dataset("outside", layout)
    corpus.malicious("model.h5", "HDF5: a virtual dataset", out.getvalue())
    corpus.malicious("model.h5", "HDF5 that is cut short", hdf5(old)[:700])
    corpus.malicious("inner.tar.gz", "HDF5 in gzip", gzip.compress(hdf5(old), mtime=0))


def node(name, operator, *attributes, inputs=()):
    return message((1, name), (2, operator), *((3, i) for i in inputs), *((5, message((1, key), (2, value))) for key, value in attributes))


def graph(*nodes, functions=()):
    library = message(*((1, message((1, message((1, "f"))), *((3, item) for item in f))) for f in functions))
    return message(*((1, item) for item in nodes), *([(2, library)] if functions else []))


def saved(graph_def):
    return message((1, 1), (2, message((1, message((4, "serve"))), (2, graph_def))))


def lite(operator):
    """A model of TensorFlow Lite with one operator of this name: tables of FlatBuffers, each after its own list of fields."""
    out = bytearray(struct.pack("<I4s", 20, b"TFL3"))
    out += struct.pack("<HHHHH", 8, 12, 4, 8, 0) + bytes(2)  # Fields of the model: version, operator_codes.
    out += struct.pack("<iII", 12, 3, 4)  # The model; its codes follow.
    out += struct.pack("<II", 1, 12)  # One code, 12 bytes on.
    out += struct.pack("<HHHH", 8, 8, 0, 4)  # Fields of the code: no number, custom_code.
    out += struct.pack("<iI", 8, 4) + struct.pack("<I", len(operator)) + operator.encode() + b"\0"
    return bytes(out)


def make_graphs(corpus):
    plain = (node("x", "Placeholder"), node("y", "Identity", inputs=["x"]))
    for operator in ("PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles", "TextLineDataset", "SqlDataset",
                     "RpcCall", "XlaCustomCallV2", "DebugIdentityV2", "CreateSummaryFileWriter"):
        corpus.malicious("saved_model.pb", f"SavedModel: {operator}", saved(graph(*plain, node("z", operator))))
    corpus.malicious("saved_model.pb", "SavedModel: in a function", saved(graph(*plain, functions=[[node("z", "WriteFile")]])))
    corpus.malicious("saved_model.pb", "SavedModel: a custom operator", saved(graph(*plain, node("z", "EvilOp"))))
    corpus.malicious("saved_model.pb", "SavedModel: a second graph", saved(graph(*plain)) + message((2, message((2, graph(*plain, node("z", "PyFunc")))))))
    corpus.malicious("saved_model.pb", "SavedModel: fields in another order", message((2, message((2, graph(*plain, node("z", "PyFunc"))))), (1, 1)))
    corpus.malicious("saved_model.pb", "SavedModel: an unknown field first", message((99, "x")) + saved(graph(*plain, node("z", "PyFunc"))))
    corpus.malicious("saved_model.pb", "SavedModel: PrintV2 to a file", saved(graph(*plain, node("z", "PrintV2", ("output_stream", message((2, "file:///tmp/x")))))))
    path = node("p", "Const", ("value", message((8, message((1, 7), (8, "/tmp/x"))))))
    corpus.malicious("saved_model.pb", "SavedModel: SaveV2 to a path", saved(graph(*plain, path, node("z", "SaveV2", inputs=["p"]))))
    corpus.malicious("model.bin", "SavedModel under another name", saved(graph(*plain, node("z", "WriteFile"))))
    corpus.malicious("frozen.pb", "GraphDef", graph(*plain, node("z", "ReadFile")))
    corpus.malicious("model.meta", "MetaGraphDef", message((1, message((4, "x"))), (2, graph(*plain, node("z", "PyFunc")))))
    corpus.malicious("saved_model.pbtxt", "SavedModel as text", b'saved_model_schema_version: 1\nmeta_graphs { graph_def { node { name: "x" op: "PyFunc" } } }\n')
    for name, text in {"other quotes": b"node { name: 'x' op: 'PyFunc' }", "a line break": b'node {\n op:\n "PyFunc" }', "two texts": b'node { op: "Py" "Func" }',
                       "an escape": b'node { op: "Py\\x46unc" }', "a comment": b'node { op: # "Const"\n "PyFunc" }'}.items():
        corpus.malicious("graph.pbtxt", f"GraphDef as text: {name}", text)
    corpus.malicious("saved_model.pb", "SavedModel: a node without a name", saved(graph(*plain, message((2, "PyFunc")))))
    corpus.malicious("saved_model.pb", "SavedModel that is cut short", saved(graph(*plain, node("z", "WriteFile")))[:-4])

    lambdas = message((1, 1), (3, "root.layer-0"), (4, "_tf_keras_layer"), (5, json.dumps({"class_name": "Lambda", "config": {"function": ["4wEAAAA="]}})))
    corpus.malicious("keras_metadata.pb", "SavedModel: a Lambda in keras_metadata.pb", message((1, lambdas)))
    objects = message((7, message((1, message((4, message((1, "_tf_keras_layer"), (3, json.dumps(LAMBDA)))))))))
    corpus.malicious("saved_model.pb", "SavedModel: a Lambda in its objects", message((1, 1), (2, message((2, graph(*plain))) + objects)))
    corpus.malicious("saved_model.cpb", "SavedModel in chunks", b"\x83\xaf\x70\xd1" + bytes(60))
    for operator in ("FlexWriteFile", "FlexPyFunc", "EvilOp"):
        corpus.malicious("model.tflite", f"TensorFlow Lite: {operator}", lite(operator))
    corpus.malicious("model.bin", "TensorFlow Lite under another name", lite("EvilOp"))
    corpus.malicious("model.tflite", "TensorFlow Lite that is cut short", lite("EvilOp")[:50])

    def script(code):
        return archive([("m/data.pkl", b"\x80\x02}q\x00."), ("m/code/__torch__.py", code), ("m/version", "3\n")])

    for name, code in {"from_file": 'x = torch.from_file("/etc/hostname", False, 8)\n', "save": 'torch.save(x, "/tmp/x")\n', "a library's": "y = ops.evil.run(x)\n"}.items():
        corpus.malicious("model.pt", f"TorchScript: {name}", script(code))
    corpus.malicious("net.prototxt", "Caffe: a layer of Python", b'layer { name: "x" type: "Python" python_param { module: "os" layer: "system" } }\n')
    corpus.malicious("model.xml", "OpenVINO: a layer of a library", b'<?xml version="1.0"?><net><layers><layer id="0" name="x" type="Evil" version="extension"/></layers></net>')

    def onnx(*nodes, tensors=(), functions=(), more=()):
        g = message(*((1, item) for item in nodes), (2, "g"), *((5, item) for item in tensors))
        return message((1, 8), (2, "x"), (7, g), (8, message((1, ""), (2, 17))), *((25, item) for item in functions), *more)

    def op(name, domain="", *attributes):
        return message((1, "x"), (2, "y"), (3, "n"), (4, name), *((5, a) for a in attributes), *([(7, domain)] if domain else []))

    def outside(path):
        return message((1, 1), (2, 1), (8, "w"), (13, message((1, "location"), (2, path))), (14, 1))

    relu = op("Relu")
    corpus.malicious("model.onnx", "ONNX: a custom domain", onnx(relu, op("Evil", "com.example.ops")))
    corpus.malicious("model.onnx", "ONNX: Python", onnx(relu, op("PyOp", "ai.onnx.contrib")))
    corpus.malicious("model.onnx", "ONNX: in a branch", onnx(op("If", "", message((1, "then_branch"), (6, message((1, op("Evil", "com.example"))))))))
    corpus.malicious("model.onnx", "ONNX: in a function", onnx(op("F", "local"), functions=[message((1, "F"), (10, "local"), (7, op("Evil", "com.example")))]))
    corpus.malicious("model.onnx", "ONNX: in the training graph", onnx(relu, more=[(20, message((2, message((1, op("Evil", "com.example"))))))]))
    for path in ("../../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\secret", "..\\secret"):
        corpus.malicious("model.onnx", f"ONNX: a tensor in {path}", onnx(relu, tensors=[outside(path)]))
    corpus.malicious("model.onnx", "ONNX: a constant elsewhere", onnx(op("Constant", "", message((1, "value"), (5, outside("/etc/passwd"))))))
    corpus.malicious("model.bin", "ONNX under another name", onnx(relu, op("Evil", "com.example")))
    corpus.malicious("model.onnx", "ONNX that is cut short", onnx(relu, tensors=[outside("w.bin")])[:-20])


def make_templates(corpus):
    start = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    templates = {
        "subclasses": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "globals of cycler": "{{ cycler.__init__.__globals__.os.popen('true').read() }}",
        "subscripts": "{{ ''['__class__']['__base__'] }}",
        "escapes": "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
        "octal escapes": "{{ ''['\\137\\137class\\137\\137'] }}",
        "names put together": "{% set u = '_' * 2 %}{{ ''[u ~ 'class' ~ u] }}",
        "names put together in a list": "{{ messages[['_', '_class_', '_'] | join] }}",
        "names put together of variables": "{% set a = '__' %}{% set b = 'class' %}{{ messages[a ~ b ~ a] }}",
        "a block of the filter attr": "{% filter attr('x') %}{% endfilter %}",
        "a function of another meaning": "{% set range = messages['x'] %}{{ range('true') }}",
        "the filter attr": "{{ ''|attr('x') }}",
        "map with attr": "{{ messages | map('attr', 'x') | list }}",
        "import": "{% import 'x' as y %}",
        "include": "{% include '/etc/passwd' %}",
        "extends": "{% extends 'x' %}",
        "a call of a variable": "{% set f = messages[key] %}{{ f('true') }}",
        "a call of what a subscript gives": "{{ messages['x']('true') }}",
        "a call block": "{% call messages['x']() %}{% endcall %}",
        "format": "{{ '{0.x}'.format(messages) }}",
        "an unknown method": "{{ messages.system('true') }}",
        "popen by another name": "{{ lipsum.x }}",
        "a block without an end": "{{ messages",
        "whitespace control": "{%- set x = ().__class__ -%}",
        "a line break": "{{ ''\n.\n__class__ }}",
    }
    for name, text in templates.items():
        corpus.malicious("tokenizer_config.json", f"chat template: {name}", json.dumps({"chat_template": start + text}).encode())
    corpus.malicious("tokenizer_config.json", "chat templates with names", json.dumps({"chat_template": [{"name": "default", "template": start}, {"name": "tool", "template": templates["subclasses"]}]}).encode())
    corpus.malicious("tokenizer_config.json", "chat templates as an object", json.dumps({"chat_template": {"default": start, "tool": templates["import"]}}).encode())
    corpus.malicious("chat_template.jinja", "a template's own file", (start + templates["subscripts"]).encode())
    corpus.malicious("model.gguf", "GGUF: a template", gguf([("general.architecture", "llama"), ("tokenizer.chat_template", start + templates["globals of cycler"])]))
    corpus.malicious("model.gguf", "GGUF: a second template", gguf([("tokenizer.chat_template", start), ("tokenizer.chat_template.tool_use", templates["subclasses"])]))
    corpus.malicious("model.bin", "GGUF under another name", gguf([("tokenizer.chat_template", templates["subclasses"])]))
    corpus.malicious("model.gguf", "GGUF: templates in a list", gguf([("tokenizer.chat_templates", [start, templates["import"]])]))
    corpus.malicious("model.gguf", "GGUF: version 2", gguf([("tokenizer.chat_template", templates["the filter attr"])], 2))
    corpus.malicious("model.gguf", "GGUF: a doubled key", gguf([("tokenizer.chat_template", start), ("tokenizer.chat_template", start)]))
    corpus.malicious("model.gguf", "GGUF that is cut short", gguf([("tokenizer.chat_template", templates["subclasses"])])[:-8])


def make_documents(corpus):
    for name, text in {
        "apply": "a: !!python/object/apply:os.system ['true']\n", "new": "!!python/object/new:os.system [true]\n",
        "name": "a: !!python/name:os.system\n", "module": "a: !!python/module:os\n", "object": "a: !!python/object:subprocess.Popen {args: x}\n",
        "verbatim": "a: !<tag:yaml.org,2002:python/object/apply:os.system> ['true']\n",
        "a directive": "%TAG ! tag:yaml.org,2002:python/\n---\na: !object/apply:os.system ['true']\n",
        "escapes": "a: !!python%2Fobject/apply:os.system ['true']\n", "Java": "a: !!javax.script.ScriptEngineManager []\n",
        "Ruby": "--- !ruby/object:Gem::Installer\ni: x\n", "a second document": "a: 1\n---\nb: !!python/object/apply:os.system ['true']\n",
        "a key": "? !!python/object/apply:os.system ['true']\n: 1\n",
    }.items():
        corpus.malicious("config.yaml", f"YAML: {name}", text.encode())
    corpus.malicious("conda", "YAML without a suffix", b"name: x\nv: !!python/object/apply:os.system ['true']\n")
    corpus.malicious("settings.conf", "YAML without a suffix, with escapes", b"v: !!%70ython/object/apply:os.system ['true']\n")
    corpus.malicious("config.yaml", "YAML in UTF-16", "a: !!python/object/apply:os.system ['true']\n".encode("utf-16"))
    corpus.malicious("MLmodel", "MLmodel: a loader", b"flavors:\n  python_function:\n    loader_module: os\n    python_version: 3.11.0\n")
    corpus.malicious("MLmodel", "MLmodel: code elsewhere", b"flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    code: ../../evil\n")
    corpus.malicious("MLmodel", "MLmodel: code by an absolute path", b"flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n    model_code_path: /tmp/evil.py\n")
    corpus.malicious("MLmodel", "MLmodel: a model elsewhere", b"flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n    python_model: ../../../x.pkl\n")
    corpus.malicious("MLmodel", "MLmodel as JSON", json.dumps({"flavors": {"python_function": {"loader_module": "evil.loader"}}}).encode())
    corpus.malicious("model_config.yaml", "Hydra's _target_", b"model:\n  _target_: os.system\n  _args_: ['true']\n")
    corpus.malicious("model_config.yaml", "Hydra's _target_ of a function", b"model:\n  _target_: torch.hub.load\n")
    corpus.malicious("config.yaml", "Lightning's class_path", b"model:\n  class_path: subprocess.Popen\n  init_args: {args: ['true']}\n")
    for name, value in {
        "jsonpickle": {"py/object": "subprocess.Popen", "args": ["true"]}, "jsonpickle reduce": {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["true"]}]},
        "Deeplearning4j": {"confs": [{"layer": {"@class": "com.evil.Layer", "nin": 1}}]},
        "LangChain": {"lc": 1, "type": "constructor", "id": ["evil", "Chain"], "kwargs": {}},
        "Spark": {"class": "com.evil.Stage", "uid": "x", "paramMap": {}, "timestamp": 1},
        "a library of ONNX Runtime": {"model": {"custom_ops_library": "libevil.so"}},
        "MXNet": {"nodes": [{"op": "Custom", "name": "c", "inputs": []}], "arg_nodes": []},
        "auto_map of another repository": {"auto_map": {"AutoModel": "evil/repo--modeling.Model"}, "model_type": "x"},
    }.items():
        corpus.malicious("config.json", name, json.dumps(value).encode())
    corpus.malicious("modules.json", "sentence-transformers", json.dumps([{"idx": 0, "name": "0", "path": "", "type": "os.system"}]).encode())
    corpus.malicious("model_index.json", "diffusers", json.dumps({"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30.0", "unet": ["evil", "Model"]}).encode())
    corpus.malicious("data", "a pickle in Base64, as stable-baselines3 has them", json.dumps({"policy_class": {":type:": "x", ":serialized:": base64.b64encode(b"cos\nsystem\n(S'true'\ntR.").decode()}}).encode())

    def skops(tree):
        return archive([("schema.json", json.dumps({**tree, "protocol": 2, "_skops_version": "0.16.0"}))])

    def of(module, name, loader="ObjectNode", **more):
        return {"__class__": name, "__module__": module, "__loader__": loader, "__id__": 1, **more}

    for name, tree in {
        "a function": of("os", "system", "FunctionNode"), "posix": of("posix", "system", "FunctionNode"),
        "an object": of("subprocess", "Popen", content=of("builtins", "dict", "DictNode", content={})),
        "a type": of("builtins", "eval", "TypeNode"), "a method": of("builtins", "method", "MethodNode", content={"func": "__reduce__", "obj": of("builtins", "list", "ListNode", content=[])}),
        "an operator": of("operator", "methodcaller", "OperatorFuncNode"), "a partial": of("functools", "partial", "PartialNode", content={"func": of("os", "system", "FunctionNode")}),
        "old content": {"__class__": "function", "__module__": "builtins", "__loader__": "FunctionNode", "content": {"module_path": "os", "function": "system"}},
        "a loader that nobody knows": of("builtins", "list", "EvilNode", content=[]),
        "a file elsewhere": of("numpy", "ndarray", "NdArrayNode", type="numpy", file="../../x.npy"),
        "in a list": of("builtins", "list", "ListNode", content=[of("os", "system", "TypeNode")]),
        "a reduction": of("sklearn.tree._tree", "Tree", "TreeNode", __reduce__={"args": of("os", "system", "FunctionNode")}),
    }.items():
        corpus.malicious("model.skops", f"skops: {name}", skops(tree))
    corpus.malicious("model.skops", "skops: a pickle instead", b"cos\nsystem\n(S'true'\ntR.")
    corpus.malicious("model.pmml", "PMML: an entity", b'<?xml version="1.0"?><!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/passwd">]><PMML version="4.4">&x;</PMML>')
    corpus.malicious("model.pmml", "PMML: a function of Java", b'<?xml version="1.0"?><PMML version="4.4"><DerivedField><Apply function="java.lang.Runtime.exec"/></DerivedField></PMML>')
    corpus.malicious("model.pmml", "PMML: another document type", b'<?xml version="1.0"?><!DOCTYPE PMML SYSTEM "http://evil.example/x.dtd"><PMML/>')
    corpus.malicious("model.pmml", "PMML: XInclude", b'<PMML xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></PMML>')
    corpus.malicious("MANIFEST.json", "TorchServe: a handler elsewhere", json.dumps({"model": {"modelName": "m", "handler": "../../evil.py", "serializedFile": "x"}}).encode())
    corpus.malicious("model.xml", "XML: entities that grow", b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>')
    good = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    corpus.malicious("model.safetensors", "safetensors: a header that is too long", b"\xff" * 8 + good)
    corpus.malicious("model.safetensors", "safetensors: something after the tensors", safetensors(good, bytes(4) + b"cos\nsystem\n(S'true'\ntR."))
    corpus.malicious("model.safetensors", "safetensors: a doubled key", safetensors(good[:-1] + b", " + good[1:], bytes(4)))
    corpus.malicious("model.ser", "objects of Java", b"\xac\xed\x00\x05sr\x00\x11java.util.HashMap")


def make_r(corpus):
    system = r_call("system", ("strings", ["true"]))
    environment = lambda *frame: ("environment", R.GLOBAL, ("pairs", list(frame)))
    hidden = r_call(r_call("get", r_call("paste0", ("strings", ["sys"]), ("strings", ["tem"]))), ("strings", ["true"]))
    values = {
        "a promise": ("promise", R.UNBOUND, system, R.BASE),
        "a promise in a list": ("vector", [("real",), ("promise", R.UNBOUND, system, R.BASE)]),
        "a promise as an attribute": ("with", [("real",)], [("class", ("promise", R.UNBOUND, system, R.BASE))]),
        "a promise of a variable": environment(("x", ("promise", R.UNBOUND, system, R.GLOBAL))),
        "a promise of an unknown call": environment(("x", ("promise", R.UNBOUND, r_call("evil"), R.GLOBAL))),
        "an active binding": environment(("x", r_function(system), 0x8000)),
        "a function": r_function(system),
        "a function of eval and parse": r_function(r_call("eval", r_call("parse", (("symbol", "x"))))),
        "a function by a hidden name": r_function(hidden),
        "a function that is passed on": r_function(r_call("lapply", ("symbol", "x"), ("symbol", "system"))),
        "a function by its name as a text": r_function(r_call("lapply", ("symbol", "x"), ("strings", ["system"]))),
        "a function of a package": r_function(r_call(r_call("::", ("symbol", "processx"), ("symbol", "run")))),
        "base::system": r_function(r_call(r_call("::", ("symbol", "base"), ("symbol", "system")))),
        "a default of an argument": r_function(("symbol", "x"), R.GLOBAL, ("pairs", [("x", system)])),
        "compiled code": r_function(("bytecode", [system])),
        "compiled code without the call": r_function(("bytecode", [("symbol", "system"), ("strings", ["true"])])),
        "native code": r_function(r_call(".Call", ("strings", ["evil"]))),
        "a function in an attribute": ("with", [("real",)], [("predict", r_function(system))]),
        "a formula": ("with", [r_call("~", ("symbol", "y"), system)], [("class", ("strings", ["lm"]))]),
        "an expression": ("vector", [system], "expression"),
        "a call of a model": ("with", [r_call("lm", system)], [("class", ("strings", ["lm"]))]),
        "an external pointer": ("pointer",), "a reference to be resolved": ("persistent", "x"),
        "methods": ("s4", "MethodDefinition"), "a vector of a package": ("alternative", "mmap_real", "simplemmap"),
        "code without a function": ("bytecode", [system]), "the function system itself": ("vector", [("builtin", ".Internal")]),
        "download": r_function(r_call("download.file", ("strings", ["x"]), ("strings", ["y"]))),
        "a forced promise of a function": ("promise", r_function(system), system, None),
        "a function in an environment of lists": environment(("m", ("vector", [r_function(r_call("{", system))]))),
        "a file": r_function(r_call("writeLines", ("strings", ["x"]), ("strings", ["y"]))),
    }
    for name, value in values.items():
        corpus.malicious("model.rds", f"R: {name}", gzip.compress(rds(value), mtime=0))
    promise = values["a promise"]
    corpus.malicious("model.rds", "R: version 2, as it is", rds(promise, version=2))
    corpus.malicious("model.rds", "R: little-endian", rds(promise, encoding="B"))
    corpus.malicious("model.rds", "R: as text", rds(promise, encoding="A"))
    corpus.malicious("model.rds", "R: bzip2", bz2.compress(rds(promise)))
    corpus.malicious("model.rds", "R: xz", lzma.compress(rds(promise)))
    corpus.malicious("model.bin", "R: under another name", gzip.compress(rds(values["a function"]), mtime=0))
    corpus.malicious("model.RData", "R: a workspace", gzip.compress(b"RDX3\n" + rds(("pairs", [("x", promise)])), mtime=0))
    corpus.malicious("model.RData", "R: .First", gzip.compress(b"RDX3\n" + rds(("pairs", [(".First", r_function(r_call("c")))])), mtime=0))
    corpus.malicious("model.rda", "R: a workspace as text", b"RDA3\n" + rds(("pairs", [("x", promise)]), encoding="A"))
    corpus.malicious("model.rds", "R: cut short", rds(values["a function"])[:-30])
    corpus.malicious("model.rds", "R: a type that R has not", rds(("special", 200)))
    corpus.malicious("old.RData", "R: a workspace of the first format", b"RDX1\n" + b"X\n" + bytes(20))


def make(corpus):
    make_keras(corpus)
    make_graphs(corpus)
    make_templates(corpus)
    make_documents(corpus)
    make_r(corpus)
