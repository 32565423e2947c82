"""Models of other forms than pickles, as the libraries write them that people use."""

import io
import json
import os
import pathlib
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import h5py
import keras
import numpy
import onnx
import skops.io
import tensorflow
import tf_keras
import yaml
from onnx import TensorProto, helper

import serialize


def saved(save, suffix):
    """What a library writes to a file."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / f"model{suffix}"
        save(str(path))
        return path.read_bytes()


def keras_models():
    layers, inputs = keras.layers, keras.Input((8,))
    dense = layers.Dense(4, "relu", kernel_regularizer=keras.regularizers.L1L2(0.1, 0.1), kernel_constraint=keras.constraints.MaxNorm(2))
    yield "dense", keras.Sequential([keras.Input((4,)), dense, layers.Dropout(0.2), layers.Dense(1, "sigmoid")])
    yield "images", keras.Sequential([
        keras.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.RandomFlip(), layers.Conv2D(2, 3, padding="same"), layers.BatchNormalization(),
        layers.ReLU(), layers.MaxPooling2D(), layers.SeparableConv2D(2, 3, padding="same"), layers.GlobalAveragePooling2D(), layers.Dense(2, "softmax"),
    ])
    yield "texts", keras.Sequential([
        keras.Input((6,), dtype="int32"), layers.Embedding(20, 4, mask_zero=True), layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
        layers.GRU(2), layers.Dense(1),
    ])
    yield "strings", keras.Sequential([keras.Input((1,), dtype="string"), layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")])
    first, second = layers.Dense(4, keras.ops.gelu)(inputs), layers.Dense(4, keras.activations.silu)(inputs)
    joined = layers.Concatenate()([first, second])
    joined = keras.ops.mean(joined, axis=-1, keepdims=True) + keras.ops.relu(joined)
    yield "functional", keras.Model(inputs, layers.Dense(1)(joined))
    attention = layers.MultiHeadAttention(2, 2)
    words = keras.Input((5, 4))
    mixed = layers.LayerNormalization()(layers.Add()([words, attention(words, words)]))
    yield "attention", keras.Model(words, layers.TimeDistributed(layers.Dense(1))(mixed))
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(2, "tanh")], name="inner")
    yield "a model in a model", keras.Model(inputs, layers.Dense(1)(inner(inputs)))
    yield "normalized", keras.Sequential([keras.Input((4,)), layers.Normalization(mean=0.0, variance=1.0), layers.EinsumDense("ab,bc->ac", output_shape=3)])


def compiled(model, number):
    optimizers = [
        lambda: keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.1, 10)), lambda: keras.optimizers.SGD(0.1, momentum=0.9),
        lambda: keras.optimizers.RMSprop(), lambda: "adam",
    ]
    losses = [lambda: keras.losses.BinaryFocalCrossentropy(), lambda: "mse", lambda: keras.losses.mean_absolute_error, lambda: keras.losses.Huber()]
    metrics = [lambda: ["mae"], lambda: [keras.metrics.AUC()], lambda: [keras.metrics.mean_squared_error, "accuracy"], lambda: None]
    model.compile(optimizer=optimizers[number % 4](), loss=losses[number % 4](), metrics=metrics[number % 4]())
    return model


def make_keras(corpus):
    for number, (name, model) in enumerate(keras_models()):
        if name != "strings":
            compiled(model, number)
        corpus.benign("model.keras", f"Keras 3: {name}", saved(model.save, ".keras"))
        corpus.benign("model.json", f"Keras 3: to_json, {name}", model.to_json().encode())
        if name != "strings":
            corpus.benign("model.h5", f"Keras 3: HDF5, {name}", saved(model.save, ".h5"))
    layers = tf_keras.layers
    models = {
        "sequential": tf_keras.Sequential([layers.InputLayer((4,)), layers.Dense(2, "relu", kernel_initializer="he_normal"), layers.Dense(1)]),
        "recurrent": tf_keras.Sequential([layers.Embedding(9, 2, input_length=4), layers.Bidirectional(layers.GRU(2)), layers.Dense(1)]),
        "images": tf_keras.Sequential([layers.Conv2D(2, 3, input_shape=(8, 8, 1)), layers.BatchNormalization(), layers.Flatten(), layers.Dense(1)]),
    }
    for number, (name, model) in enumerate(models.items()):
        model.compile(["adam", tf_keras.optimizers.SGD(0.1), "rmsprop"][number], "mse", metrics=["mae"])
        corpus.benign("model.h5", f"Keras 2: HDF5, {name}", saved(lambda path: model.save(path, save_format="h5"), ".h5"))
        corpus.benign("model.keras", f"Keras 2: {name}", saved(lambda path: model.save(path, save_format="keras"), ".keras"))
        corpus.benign("model.json", f"Keras 2: to_json, {name}", model.to_json().encode())
        with tempfile.TemporaryDirectory() as directory:
            model.export(directory) if hasattr(model, "export") else tf_keras.models.save_model(model, directory)
            corpus.benign("saved_model.pb", f"SavedModel of Keras 2: {name}", (pathlib.Path(directory) / "saved_model.pb").read_bytes())


def make_graphs(corpus):
    class Table(tensorflow.Module):
        def __init__(self):
            keys, values = tensorflow.constant(["a", "b"]), tensorflow.constant([1, 2])
            self.table = tensorflow.lookup.StaticHashTable(tensorflow.lookup.KeyValueTensorInitializer(keys, values), 0)
            self.weight = tensorflow.Variable(1.0)

        @tensorflow.function(input_signature=[tensorflow.TensorSpec([None], tensorflow.string)])
        def __call__(self, texts):
            return tensorflow.cast(self.table.lookup(texts), tensorflow.float32) * self.weight

    class Loop(tensorflow.Module):
        @tensorflow.function(input_signature=[tensorflow.TensorSpec([], tensorflow.int32)])
        def __call__(self, count):
            total = tensorflow.constant(0)
            for step in tensorflow.range(count):
                total += step if step % 2 == 0 else -step
            return total

    for name, module in {"a table": Table(), "a loop": Loop()}.items():
        with tempfile.TemporaryDirectory() as directory:
            tensorflow.saved_model.save(module, directory)
            data = (pathlib.Path(directory) / "saved_model.pb").read_bytes()
        corpus.benign("saved_model.pb", f"TensorFlow: {name}", data)
        corpus.benign("model.bin", f"TensorFlow under another name: {name}", data)
    graph = Loop().__call__.get_concrete_function().graph.as_graph_def()
    corpus.benign("frozen.pb", "TensorFlow: a GraphDef", graph.SerializeToString())
    corpus.benign("graph.pbtxt", "TensorFlow: a GraphDef as text", str(graph).encode())

    for name, module in {"a loop": Loop(), "a table": Table()}.items():
        converter = tensorflow.lite.TFLiteConverter.from_concrete_functions([module.__call__.get_concrete_function()], module)
        converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS, tensorflow.lite.OpsSet.SELECT_TF_OPS]
        corpus.benign("model.tflite", f"TensorFlow Lite: {name}", converter.convert())
    network = tf_keras.Sequential([tf_keras.layers.Dense(2, "relu", input_shape=(3,)), tf_keras.layers.Dense(1)])
    corpus.benign("model.tflite", "TensorFlow Lite: a network", tensorflow.lite.TFLiteConverter.from_keras_model(network).convert())
    with tempfile.TemporaryDirectory() as directory:
        tf_keras.models.save_model(network, directory, save_format="tf")
        corpus.benign("keras_metadata.pb", "Keras 2's own metadata", (pathlib.Path(directory) / "keras_metadata.pb").read_bytes())
        corpus.benign("saved_model.pb", "Keras 2's own SavedModel", (pathlib.Path(directory) / "saved_model.pb").read_bytes())
        corpus.benign("fingerprint.pb", "a SavedModel's fingerprint", (pathlib.Path(directory) / "fingerprint.pb").read_bytes())
    corpus.benign("net.prototxt", "Caffe", b'name: "n"\nlayer { name: "x" type: "Convolution" convolution_param { num_output: 2 } }\n')
    corpus.benign("configuration.json", "Deeplearning4j", json.dumps({"confs": [{"layer": {"@class": "org.deeplearning4j.nn.conf.layers.DenseLayer", "nin": 1}}]}).encode())

    def model(nodes, initializers=(), functions=(), opsets=(("", 17),)):
        value = helper.make_tensor_value_info
        g = helper.make_graph(nodes, "g", [value("x", TensorProto.FLOAT, [1, 2])], [value("y", TensorProto.FLOAT, None)], initializers)
        return helper.make_model(g, opset_imports=[helper.make_opsetid(*o) for o in opsets], functions=functions, ir_version=8)

    weights = helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [1.0, 2.0])
    node = helper.make_node
    corpus.benign("model.onnx", "ONNX: a product", model([node("MatMul", ["x", "w"], ["y"])], [weights]).SerializeToString())
    trees = node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", n_targets=1, nodes_treeids=[0], nodes_nodeids=[0], nodes_modes=["LEAF"])
    corpus.benign("model.onnx", "ONNX: trees", model([trees], opsets=[("", 17), ("ai.onnx.ml", 3)]).SerializeToString())
    branch = helper.make_graph([node("Identity", ["x"], ["b"])], "b", [], [helper.make_tensor_value_info("b", TensorProto.FLOAT, None)])
    corpus.benign("model.onnx", "ONNX: branches", model([node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)]).SerializeToString())
    function = helper.make_function("mine", "Twice", ["a"], ["b"], [node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 17)])
    corpus.benign("model.onnx", "ONNX: a function", model([node("Twice", ["x"], ["y"], domain="mine")], functions=[function], opsets=[("", 17), ("mine", 1)]).SerializeToString())
    fused = node("FusedMatMul", ["x", "w"], ["y"], domain="com.microsoft")
    corpus.benign("model.onnx", "ONNX: optimized by a runtime", model([fused], [weights], opsets=[("", 17), ("com.microsoft", 1)]).SerializeToString())
    outside = onnx.TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 1], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="model.onnx.data")
    corpus.benign("model.onnx", "ONNX: data beside it", model([node("MatMul", ["x", "w"], ["y"])], [outside]).SerializeToString())
    corpus.benign("net.bin", "ONNX under another name", model([node("Relu", ["x"], ["y"])]).SerializeToString())


CHAT = [
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "{{ bos_token }}{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% if m.role == 'user' %}{{ '[INST] ' ~ m.content | trim ~ ' [/INST]' }}{% else %}{{ m.content.strip() + eos_token }}{% endif %}{% endfor %}",
    "{%- set ns = namespace(system='', first=true) -%}{%- for m in messages -%}{%- if m.role == 'system' -%}{%- set ns.system = ns.system + m.content -%}{%- endif -%}{%- endfor -%}{%- if tools is not none and (tools | length) > 0 -%}{{- tools | tojson(indent=2) -}}{%- endif -%}{{- strftime_now('%d %b %Y') -}}{{- messages[-1]['content'].split('</think>')[-1].lstrip('\\n') -}}",
    "{%- macro render(tool, deep=false) -%}{%- for name, value in tool.parameters.properties.items() -%}{{- name ~ ': ' ~ (value.type | default('any')) -}}{{- ', ' if not loop.last else '' -}}{%- endfor -%}{%- endmacro -%}{%- for tool in tools if tool.function is defined -%}{{- render(tool.function, deep=true) -}}{%- endfor -%}",
    "{% set loop_messages = messages | selectattr('role', 'equalto', 'user') | list %}{% for message in loop_messages %}{% set content = message['content'] if message['content'] is string else message['content'] | map(attribute='text') | join('\\n') %}{{ content | replace('  ', ' ') | upper if message.get('loud') else content }}{{ '__________' }}{% endfor %}",
    "{# a comment with __class__ #}{% raw %}{{ not.code.__class__ }}{% endraw %}{% if messages[0].content is mapping %}{{ messages[0].content | dictsort | first }}{% endif %}{{ range(3) | list }}{% set x = {'a': {'b': 1}} %}{{ x.a.b }}",
]


def make_documents(corpus):
    for number, text in enumerate(CHAT):
        corpus.benign("tokenizer_config.json", f"chat template {number}", json.dumps({"tokenizer_class": "LlamaTokenizer", "chat_template": text}).encode())
        corpus.benign("chat_template.jinja", f"chat template {number} in a file", text.encode())
        corpus.benign("model.gguf", f"GGUF {number}", serialize.gguf([
            ("general.architecture", "llama"), ("general.file_type", 7), ("tokenizer.ggml.tokens", ["<s>", "{{", "__class__"]), ("tokenizer.chat_template", text),
        ], version=1 + number % 3))
    for name, value in {
        "config.json": {"architectures": ["BertForSequenceClassification"], "model_type": "bert", "id2label": {"0": "a"}, "vocab_size": 30522},
        "generation_config.json": {"eos_token_id": 2, "temperature": 0.7}, "tokenizer.json": {"version": "1.0", "model": {"type": "BPE", "vocab": {"class_name": 1, "__class__": 2}}},
        "adapter_config.json": {"peft_type": "LORA", "auto_mapping": None, "base_model_name_or_path": "x/y", "task_type": "CAUSAL_LM"},
        "labels.json": [{"class_name": "cat", "score": 1}], "package.json": {"name": "x", "type": "module"}, "numbers.json": {"a": [1, 2, float("nan")]},
        "schema.json": {"type": "object", "properties": {"class_name": {"type": "string"}}}, "coco.json": {"annotations": [{"config": 1, "class_name": ["a"]}]},
        "model.ipynb.json": {"learner": {"gradient_booster": {"model": {"trees": [{"split_type": [0]}]}}}},
    }.items():
        corpus.benign(name, "JSON of other libraries", json.dumps(value).encode())
    corpus.benign("modules.json", "sentence-transformers", json.dumps([
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]).encode())
    corpus.benign("model_index.json", "diffusers", json.dumps({
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30.0", "unet": ["diffusers", "UNet2DConditionModel"], "text_encoder": ["transformers", "CLIPTextModel"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"], "feature_extractor": [None, None],
    }).encode())
    corpus.benign("metadata", "Spark", json.dumps({"class": "org.apache.spark.ml.PipelineModel", "timestamp": 1, "sparkVersion": "3.5.0", "uid": "p", "paramMap": {"stageUids": []}}).encode())
    corpus.benign("rows.jsonl", "JSON lines", b'{"class_name": "a", "config": 1}\n{"class_name": "b"}\n')
    corpus.benign("tsconfig.json", "JSON with comments", b'// of another program\n{"type": "x", /* so */ "a": 1}\n')
    flavor = {"env": "conda.yaml", "loader_module": "mlflow.sklearn", "model_path": "model.pkl", "predict_fn": "predict", "python_version": "3.11.7"}
    corpus.benign("MLmodel", "MLflow: scikit-learn", yaml.safe_dump({"artifact_path": "model", "flavors": {"python_function": flavor, "sklearn": {"code": None, "pickled_model": "model.pkl", "serialization_format": "cloudpickle"}}, "model_uuid": "x"}).encode())
    corpus.benign("MLmodel", "MLflow: XGBoost", yaml.safe_dump({"flavors": {"python_function": {"loader_module": "mlflow.xgboost", "data": "model.xgb", "python_version": "3.11"}, "xgboost": {"code": None, "data": "model.xgb", "model_class": "xgboost.sklearn.XGBClassifier"}}}).encode())
    corpus.benign("conda.yaml", "conda's environment", yaml.safe_dump({"channels": ["conda-forge"], "dependencies": ["python=3.11", {"pip": ["mlflow"]}], "name": "e"}).encode())
    corpus.benign("params.yaml", "YAML of Python's data", yaml.dump({"shape": (1, 2), "z": 1j, "b": b"x", "s": {"a"}}).encode())
    corpus.benign("scalar.yaml", "YAML with a number of NumPy", yaml.dump({"x": numpy.float64(1.5)}).encode())
    corpus.benign("model_config.yaml", "Hydra's settings", yaml.safe_dump({"optimizer": {"_target_": "torch.optim.AdamW", "lr": 0.1}, "model": {"_target_": "nemo.collections.asr.models.EncDecCTCModel"}}).encode())
    corpus.benign("config.yaml", "Lightning's settings", yaml.safe_dump({"trainer": {"logger": {"class_path": "lightning.pytorch.loggers.CSVLogger", "init_args": {"save_dir": "x"}}}}).encode())
    corpus.benign("deployment.yaml", "Kubernetes", b"apiVersion: v1\nkind: List\nitems:\n- {kind: Pod, metadata: {name: x}}\n---\na: &x 1\nb: *x\n")
    corpus.benign("stack.yaml", "CloudFormation", b"Resources:\n  A: !Ref B\n  C: !Sub '${X}'\n")
    corpus.benign("values.yaml", "a Helm template, which is no YAML", b"a: {{ .Values.x }}\n{{- if .Values.y }}\nb: 1\n{{- end }}\n")
    corpus.benign("README.md", "a text about tags", b"# Do not load\n\n`!!python/object/apply:os.system` runs code.\n")
    corpus.benign("model.pmml", "PMML", b'<?xml version="1.0" encoding="UTF-8"?>\n<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header><Extension name="user" value="x"/><Application name="SkLearn2PMML"/></Header><DataDictionary/><TransformationDictionary><DerivedField name="d" optype="continuous" dataType="double"><Apply function="+"><FieldRef field="a"/><Constant>1</Constant></Apply></DerivedField></TransformationDictionary></PMML>')
    corpus.benign("model.xml", "OpenVINO", b'<?xml version="1.0"?><net name="g" version="11"><layers><layer id="0" name="x" type="Parameter" version="opset1"/></layers></net>')


def make_tensors(corpus):
    from safetensors.numpy import save
    corpus.benign("model.safetensors", "safetensors", save({"w": numpy.zeros((2, 2), "f4"), "b": numpy.zeros(2, "f2")}))
    corpus.benign("model.safetensors", "safetensors with metadata", save({"w": numpy.zeros(3)}, metadata={"format": "pt", "modelspec.title": "{x}"}))
    corpus.benign("model.safetensors", "safetensors without tensors", save({}))
    for latest in (False, True):
        out = io.BytesIO()
        with h5py.File(out, "w", libver="latest" if latest else "earliest") as file:
            for number in range(40):
                file.attrs[f"a{number}"] = "text" * number
            group = file.create_group("g")
            for number in range(60):
                group.create_dataset(f"d{number}", data=numpy.arange(4)).attrs["units"] = "m"
            file["soft"] = h5py.SoftLink("/g/d1")
            file.create_dataset("texts", data=["a", "b"] * 50, dtype=h5py.string_dtype())
            file.create_dataset("chunks", data=numpy.zeros((64, 64)), chunks=(8, 8), compression="gzip")
            file.attrs["type"] = numpy.dtype("f8").str
            file["named"] = numpy.dtype("i4")
            file.attrs.create("shared", 1, dtype=file["named"])
            file.attrs["empty"] = h5py.Empty("f4")
            file.attrs["fixed"] = numpy.bytes_("x" * 5000)
        corpus.benign("data.h5", f"h5py, latest={latest}", out.getvalue())
    out = io.BytesIO()
    with h5py.File(out, "w", userblock_size=1024) as file:
        file["x"] = [1, 2]
    corpus.benign("data.mat", "HDF5 with a user block", b"MATLAB 7.3 MAT-file".ljust(1024, b" ") + out.getvalue()[1024:])


def make_skops(corpus):
    from sklearn.datasets import make_classification
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier
    x, y = make_classification(40, 4, random_state=1)
    for estimator in (
        LogisticRegression(), DecisionTreeClassifier(max_depth=2), RandomForestRegressor(2, max_depth=2), GradientBoostingClassifier(n_estimators=2, max_depth=2),
        SVC(), SGDClassifier(), make_pipeline(FunctionTransformer(numpy.log1p), StandardScaler(), LogisticRegression()), OneHotEncoder(),
    ):
        with numpy.errstate(all="ignore"):
            fitted = estimator.fit(numpy.abs(x), y)
        corpus.benign("model.skops", f"skops: {type(estimator).__name__}", skops.io.dumps(fitted))


def make(corpus):
    make_keras(corpus)
    make_graphs(corpus)
    make_documents(corpus)
    make_tensors(corpus)
    make_skops(corpus)
