"""Saves a small model of each library the way that its users do, each in a directory of its own below the first argument."""
import json
import pathlib
import pickle
import shutil
import sys
import warnings

import catboost
import joblib
import lightgbm
import mlflow
import numpy
import pandas
import skl2onnx
import sklearn.linear_model
import skops.io
import statsmodels.api
from onnx import TensorProto, helper, save
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

warnings.simplefilter("ignore")
out = pathlib.Path(sys.argv[1])
random = numpy.random.default_rng(7)
rows = pandas.DataFrame({
    "age": random.integers(18, 80, 60).astype(float), "income": random.normal(40, 9, 60).round(2),
    "city": random.choice(["Bonn", "Köln", "Ulm"], 60)})
label = (rows["income"] + (rows["city"] == "Ulm") * 10 > 42).astype(int)
numbers = rows[["age", "income"]]


def place(name):
    path = out / name
    path.mkdir(parents=True)
    return path


columns = ColumnTransformer([("n", StandardScaler(), ["age", "income"]), ("c", OneHotEncoder(), ["city"])])
pipeline = make_pipeline(columns, LogisticRegression()).fit(rows, label)
joblib.dump(pipeline, place("sklearn-joblib") / "model.joblib")
joblib.dump(pipeline, place("sklearn-compressed") / "model.joblib", compress=3)
with open(place("sklearn-pickle") / "model.pkl", "wb") as file:
    pickle.dump(LogisticRegression().fit(numbers, label), file)

# A function of NumPy's in a pipeline: no graph of opz's has it, and skops needs it to be trusted.
logged = make_pipeline(FunctionTransformer(numpy.log1p), KNeighborsClassifier(3)).fit(numbers, label)
skops.io.dump(logged, place("skops") / "model.skops")


class Doubler:
    """A class that only this program has."""

    def predict(self, frame):
        return 2 * frame


with open(place("main-class") / "model.pkl", "wb") as file:
    pickle.dump(Doubler(), file)

own = place("own-module")
(own / "features.py").write_text("class Doubler:\n    def predict(self, frame):\n        return 2 * frame\n")
sys.path.insert(0, str(own))
import features  # noqa: E402

with open(own / "model.pkl", "wb") as file:
    pickle.dump(features.Doubler(), file)
shutil.rmtree(own / "__pycache__", ignore_errors=True)

with open(place("statsmodels") / "model.pkl", "wb") as file:
    pickle.dump(statsmodels.api.OLS(rows["income"], statsmodels.api.add_constant(rows[["age"]])).fit(), file)

lightgbm.train({"objective": "binary", "num_leaves": 4, "verbose": -1, "num_threads": 1, "seed": 1},
               lightgbm.Dataset(numbers, label), 3).save_model(place("lightgbm") / "model.txt")
with open(place("lightgbm-pickle") / "model.pkl", "wb") as file:
    pickle.dump(lightgbm.LGBMClassifier(n_estimators=3, num_leaves=4, n_jobs=1, verbose=-1).fit(numbers, label), file)

catboost.CatBoostClassifier(iterations=3, depth=2, random_seed=1, thread_count=1, allow_writing_files=False, verbose=False).fit(
    numbers, label).save_model(str(place("catboost") / "model.cbm"))

# A text vectorizer: no graph of opz's counts words.
vectorizer = make_pipeline(CountVectorizer(), LogisticRegression()).fit(rows["city"], label)
graph = skl2onnx.to_onnx(vectorizer, initial_types=[("text", skl2onnx.common.data_types.StringTensorType([None]))])
(place("onnx-text") / "model.onnx").write_bytes(graph.SerializeToString())

mlflow.sklearn.save_model(pipeline, place("mlflow-sklearn") / "model", input_example=rows[:2])
for entry in (out / "mlflow-sklearn" / "model").iterdir():
    entry.rename(out / "mlflow-sklearn" / entry.name)
(out / "mlflow-sklearn" / "model").rmdir()


class Own(mlflow.pyfunc.PythonModel):
    """A model that is a Python function."""

    def predict(self, context, model_input, params=None):
        return model_input["age"] * 2


mlflow.pyfunc.save_model(place("mlflow-pyfunc") / "model", python_model=Own(), pip_requirements=["mlflow==2.22.1", "cloudpickle"])

script = place("predict-py")
(script / "predict.py").write_text(
    "import json\n\nimport pandas\n\n\ndef load(directory):\n    return json.load(open(f\"{directory}/weights.json\"))\n\n\n"
    "def predict(frame: pandas.DataFrame):\n    return frame[\"age\"] * 2\n")
(script / "weights.json").write_text(json.dumps({"factor": 2}))
