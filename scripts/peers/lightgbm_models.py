"""Trains models of random settings with the LightGBM that is installed and prints them as fixtures: lightgbm_models.py COUNT SEED

Rows stand at each model's thresholds and one float beside them. Raw scores and leaves have to be equal to the bit, predictions within
4 units in the last place of float64 where their objective has an exponential or logarithm, else to the bit.
"""

import contextlib
import math
import os
import pathlib
import re
import sys
import warnings

import lightgbm as lgb
import numpy as np
import pandas as pd

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "fixtures"))
import common  # noqa: E402

# LightGBM 2.3 prints to the standard output, whatever its verbosity.
OUTPUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.stdout = sys.stderr
warnings.filterwarnings("ignore")

VERSION = tuple(int(part) for part in lgb.__version__.split(".")[:2])
ROWS = 400
OBJECTIVES = {
    "regression": "number", "regression_l1": "number", "huber": "number", "fair": "number", "quantile": "number", "mape": "number",
    "poisson": "count", "gamma": "positive", "tweedie": "positive", "binary": "binary", "multiclass": "class", "multiclassova": "class",
    "cross_entropy": "share", "cross_entropy_lambda": "share", "lambdarank": "count",
    **({"rank_xendcg": "count"} if VERSION >= (3, 0) else {}),
}
PROBABILITIES = ("binary", "multiclass", "multiclassova", "cross_entropy")
INEXACT = (*PROBABILITIES, "poisson", "gamma", "tweedie", "cross_entropy_lambda")
WORDS = ["Köln", "a b", "x", "日本", "", "y,z", 'q"']


def settings(random):
    """Settings that LightGBM takes together."""
    objective = str(random.choice(list(OBJECTIVES)))
    chosen = {
        "objective": objective, "num_leaves": int(random.choice([2, 4, 8, 31, 64])), "learning_rate": float(random.choice([0.05, 0.3, 1.0])),
        "min_data_in_leaf": int(random.choice([1, 5, 20])), "verbose": -1, "num_threads": 1, "deterministic": True,
        "seed": int(random.integers(1 << 30)), "max_bin": int(random.choice([15, 255])),
        "use_missing": bool(random.random() < 0.8), "zero_as_missing": bool(random.random() < 0.2),
        "boost_from_average": bool(random.random() < 0.7), "min_sum_hessian_in_leaf": float(random.choice([0, 1e-3])),
    }
    chosen["boosting"] = str(random.choice(["gbdt", "gbdt", "gbdt", "dart", "rf", "goss"]))
    if chosen["boosting"] == "rf" or chosen["boosting"] != "goss" and random.random() < 0.3:
        chosen.update(bagging_fraction=0.6, bagging_freq=1)
    if chosen["boosting"] == "dart":
        chosen.update(drop_rate=0.4, xgboost_dart_mode=bool(random.random() < 0.5))
    if objective.startswith("multiclass"):
        chosen["num_class"] = int(random.integers(2, 6))
    if objective in ("binary", "multiclassova"):
        chosen["sigmoid"] = float(random.choice([1.0, 0.7]))
    if objective in ("regression", "regression_l1", "huber", "fair"):
        chosen["reg_sqrt"] = bool(random.random() < 0.3)
    if VERSION >= (3, 2) and chosen["boosting"] in ("gbdt", "dart") and objective not in ("regression_l1", "quantile", "mape") and random.random() < 0.25:
        chosen.update(linear_tree=True, linear_lambda=0.1, zero_as_missing=False)
    if VERSION >= (3, 0) and random.random() < 0.15:
        chosen["extra_trees"] = True
    return chosen


def label(kind, signal, classes):
    if kind == "binary":
        return (signal > 0).astype(int)
    if kind == "share":
        return 1 / (1 + np.exp(-signal))
    if kind == "positive":
        return np.abs(signal) + 0.1
    if kind == "count":
        return np.minimum(np.abs(np.round(signal)), 5)
    if kind == "class":
        return np.clip(np.floor(signal + classes / 2), 0, classes - 1)
    return signal


def frame_of(x, random):
    """A table of the same numbers in which some columns are texts, truth values or numbers as pandas' categories."""
    frame = pd.DataFrame(x, columns=[f"c{index}" for index in range(x.shape[1])])
    # All or none, so that the file says which column a list of categories belongs to.
    for name in frame.columns[1::2]:
        pool = [WORDS, [True, False], [3, 5, 70], [0.5, 1.0, 1e-05]][random.integers(4)]
        frame[name] = pd.Categorical([pool[i] for i in random.integers(len(pool), size=len(frame))], categories=pool)
    return frame


