"""Models of one library behind opz-server, each answer compared with the library's own.

    workers.py SERVER WORKER LIBRARY

SERVER is the program opz-server, WORKER the directory with opz_worker. The library is one that this Python has, or `r`. Prints a line
for each model; the exit status is 1 if an answer differs.
"""

import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import numpy as np

CASES = {}


def case(function):
    """A function that saves a model in a directory and returns what is asked and what has to come."""
    library, _, name = function.__name__.partition("__")
    CASES.setdefault(library, []).append((name, function))
    return function


def column(name, values, datatype=None):
    """A column of a request. None is missing."""
    values = [None if isinstance(value, float) and math.isnan(value) else value for value in np.asarray(values, dtype=object).tolist()]
    known = [value for value in values if value is not None]
    datatype = datatype or ("BYTES" if any(isinstance(value, str) for value in known) else "FP64")
    return {"name": name, "datatype": datatype, "shape": [len(values)], "data": values}


def columns(table):
    """All columns of a table of pandas."""
    return [column(name, table[name]) for name in table.columns]


def matrix(values, datatype="FP64", name="input"):
    """A tensor of any shape."""
    values = np.asarray(values)
    return [{"name": name, "datatype": datatype, "shape": list(values.shape), "data": values.reshape(-1).tolist()}]


