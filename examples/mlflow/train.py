"""Trains a classifier of wines with scikit-learn, and saves it with MLflow.

usage: python train.py DIRECTORY

    MLmodel and others      what mlflow.sklearn.save_model writes, with a signature
    holdout.csv             wines that the model has not seen
    expected.csv            MLflow's own predictions for them
"""
import csv
import pathlib
import sys

import mlflow.pyfunc
import mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

directory = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
wines, kinds = load_wine(return_X_y=True, as_frame=True)
train, holdout, train_kinds, _ = train_test_split(wines, kinds, test_size=30, random_state=7, stratify=kinds)
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(train, train_kinds)

mlflow.sklearn.save_model(model, directory, signature=infer_signature(train, model.predict(train)))
holdout.to_csv(directory / "holdout.csv", index=False, lineterminator="\n")
with open(directory / "expected.csv", "w", newline="") as file:
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["prediction"])
    table.writerows([label] for label in mlflow.pyfunc.load_model(str(directory)).predict(holdout).tolist())
