"""Trains a classifier of wines with LightGBM, and writes what `opz init` starts from.

usage: python train.py DIRECTORY

    model.txt        the model, LightGBM's own text
    holdout.csv      wines that it has not seen, some cells empty
    expected.csv     LightGBM's own predictions for them
"""
import csv
import pathlib
import sys

import lightgbm
import numpy
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)


directory = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
directory.mkdir(parents=True, exist_ok=True)
data = load_wine()
names = [name.replace("/", "_") for name in data.feature_names]
train, holdout, kinds, _ = train_test_split(data.data, data.target, test_size=40, random_state=7, stratify=data.target)
holdout[numpy.random.default_rng(7).random(holdout.shape) < 0.03] = numpy.nan
settings = {"objective": "multiclass", "num_class": 3, "num_leaves": 7, "learning_rate": 0.2, "min_data_in_leaf": 5,
            "seed": 7, "deterministic": True, "num_threads": 1, "verbose": -1}
model = lightgbm.train(settings, lightgbm.Dataset(train, kinds, feature_name=names), 20)

model.save_model(directory / "model.txt")
write(directory / "holdout.csv", names, [["" if value != value else value for value in row] for row in holdout.tolist()])
probabilities = model.predict(holdout)
write(directory / "expected.csv", [f"probability_{kind}" for kind in range(3)], probabilities.tolist())
