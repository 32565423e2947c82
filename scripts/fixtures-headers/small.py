"""Files of libraries that are small to install, into the directory that is the argument."""

import pathlib
import sys

import catboost
import gguf
import h5py
import numpy as np
import pandas as pd
import treelite
import xgboost
from nyoka import skl_to_pmml
from safetensors.numpy import save_file
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

out = pathlib.Path(sys.argv[1])
random = np.random.default_rng(1)


def sub(name):
    (out / name).mkdir(exist_ok=True)
    return out / name


tensors = {"encoder.weight": random.normal(size=(6, 4)).astype(np.float32), "encoder.bias": np.zeros(6, np.float16), "ids": np.arange(3)}
save_file(tensors, out / "model.safetensors", metadata={"format": "np"})

shards = sub("hugging-face")
save_file({"a": tensors["encoder.weight"]}, shards / "model-00001-of-00002.safetensors")
save_file({"b": tensors["encoder.bias"]}, shards / "model-00002-of-00002.safetensors")
(shards / "model.safetensors.index.json").write_text(
    '{"metadata": {"total_size": 108}, "weight_map": {"a": "model-00001-of-00002.safetensors", '
    '"b": "model-00002-of-00002.safetensors", "c": "model-00003-of-00003.safetensors"}}')
(shards / "config.json").write_text(
    '{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16", "num_hidden_layers": 2, '
    '"hidden_size": 64, "vocab_size": 32000, "max_position_embeddings": 4096}')
(shards / "tokenizer.json").write_text("{}")

writer = gguf.GGUFWriter(out / "model.gguf", "llama")
writer.add_name("small")
writer.add_block_count(2)
writer.add_context_length(512)
writer.add_token_list([f"t{i}" for i in range(40)])
writer.add_array("numbers", [1, 2, 3])
writer.add_float32("scale", 0.5)
writer.add_tensor("token_embd.weight", random.normal(size=(40, 64)).astype(np.float32))
quantized = gguf.quants.quantize(random.normal(size=(8, 64)).astype(np.float32), gguf.GGMLQuantizationType.Q8_0)
writer.add_tensor("output.weight", quantized, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

with h5py.File(out / "old.h5", "w") as file:
    for layer in range(40):
        file.create_dataset(f"model_weights/dense_{layer}/kernel", data=np.zeros((3, layer + 1), np.float32))
with h5py.File(out / "new.h5", "w", libver="latest") as file:
    file.create_dataset("layers/dense/kernel", data=np.zeros((3, 5), np.float64))
    file.create_dataset("layers/dense/steps", data=np.zeros((), np.int64))

X = random.normal(size=(80, 3))
y = (X[:, 0] > 0).astype(int)
booster = xgboost.train({"objective": "binary:logistic", "max_depth": 2}, xgboost.DMatrix(X, y), 4)
treelite.frontend.from_xgboost(booster).serialize(str(out / "treelite.bin"))
model = catboost.CatBoostClassifier(iterations=5, depth=2, verbose=False, thread_count=1, random_seed=1, allow_writing_files=False)
frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(d=random.choice(["x", "y"], 80))
model.fit(frame, y, cat_features=["d"])
model.save_model(str(out / "model.cbm"))
model.save_model(str(out / "catboost.json"), format="json", pool=catboost.Pool(frame, y, cat_features=["d"]))
pipeline = Pipeline([("tree", DecisionTreeClassifier(max_depth=2))]).fit(X, y)
skl_to_pmml(pipeline, ["a", "b", "c"], "y", str(out / "model.pmml"))
booster.save_model(out / "model.ubj")

flow = sub("mlflow")
(flow / "MLmodel").write_text(
    "artifact_path: model\nflavors:\n  python_function:\n    env:\n      virtualenv: python_env.yaml\n    loader_module: mlflow.xgboost\n"
    "  xgboost:\n    data: model.ubj\n    xgb_version: 3.0.5\nmlflow_version: 3.4.0\nutc_time_created: '2025-09-01 10:00:00'\n")
