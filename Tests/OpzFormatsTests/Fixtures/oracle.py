"""Trains a model of a kind and writes it with rows on every boundary of its trees and XGBoost's own answers.

    python oracle.py KIND DIRECTORY

DIRECTORY gets model.json, rows.f32 (row-major float32, NaN missing, categories as codes), margin.f32, prediction.f32, leaf.i32
and shape.json.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb

ROWS = 1500


def table(generator, categorical):
    frame = pd.DataFrame(
        {
            "a": generator.normal(size=ROWS).astype(np.float32),
            "b": generator.integers(-5, 6, size=ROWS).astype(np.float32),
            "c": (generator.exponential(size=ROWS) * 1e6).astype(np.float32),
            "d": (generator.normal(size=ROWS) * 1e-6).astype(np.float32),
        }
    )
    for name in ("a", "c"):
        frame.loc[generator.random(ROWS) < 0.2, name] = np.nan
    if categorical:
        names = [f"kind {index}" for index in range(70)] + ["two words", 'with "quotes", and commas']
        frame["k"] = pd.Categorical(generator.choice(names, ROWS), categories=names)
        frame["t"] = pd.Categorical(generator.choice(["x", "y", "z"], ROWS), categories=["x", "y", "z"])
        frame.loc[generator.random(ROWS) < 0.1, "t"] = None
    return frame


def train(kind, generator):
    categorical = kind in ("categorical", "multiclass")
    frame = table(generator, categorical)
    signal = np.nan_to_num(frame["a"].to_numpy()) + frame["b"].to_numpy() * 0.3 + generator.normal(size=ROWS) * 0.3
    if categorical:
        signal = signal + (frame["k"].cat.codes.to_numpy() % 7) * 0.4
    parameters = {"max_depth": 5, "eta": 0.3, "nthread": 1, "seed": 7, "max_cat_to_onehot": 4}
    rounds = 25
    label = (signal > 0.3).astype(np.float32)
    if kind in ("binary", "categorical"):
        parameters["objective"] = "binary:logistic"
    elif kind == "logitraw":
        parameters["objective"] = "binary:logitraw"
    elif kind == "hinge":
        parameters["objective"] = "binary:hinge"
    elif kind == "regression":
        parameters["objective"], label = "reg:squarederror", signal
    elif kind == "absolute":
        parameters["objective"], label = "reg:absoluteerror", signal
    elif kind == "poisson":
        parameters["objective"], label = "count:poisson", np.abs(signal).round()
    elif kind == "gamma":
        parameters["objective"], label = "reg:gamma", np.abs(signal) + 0.1
    elif kind == "tweedie":
        parameters["objective"], label = "reg:tweedie", np.abs(signal)
    elif kind in ("multiclass", "softmax"):
        parameters["objective"] = "multi:softprob" if kind == "multiclass" else "multi:softmax"
        parameters["num_class"] = 4
        label = np.clip(np.floor(signal + 2), 0, 3)
    elif kind == "dart":
        parameters.update(objective="binary:logistic", booster="dart", rate_drop=0.3, one_drop=1)
    elif kind == "ranking":
        parameters["objective"], label = "rank:pairwise", np.clip(np.floor(signal + 2), 0, 3)
    elif kind == "stump":
        parameters.update(objective="binary:logistic", max_depth=1)
        rounds = 1
    elif kind == "constant":
        parameters.update(objective="reg:squarederror", gamma=1e9)
        label, rounds = signal, 3
    else:
        raise SystemExit(f"unknown kind {kind}")
    matrix = xgb.DMatrix(frame, label=label, enable_categorical=categorical)
    if kind == "ranking":
        matrix.set_group([10] * (ROWS // 10))
    return xgb.train(parameters, matrix, num_boost_round=rounds), frame, categorical


def boundary_rows(booster, frame):
    """Rows on each threshold, one float below and above, with each value missing, and with each category."""
    model = json.loads(bytes(booster.save_raw("json")))
    columns = list(frame.columns)
    values = {name: {np.float32("nan"), np.float32(0), np.float32(-0.0)} for name in columns}
    for name in columns:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            values[name] = set(range(len(frame[name].cat.categories))) | {None}
        else:
            values[name] |= {np.float32("inf"), np.float32("-inf"), np.finfo(np.float32).tiny, np.float32(1e-45)}
    gradient = model["learner"]["gradient_booster"]
    trees = gradient.get("gbtree", gradient)["model"]["trees"]
    for tree in trees:
        types = tree.get("split_type") or [0] * len(tree["left_children"])
        for left, column, threshold, kind in zip(
            tree["left_children"], tree["split_indices"], tree["split_conditions"], types
        ):
            if left == -1 or kind == 1:
                continue
            value = np.float32(threshold)
            values[columns[column]] |= {
                value,
                np.nextafter(value, np.float32("-inf")),
                np.nextafter(value, np.float32("inf")),
            }
    rows = []
    generator = np.random.default_rng(3)
    sample = frame.sample(n=8, random_state=1)
    for name in columns:
        for value in sorted(values[name], key=str):
            row = sample.iloc[generator.integers(len(sample))].copy()
            row[name] = value if not isinstance(frame[name].dtype, pd.CategoricalDtype) or value is None else frame[name].cat.categories[value]
            rows.append(row)
    made = pd.DataFrame(rows, columns=columns)
    for name in columns:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            made[name] = pd.Categorical(made[name], categories=frame[name].cat.categories)
        else:
            made[name] = made[name].astype(np.float32)
    # XGBoost takes infinity for missing only when told to; it refuses it otherwise.
    numeric = made.select_dtypes("number")
    return made[~np.isinf(numeric.to_numpy(dtype=np.float32)).any(axis=1)]


def codes(frame):
    result = np.empty(frame.shape, dtype=np.float32)
    for index, name in enumerate(frame.columns):
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            values = frame[name].cat.codes.to_numpy().astype(np.float32)
            result[:, index] = np.where(values < 0, np.nan, values)
        else:
            result[:, index] = frame[name].to_numpy(dtype=np.float32)
    return result


def main():
    kind, directory = sys.argv[1], Path(sys.argv[2])
    booster, frame, categorical = train(kind, np.random.default_rng(11))
    booster.save_model(directory / "model.json")
    rows = pd.concat([frame, boundary_rows(booster, frame)], ignore_index=True)
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            rows[name] = pd.Categorical(rows[name], categories=frame[name].cat.categories)
    matrix = xgb.DMatrix(rows, enable_categorical=categorical)
    codes(rows).tofile(directory / "rows.f32")
    booster.predict(matrix, output_margin=True).astype(np.float32).tofile(directory / "margin.f32")
    prediction = booster.predict(matrix)
    prediction.astype(np.float32).tofile(directory / "prediction.f32")
    leaves = booster.predict(matrix, pred_leaf=True).reshape(len(rows), -1)
    leaves.astype(np.int32).tofile(directory / "leaf.i32")
    (directory / "shape.json").write_text(json.dumps({"rows": len(rows), "columns": len(frame.columns)}))
    rows.to_csv(directory / "rows.csv", index=False)


if __name__ == "__main__":
    main()