def table(rows=200, seed=0):
    """Columns of numbers and texts, some missing, and a target of each kind."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.normal(40, 12, rows), "income": rng.lognormal(3, 1, rows), "plan": rng.choice(["basic", "plus", "max"], rows)})
    score = (frame.age - 40) / 12 + (frame.plan == "max") + rng.normal(0, 0.3, rows)
    return frame, (score > 0.3).astype(int), score


# ---- libraries


@case
def lightgbm__booster(directory):
    import lightgbm

    frame, label, _ = table()
    booster = lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1}, lightgbm.Dataset(frame[["age", "income"]], label), 20)
    booster.save_model(directory / "model.txt")
    rows = frame[["age", "income"]].head(20)
    return {"model": "model.txt", "loader": "lightgbm"}, columns(rows), {"probability": booster.predict(rows)}


@case
def lightgbm__categories(directory):
    import lightgbm
    import pandas as pd

    frame, label, _ = table()
    frame["plan"] = pd.Categorical(frame["plan"])
    booster = lightgbm.train({"objective": "binary", "verbose": -1, "min_data_in_leaf": 2, "num_threads": 1}, lightgbm.Dataset(frame, label), 20)
    booster.save_model(directory / "model.txt")
    rows = frame.head(20)
    return {"model": "model.txt", "loader": "lightgbm"}, columns(rows.astype({"plan": object})), {"probability": booster.predict(rows)}


@case
def lightgbm__multiclass(directory):
    import lightgbm

    frame, _, score = table()
    label = np.digitize(score, [-0.5, 0.5])
    booster = lightgbm.train({"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1}, lightgbm.Dataset(frame[["age", "income"]], label), 10)
    booster.save_model(directory / "model.txt")
    rows = frame[["age", "income"]].head(20)
    return {"model": "model.txt", "loader": "lightgbm"}, columns(rows), {"probability": booster.predict(rows)}


@case
def lightgbm__classifier(directory):
    import joblib
    import lightgbm

    frame, label, _ = table()
    model = lightgbm.LGBMClassifier(n_estimators=10, verbose=-1, n_jobs=1).fit(frame[["age", "income"]], label)
    joblib.dump(model, directory / "model.joblib")
    rows = frame[["age", "income"]].head(20)
    return {"model": "model.joblib"}, columns(rows), {"prediction": model.predict(rows), "probability": model.predict_proba(rows)}


@case
def xgboost__booster(directory):
    import xgboost

    frame, label, _ = table()
    booster = xgboost.train({"objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(frame[["age", "income"]], label), 10)
    booster.save_model(directory / "model.ubj")
    rows = frame[["age", "income"]].head(20)
    return {"model": "model.ubj", "loader": "xgboost"}, columns(rows), {"probability": booster.predict(xgboost.DMatrix(rows))}


@case
def xgboost__categories(directory):
    import pandas as pd
    import xgboost

    frame, label, _ = table()
    frame["plan"] = pd.Categorical(frame["plan"])
    booster = xgboost.train({"objective": "reg:squarederror", "nthread": 1}, xgboost.DMatrix(frame, label, enable_categorical=True), 10)
    booster.save_model(directory / "model.json")
    rows = frame.tail(20)
    expected = booster.predict(xgboost.DMatrix(rows, enable_categorical=True))
    return {"model": "model.json", "loader": "xgboost"}, columns(rows.astype({"plan": object})), {"prediction": expected}


@case
def xgboost__classifier(directory):
    import pickle

    import xgboost

    frame, label, _ = table()
    model = xgboost.XGBClassifier(n_estimators=10, n_jobs=1).fit(frame[["age", "income"]], label)
    (directory / "model.pkl").write_bytes(pickle.dumps(model))
    rows = frame[["age", "income"]].head(20)
    return {"model": "model.pkl"}, columns(rows), {"prediction": model.predict(rows), "probability": model.predict_proba(rows)}


@case
def catboost__classifier(directory):
    import catboost

    frame, label, _ = table()
    names = np.where(label == 1, "yes", "no")
    model = catboost.CatBoostClassifier(iterations=20, verbose=0, thread_count=1, cat_features=["plan"], train_dir=str(directory)).fit(frame, names)
    model.save_model(str(directory / "model.cbm"))
    rows = frame.head(20)
    return {"model": "model.cbm", "loader": "catboost"}, columns(rows), {"prediction": model.predict(rows), "probability": model.predict_proba(rows)}


@case
def catboost__regressor(directory):
    import catboost

    frame, _, score = table()
    model = catboost.CatBoostRegressor(iterations=20, verbose=0, thread_count=1, train_dir=str(directory)).fit(frame[["age", "income"]], score)
    model.save_model(str(directory / "model.cbm"))
    rows = frame[["age", "income"]].head(20)
    return {"model": "model.cbm"}, columns(rows), {"prediction": model.predict(rows)}


@case
def onnx__forest(directory):
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(3)
    X = rng.normal(size=(200, 4)).astype("float32")
    model = RandomForestClassifier(10, random_state=1).fit(X, (X[:, 0] > 0).astype(int))
    for name, options in (("model.onnx", {id(model): {"zipmap": False}}), ("zip.onnx", None)):
        (directory / name).write_bytes(to_onnx(model, X[:1], options=options).SerializeToString())
    import onnxruntime

    session = onnxruntime.InferenceSession(str(directory / "model.onnx"), providers=["CPUExecutionProvider"])
    label, probability = session.run(None, {session.get_inputs()[0].name: X[:20]})
    return {"model": "model.onnx", "loader": "onnx"}, matrix(X[:20], "FP32"), {"label": label, "probabilities": probability}


@case
def onnx__zipmap(directory):
    settings, inputs, expected = onnx__forest(directory)
    return {"model": "zip.onnx", "loader": "onnx"}, inputs, {"output_label": expected["label"], "output_probability": expected["probabilities"]}


@case
def onnx__texts(directory):
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame, label, _ = table()
    frame = frame[["age", "plan"]]
    model = make_pipeline(make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(), ["plan"])), LogisticRegression()).fit(frame, label)
    graph = to_onnx(model, initial_types=[("age", FloatTensorType([None, 1])), ("plan", StringTensorType([None, 1]))], options={id(model): {"zipmap": False}})
    (directory / "model.onnx").write_bytes(graph.SerializeToString())
    import onnxruntime

    session = onnxruntime.InferenceSession(str(directory / "model.onnx"), providers=["CPUExecutionProvider"])
    rows = frame.head(20)
    feed = {"age": rows[["age"]].to_numpy("float32"), "plan": rows[["plan"]].to_numpy(object)}
    label, probability = session.run(None, feed)
    inputs = [column("age", rows.age.astype("float32").tolist(), "FP32"), column("plan", rows.plan)]
    return {"model": "model.onnx"}, inputs, {"label": label, "probabilities": probability}


@case
def skops__pipeline(directory):
    import skops.io
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    frame, label, _ = table()
    model = make_pipeline(make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["plan"]), remainder="passthrough"), GradientBoostingClassifier(random_state=1)).fit(frame, label)
    skops.io.dump(model, directory / "model.skops")
    rows = frame.head(20)
    return {"model": "model.skops", "loader": "skops"}, columns(rows), {"prediction": model.predict(rows), "probability": model.predict_proba(rows)}


@case
def statsmodels__formula(directory):
    import statsmodels.formula.api as smf

    frame, _, score = table()
    frame["score"] = score
    results = smf.ols("score ~ age + np.log(income) + C(plan)", frame).fit()
    results.save(str(directory / "model.pickle"))
    rows = frame.head(20)[["age", "income", "plan"]]
    return {"model": "model.pickle", "loader": "statsmodels"}, columns(rows), {"prediction": results.predict(rows)}


@case
def statsmodels__logit(directory):
    import statsmodels.api as sm

    frame, label, _ = table()
    X = sm.add_constant(frame[["age", "income"]])
    results = sm.GLM(label, X, family=sm.families.Binomial()).fit()
    results.save(str(directory / "model.pickle"))
    rows = frame.head(20)[["age", "income"]]
    return {"model": "model.pickle"}, columns(rows), {"prediction": results.predict(X.head(20))}


@case
def mlflow__sklearn(directory):
    import mlflow
    from mlflow.models import infer_signature
    from sklearn.linear_model import LogisticRegression

    frame, label, _ = table()
    X = frame[["age", "income"]].assign(count=np.arange(len(frame)) % 7)
    model = LogisticRegression(max_iter=500).fit(X, label)
    mlflow.sklearn.save_model(model, str(directory / "model"), signature=infer_signature(X, model.predict(X)))
    rows = X.head(20)
    inputs = [column("age", rows.age), column("income", rows.income), column("count", rows["count"].tolist(), "INT64")]
    return {"model": "model", "loader": "mlflow"}, inputs, {"prediction": model.predict(rows)}


@case
def mlflow__pyfunc(directory):
    import mlflow

    (directory / "own.py").write_text(
        "import mlflow, pandas\n"
        "class Own(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        return pandas.DataFrame({'double': model_input['age'] * 2, 'text': model_input['plan'].str.upper()})\n"
        "mlflow.models.set_model(Own())\n"
    )
    mlflow.pyfunc.save_model(str(directory / "model"), python_model=str(directory / "own.py"))
    frame, _, _ = table()
    rows = frame.head(20)[["age", "plan"]]
    return {"model": "model"}, columns(rows), {"double": rows.age * 2, "text": rows.plan.str.upper()}


@case
def torch__script(directory):
    import torch

    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2)).eval()
    torch.jit.script(module).save(str(directory / "model.pt"))
    X = torch.randn(20, 4)
    with torch.inference_mode():
        expected = module(X).numpy()
    return {"model": "model.pt", "loader": "torchscript"}, matrix(X.numpy(), "FP32"), {"prediction": expected}


@case
def torch__exported(directory):
    import torch

    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2)).eval()
    X = torch.randn(20, 4)
    program = torch.export.export(module, (X,), dynamic_shapes=({0: torch.export.Dim("rows", min=2, max=1024)},))
    torch.export.save(program, str(directory / "model.pt2"))
    with torch.inference_mode():
        expected = module(X).numpy()
    return {"model": "model.pt2", "loader": "torch-export"}, matrix(X.numpy(), "FP32"), {"prediction": expected}


@case
def torch__transformers(directory):
    import torch
    import transformers

    words = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "good", "bad", "very", "not"]
    (directory / "model").mkdir()
    (directory / "model" / "vocab.txt").write_text("\n".join(words))
    tokenizer = transformers.BertTokenizer(str(directory / "model" / "vocab.txt"))
    torch.manual_seed(0)
    config = transformers.BertConfig(vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=2)
    model = transformers.BertForSequenceClassification(config).eval()
    model.save_pretrained(directory / "model")
    tokenizer.save_pretrained(directory / "model")
    texts = ["good", "very bad", "not good not bad"]
    expected = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer)(texts)
    return {"model": "model", "loader": "transformers"}, [column("text", texts)], {"label": [item["label"] for item in expected], "probability": [item["score"] for item in expected]}


@case
def keras__dense(directory):
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(2, activation="softmax")])
    model.save(directory / "model.keras")
    X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
    return {"model": "model.keras", "loader": "keras"}, matrix(X, "FP32"), {"prediction": np.asarray(model(X))}


@case
def keras__h5(directory):
    settings, inputs, expected = keras__dense(directory)
    import keras

    keras.models.load_model(directory / "model.keras").save(directory / "model.h5")
    return {"model": "model.h5"}, inputs, expected


def r_models():
    """A case for each model that R makes here."""
    place = pathlib.Path(tempfile.mkdtemp())
    script = pathlib.Path(__file__).with_name("r_models.R")
    subprocess.run(["Rscript", "--vanilla", str(script), str(place)], check=True, stdout=subprocess.DEVNULL)
    for document in sorted(place.glob("*.json")):
        asked = json.loads(document.read_text())

        def function(directory, document=document, asked=asked):
            (directory / "model.rds").write_bytes(document.with_suffix(".rds").read_bytes())
            rows = asked["inputs"][0]["shape"][0]
            expected = {}
            for name, values in asked["expected"].items():
                expected[name] = np.reshape(np.asarray(values, dtype=object), (rows, -1) if len(values) != rows else rows)
            return {"model": "model.rds"}, asked["inputs"], expected

        yield document.stem, function


# ---- the server


class Server:
    """opz-server in front of one worker."""

    def __init__(self, program, worker, directory, settings):
        if settings["model"].endswith(".rds"):
            own = {"kind": "r", "command": ["Rscript", "--vanilla"], "path": worker}
        else:
            own = {"kind": "python", "command": [sys.executable, "-m", "opz_worker"], "path": worker}
        if "loader" in settings:
            own["loader"] = settings["loader"]
        document = {"opz_serve": 1, "name": "model", "model": str(directory / settings["model"]), "worker": own}
        (directory / "serve.json").write_text(json.dumps(document))
        self.log = open(directory / "log", "w+")
        self.process = subprocess.Popen(
            [program, "--settings", str(directory / "serve.json"), "--host", "127.0.0.1", "--port", "0"], stderr=subprocess.PIPE, text=True
        )
        self.port = None
        for line in self.process.stderr:
            self.log.write(line)
            if line.startswith('{"event":"ready"'):
                self.port = json.loads(line)["port"]
                break
        if self.port is None:
            self.log.seek(0)
            raise RuntimeError(self.log.read())
        # Read on, so that the server is never stopped by a full pipe.
        subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=self.log)

    def infer(self, inputs):
        """Outputs by name."""
        body = json.dumps({"inputs": inputs}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v2/models/model/infer", body)
        try:
            with urllib.request.urlopen(request) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as failure:
            raise RuntimeError(f"{failure.code} {failure.read().decode()}") from None
        return {item["name"]: (item["shape"], item["data"]) for item in answer["outputs"]}

    def stop(self):
        """Ends the server and its worker."""
        self.process.terminate()
        if self.process.wait(60) != 0:
            raise RuntimeError("the server did not end well")


def same(expected, shape, data):
    """Whether an answer is what the library gave: equal, or for numbers within two units in the last place of a float32."""
    expected = np.asarray(expected)
    if list(expected.shape) != shape:
        return f"shape {shape} instead of {list(expected.shape)}"
    flat = expected.reshape(-1).tolist()
    for position, (want, have) in enumerate(zip(flat, data)):
        if isinstance(want, (float, int)) and not isinstance(want, bool) and isinstance(have, (float, int)):
            if not math.isclose(want, have, rel_tol=2.4e-7, abs_tol=1e-9):
                return f"value {position}: {have!r} instead of {want!r}"
        elif str(want) != str(have):
            return f"value {position}: {have!r} instead of {want!r}"
    return None


def check(program, worker, name, function):
    """One model: all rows at once, then each alone."""
    with tempfile.TemporaryDirectory() as place:
        directory = pathlib.Path(place)
        settings, inputs, expected = function(directory)
        server = Server(program, worker, directory, settings)
        try:
            outputs = server.infer(inputs)
            for output, values in expected.items():
                if output not in outputs:
                    return f"no output '{output}', only {', '.join(outputs)}"
                problem = same(values, *outputs[output])
                if problem:
                    return f"{output}: {problem}"
        finally:
            server.stop()
    return None


def main():
    program, worker, library = sys.argv[1:4]
    failures = 0
    for name, function in r_models() if library == "r" else CASES[library]:
        try:
            problem = check(program, worker, name, function)
        except Exception as failure:
            problem = f"{type(failure).__name__}: {failure}"
        print(f"{'FAIL' if problem else 'ok  '}  {library} {name}{': ' + problem if problem else ''}", flush=True)
        failures += problem is not None
    raise SystemExit(failures > 0)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
