#!/usr/bin/env python3
"""Trains the churn model of this example and writes everything beside it that opz needs.

    pip install xgboost-cpu==3.2.0 pandas numpy
    python train.py

Makes model.json, metrics.json, holdout.csv, expected.csv and requests.jsonl; the same inputs give the same bytes.
"""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb

HERE = Path(__file__).resolve().parent
SEED = 20260511
LABEL = "churn"
# The share of cells that are blanked: the data has no missing values, production has.
BLANK = 0.03


def load():
    table = pd.read_csv(HERE / "data" / "churn.csv")
    label = (table.pop(LABEL) == "yes").astype(np.int32)
    return table, label


def blank(table, generator):
    """Empties some cells, the same ones for the same seed."""
    mask = generator.random(table.shape) < BLANK
    return table.mask(mask)


def as_categories(table, categories):
    """Text columns as XGBoost categories, so that the model file carries their names; all other columns as numbers."""
    result = {}
    for name in table.columns:
        if name in categories:
            result[name] = pd.Categorical(table[name], categories=categories[name])
        else:
            result[name] = table[name].astype(np.float32)
    return pd.DataFrame(result)


def shortest(value):
    """A float32 in the fewest digits that read back to the same float32."""
    text = np.format_float_positional(np.float32(value), unique=True, trim="-")
    short = repr(float(text)) if len(text) > 18 else text
    return short if np.float32(short) == np.float32(value) else text


def auc(label, score):
    """The probability that a churner scores above a customer who stays; ties count half."""
    ranks = pd.Series(score).rank().to_numpy()
    positive = label == 1
    n, m = int(positive.sum()), int((~positive).sum())
    return (ranks[positive].sum() - n * (n + 1) / 2) / (n * m)


def tensors(features, row, categories):
    """A row as inputs of the Open Inference Protocol, version 2."""
    inputs = []
    for name in features.columns:
        value = row[name]
        missing = pd.isna(value)
        if name in categories:
            inputs.append({"name": name, "shape": [1], "datatype": "BYTES", "data": [None if missing else value]})
        else:
            data = None if missing else json.loads(shortest(value))
            inputs.append({"name": name, "shape": [1], "datatype": "FP32", "data": [data]})
    return inputs


def main():
    table, label = load()
    categories = {
        name: sorted(table[name].unique()) for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])
    }
    generator = np.random.default_rng(SEED)
    table = blank(table, generator)
    order = generator.permutation(len(table))
    holdout, train = np.sort(order[:1000]), np.sort(order[1000:])

    features = as_categories(table, categories)
    matrix = xgb.DMatrix(features.iloc[train], label=label.iloc[train], enable_categorical=True, nthread=1)
    parameters = {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "max_depth": 5,
        "eta": 0.1,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "min_child_weight": 5,
        "max_cat_to_onehot": 4,
        "max_bin": 64,
        "tree_method": "hist",
        "nthread": 1,
        "seed": SEED,
    }
    booster = xgb.train(parameters, matrix, num_boost_round=120)
    booster.save_model(HERE / "model.json")

    rows = features.iloc[holdout]
    test = xgb.DMatrix(rows, enable_categorical=True, nthread=1)
    probability = booster.predict(test)
    margin = booster.predict(test, output_margin=True)

    raw = table.iloc[holdout]
    raw.to_csv(HERE / "holdout.csv", index=False, lineterminator="\n")
    with open(HERE / "expected.csv", "w", newline="\n") as file:
        file.write("probability,margin\n")
        for one, two in zip(probability, margin):
            file.write(f"{shortest(one)},{shortest(two)}\n")

    truth = label.iloc[holdout].to_numpy()
    clipped = np.clip(probability.astype(np.float64), 1e-15, 1 - 1e-15)
    metrics = {
        "accuracy": round(float(((probability >= 0.5) == (truth == 1)).mean()), 4),
        "auc": round(float(auc(truth, probability)), 4),
        "logloss": round(float(-(truth * np.log(clipped) + (1 - truth) * np.log(1 - clipped)).mean()), 4),
        "holdout_rows": int(len(holdout)),
        "train_rows": int(len(train)),
    }
    (HERE / "metrics.json").write_text(json.dumps(metrics, indent=2, sort_keys=True) + "\n")

    with open(HERE / "requests.jsonl", "w", newline="\n") as file:
        for index in (0, 1, 2):
            request = {"id": f"row-{index}", "inputs": tensors(rows, rows.iloc[index], categories)}
            outputs = [
                {"name": "probability", "shape": [1], "datatype": "FP32", "data": [json.loads(shortest(probability[index]))]},
                {"name": "margin", "shape": [1], "datatype": "FP32", "data": [json.loads(shortest(margin[index]))]},
            ]
            file.write(json.dumps({"request": request, "response": {"outputs": outputs}}) + "\n")
    size = (HERE / "model.json").stat().st_size
    assert size <= 400_000, f"model.json has {size} bytes"
    assert not math.isnan(metrics["auc"])
    print(json.dumps(metrics), f"model.json {size} bytes")


if __name__ == "__main__":
    main()
