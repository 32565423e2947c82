"""Trains a classifier of Fisher's irises with scikit-learn, and writes what `opz init` starts from.

usage: python train.py DIRECTORY

    model.joblib     the model: a scaler and a logistic regression in a pipeline
    holdout.csv      flowers that it has not seen
    expected.csv     scikit-learn's own predictions for them
"""
import csv
import pathlib
import sys

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
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
flowers, kinds = load_iris(return_X_y=True)
train, holdout, train_kinds, _ = train_test_split(flowers, kinds, test_size=30, random_state=7, stratify=kinds)
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(train, train_kinds)

joblib.dump(model, directory / "model.joblib")
write(directory / "holdout.csv", [f"f{number}" for number in range(4)], holdout.tolist())
labels, probabilities = model.predict(holdout), model.predict_proba(holdout)
write(
    directory / "expected.csv", ["prediction"] + [f"probability_{number}" for number in range(3)],
    [[label, *row] for label, row in zip(labels.tolist(), probabilities.tolist())])