def train(random):
    """A booster, its columns' kinds or a table, and its settings."""
    chosen = settings(random)
    columns = int(random.integers(1, 9))
    x = random.normal(size=(ROWS, columns)) * 10.0 ** random.integers(-6, 7, columns)
    if random.random() < 0.5:
        x = x.round(2)
    x[random.random(x.shape) < 0.1] = 0.0
    categorical = []
    table = None
    if not chosen.get("linear_tree") and random.random() < 0.4:
        chosen.update(min_data_per_group=2, cat_smooth=1.0, cat_l2=0.1, max_cat_to_onehot=int(random.choice([1, 4, 100])))
        if random.random() < 0.4 and columns > 1:
            table = True
        else:
            categorical = [column for column in range(columns) if random.random() < 0.5]
            for column in categorical:
                x[:, column] = random.integers(0, int(random.choice([2, 5, 40, 200])), ROWS)
    signal = x[:, 0] / max(1e-30, np.abs(x[:, 0]).max()) * 2 + 0.3 * random.normal(size=ROWS)
    if random.random() < 0.7:
        x[random.random(x.shape) < 0.15] = math.nan
    y = label(OBJECTIVES[chosen["objective"]], signal, chosen.get("num_class", 2))
    data = frame_of(x, random) if table else x
    more = {"group": [10] * (ROWS // 10)} if chosen["objective"] in ("lambdarank", "rank_xendcg") else {}
    if categorical:
        more["categorical_feature"] = categorical
    dataset = lgb.Dataset(data, y, free_raw_data=False, params={"verbose": -1}, **more)
    booster = lgb.train(chosen, dataset, int(random.integers(1, 12)))
    return booster, data if table else None, categorical, chosen


def thresholds(text, columns):
    found = [[] for _ in range(columns)]
    for block in re.split(r"\nTree=", text)[1:]:
        fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for feature, threshold, decision in zip(*(fields.get(key, "").split() for key in ("split_feature", "threshold", "decision_type"))):
            if not int(decision) & 1:
                found[int(feature)].append(float(threshold))
    return found


def rows_of(text, booster, table, categorical, random):
    """What the library is given, and the cells of the fixture."""
    if table is not None:
        test = table.iloc[random.integers(len(table), size=60)].reset_index(drop=True)
        for name in test.columns:
            if isinstance(test[name].dtype, pd.CategoricalDtype):
                test.loc[random.random(len(test)) < 0.1, name] = np.nan
        # Column by column: a row of numbers alone would have made 5.0 of the category 5.
        columns = [[None if pd.isna(v) else str(v) if isinstance(test[name].dtype, pd.CategoricalDtype) else float(v) for v in test[name]] for name in test]
        cells = [list(row) for row in zip(*columns)]
        return test, cells
    columns = booster.num_feature()
    rows = common.boundary_rows(thresholds(text, columns), columns, random, 150)
    for row in rows:
        for column in categorical:
            row[column] = [math.nan, -1.0, -0.5, 1.5, 2.0**31, 1e9][random.integers(6)] if random.random() < 0.2 else float(random.integers(0, 210))
            if VERSION < (3, 0) and not math.isnan(row[column]) and abs(row[column]) >= 2**31:
                row[column] = 7.0
    return np.array(rows, dtype=np.float64), rows


def save(index, random):
    """Trains a model and prints it, with its rows and what the library computes for them."""
    booster, table, categorical, chosen = train(random)
    text = booster.model_to_string()
    own = lgb.Booster(model_str=text)
    data, cells = rows_of(text, own, table, categorical, random)
    kind = "probability" if chosen["objective"] in PROBABILITIES else "prediction"
    outputs = {"margin": own.predict(data, raw_score=True), kind: own.predict(data)}
    leaves = np.asarray(own.predict(data, pred_leaf=True)).reshape(len(cells), -1)
    words = [chosen["boosting"], chosen["objective"], *(["linear"] if chosen.get("linear_tree") else []), *(["pandas"] if table is not None else [])]
    with contextlib.redirect_stdout(OUTPUT):
        ulp = {kind: 4} if chosen["objective"] in INEXACT else None
        common.emit(f"{index}-{'-'.join(words)}", f"LightGBM {lgb.__version__}", "model.txt", text.encode(), cells, outputs, leaves, ulp)


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    for index in range(count):
        try:
            save(index, np.random.default_rng([seed, index]))
        except lgb.basic.LightGBMError as error:
            print(f"model {index} was not trained: {str(error)[-160:]}", file=sys.stderr)
    OUTPUT.flush()


main()
