"""Trains a regression of the progress of diabetes with scikit-learn, exports it to ONNX, and writes what `opz init` starts from.

usage: python train.py DIRECTORY

    model.onnx       the model: an imputer, a scaler and boosted trees in one ONNX graph
    holdout.csv      patients that it has not seen, some cells empty
    expected.csv     ONNX Runtime's own predictions for them
"""
import csv
import pathlib
import sys

import numpy
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)


directory = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
directory.mkdir(parents=True, exist_ok=True)
data = load_diabetes(scaled=False)
train, holdout, progress, _ = train_test_split(data.data, data.target, test_size=40, random_state=7)
holdout[numpy.random.default_rng(7).random(holdout.shape) < 0.03] = numpy.nan
holdout = holdout.astype(numpy.float32)
model = make_pipeline(
    SimpleImputer(), StandardScaler(), GradientBoostingRegressor(n_estimators=50, max_depth=3, random_state=7)
).fit(train.astype(numpy.float32), progress)
graph = to_onnx(model, initial_types=[("patients", FloatTensorType([None, train.shape[1]]))], target_opset=17)

(directory / "model.onnx").write_bytes(graph.SerializeToString())
columns = [f"patients_{number}" for number in range(train.shape[1])]
write(directory / "holdout.csv", columns, [["" if value != value else value for value in row] for row in holdout.tolist()])
runtime = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
(predictions,) = runtime.run(None, {"patients": holdout})
write(directory / "expected.csv", ["prediction"], [[str(value)] for value in predictions[:, 0]])
