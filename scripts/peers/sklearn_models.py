"""Fits estimators and pipelines of random settings with the scikit-learn that is installed and prints them as fixtures, saved by skops:
sklearn_models.py COUNT SEED

What is equal to the bit and what is within how many units in the last place is docs/reference/model-formats.md's table.
"""

import math
import pathlib
import sys
import warnings

import numpy as np
import pandas as pd
import sklearn
import skops
import skops.io
from sklearn import ensemble, tree
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "fixtures"))
from common import boundary_rows, emit  # noqa: E402

warnings.simplefilter("ignore")
VERSION = tuple(int(x) for x in sklearn.__version__.split(".")[:2])
LIBRARY = f"scikit-learn {sklearn.__version__}"
ROWS = 300
# By the estimator: units in the last place of each output; others are equal to the bit.
ULP = {
    "GradientBoostingClassifier": {"probability": 64, "margin": 1 << 16},
    "HistGradientBoostingClassifier": {"probability": 4},
    "HistGradientBoostingRegressor": {"prediction": 4},
    "IsolationForest": {"prediction": 4, "margin": 1 << 20},
    "AdaBoostClassifier": {"probability": 64, "margin": 1 << 16} if VERSION < (1, 6) else {"probability": 4},
}


def pick(random, *values):
    return values[random.integers(len(values))]


def forest(random):
    return {
        "n_estimators": int(random.integers(1, 8)), "max_depth": pick(random, None, 1, 3, 6), "min_samples_leaf": pick(random, 1, 5),
        "max_features": pick(random, None, "sqrt", 0.5), "random_state": int(random.integers(1000)), "bootstrap": bool(random.random() < 0.7),
    }


def estimator(random):
    """An estimator, the kind of its target, and whether it takes missing numbers."""
    trees = {"max_depth": pick(random, None, 1, 3, 6), "random_state": int(random.integers(1000)), "min_samples_leaf": pick(random, 1, 4)}
    shallow = {"n_estimators": int(random.integers(1, 8)), "max_depth": pick(random, 1, 2, 4), "random_state": 1,
               "subsample": pick(random, 1.0, 0.6), "learning_rate": pick(random, 0.1, 1.0)}
    hist = {"max_iter": int(random.integers(1, 8)), "max_leaf_nodes": pick(random, 3, 8, 31), "min_samples_leaf": 5, "random_state": 1}
    weights = pick(random, None, "balanced")
    makers = [
        lambda: (tree.DecisionTreeClassifier(criterion=pick(random, "gini", "entropy"), class_weight=weights, **trees), "class", VERSION >= (1, 3)),
        lambda: (tree.DecisionTreeRegressor(criterion=pick(random, "squared_error", "absolute_error"), **trees), "number", VERSION >= (1, 3)),
        lambda: (tree.ExtraTreeClassifier(**trees), "class", VERSION >= (1, 6)),
        lambda: (ensemble.RandomForestClassifier(class_weight=weights, **forest(random)), "class", VERSION >= (1, 4)),
        lambda: (ensemble.RandomForestRegressor(**forest(random)), "number", VERSION >= (1, 4)),
        lambda: (ensemble.ExtraTreesClassifier(**forest(random)), "class", VERSION >= (1, 6)),
        lambda: (ensemble.ExtraTreesRegressor(**forest(random)), "number", VERSION >= (1, 6)),
        lambda: (ensemble.GradientBoostingClassifier(**shallow), "class", False),
        lambda: (ensemble.GradientBoostingRegressor(loss=pick(random, "squared_error", "huber", "absolute_error", "quantile"), **shallow), "one number", False),
        lambda: (ensemble.HistGradientBoostingClassifier(**hist), "class", True),
        lambda: (ensemble.HistGradientBoostingRegressor(loss=pick(random, "squared_error", "absolute_error", "poisson"), **hist), "count", True),
        lambda: (ensemble.IsolationForest(n_estimators=int(random.integers(1, 9)), max_samples=pick(random, 20, 100), max_features=pick(random, 1.0, 2),
                                          contamination=pick(random, "auto", 0.1), random_state=1), None, False),
        lambda: (ensemble.AdaBoostClassifier(tree.DecisionTreeClassifier(max_depth=pick(random, 1, 3)), n_estimators=int(random.integers(1, 8)), random_state=1), "class", False),
        lambda: (ensemble.AdaBoostRegressor(tree.DecisionTreeRegressor(max_depth=pick(random, 1, 4)), n_estimators=int(random.integers(1, 8)), random_state=1), "one number", False),
        lambda: (ensemble.BaggingClassifier(tree.DecisionTreeClassifier(max_depth=4), int(random.integers(1, 7)), max_features=pick(random, 1.0, 0.6), random_state=1), "class", False),
        lambda: (ensemble.BaggingRegressor(tree.DecisionTreeRegressor(max_depth=4), int(random.integers(1, 7)), max_features=pick(random, 1.0, 0.6), random_state=1), "one number", False),
    ]
    return pick(random, *makers)()


def target(kind, signal, random, name):
    """Labels of a kind, of several outputs now and then."""
    if kind is None:
        return None
    if kind == "count":
        return np.abs(np.round(signal)) + 1.0
    several = random.random() < 0.2 and name.startswith(("DecisionTree", "RandomForest", "ExtraTree"))
    if kind != "class":
        return np.stack([signal * 3, -signal + 1], axis=1) if several and kind == "number" else signal * pick(random, 1.0, 1e6, 1e-6)
    count = int(random.integers(2, 5))
    codes = np.clip(np.floor(signal + count / 2), 0, count - 1).astype(int)
    codes[:count] = np.arange(count)
    if several:
        return np.stack([codes, random.integers(0, 3, len(codes))], axis=1)
    labels = pick(random, np.arange(count), np.arange(count) * 1.0, np.array(["no", "ja", "peut-être", "да"])[:count], np.arange(count) - 2)
    if count == 2 and random.random() < 0.3:
        labels = np.array([False, True])
    return labels[codes]


def splits(model):
    """The columns and thresholds of the trees behind a model that reads the columns themselves."""
    found = []
    for one in np.ravel(getattr(model, "estimators_", [model])):
        if hasattr(one, "tree_"):
            found.append((one.tree_.feature, one.tree_.threshold))
    subsets = getattr(model, "estimators_features_", None)
    if subsets is not None:
        found = [(subset[np.maximum(features, 0)], values) for subset, (features, values) in zip(subsets, found)]
    for stage in getattr(model, "_predictors", []):
        for one in stage:
            nodes = one.nodes
            found.append((np.where(nodes["is_leaf"] | nodes["is_categorical"], -1, nodes["feature_idx"]).astype(int), nodes["num_threshold"]))
    return found


def numbers(random, missing):
    """A model of numbers and its rows."""
    model, kind, takes_missing = estimator(random)
    name = type(model).__name__
    columns = int(random.integers(2, 9))
    x = (random.normal(size=(ROWS, columns)) * 10.0 ** random.integers(-3, 4, columns)).astype(np.float32).astype(np.float64)
    x[:, 1] = np.round(x[:, 1])
    signal = x[:, 0] / np.abs(x[:, 0]).max() * 2 + 0.3 * random.normal(size=ROWS)
    missing = missing and takes_missing
    if missing:
        x[random.random(x.shape) < 0.15] = np.nan
    categories = []
    if name.startswith("Hist") and random.random() < 0.4:
        categories = [1]
        x[:, 1] = random.integers(0, int(pick(random, 4, 40)), ROWS)
        model.set_params(categorical_features=categories)
    y = target(kind, signal, random, name)
    steps = []
    if not missing and not categories and random.random() < 0.3:
        steps = [pick(random, StandardScaler(), MinMaxScaler(), RobustScaler(), MaxAbsScaler())]
    if steps:
        model = make_pipeline(*steps, model)
    model.fit(x) if y is None else model.fit(x, y)
    thresholds = [[0.5] for _ in range(columns)]
    for features, values in [] if steps else splits(model):
        for feature, value in zip(features, values):
            if feature >= 0 and np.isfinite(value):
                thresholds[feature].append(float(value))
    rows = boundary_rows(thresholds, columns, random, 100, missing=missing)
    infinite = name.startswith("Hist") and not steps
    rows = [[math.copysign(3e38 if not steps else 1e30, v) if math.isinf(v) and not infinite else v for v in row] for row in rows]
    for row in rows:
        for column in categories:
            row[column] = float(random.integers(0, 45))
    return name, model, rows, lambda rows: rows


def table(random):
    """A pipeline over a table with texts, and its rows."""
    model, kind, _ = estimator(random)
    name = type(model).__name__
    cities = ["Oslo", "Rome", "Lyon", "Köln", "Bonn"]
    frame = pd.DataFrame({
        "age": random.integers(18, 80, ROWS).astype(float), "income": np.exp(random.normal(10, 1, ROWS)),
        "city": random.choice(cities, ROWS).astype(object), "plan": random.choice(["basic", "plus", "pro"], ROWS).astype(object),
        "visits": random.integers(0, 9, ROWS).astype(float)})
    for column in ("age", "income"):
        frame.loc[random.random(ROWS) < 0.1, column] = np.nan
    signal = frame["age"].fillna(50).to_numpy() / 40 - 1 + (frame["city"] == "Oslo").to_numpy() + 0.3 * random.normal(size=ROWS)
    imputer = SimpleImputer(strategy=pick(random, "mean", "median", "most_frequent", "constant"), add_indicator=bool(random.random() < 0.5))
    scaler = pick(random, StandardScaler(), MinMaxScaler(), RobustScaler(), MaxAbsScaler(), "passthrough")
    encoder = pick(
        random, OneHotEncoder(handle_unknown="ignore"), OneHotEncoder(handle_unknown="ignore", drop="first"),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.15), OneHotEncoder(handle_unknown="ignore", max_categories=3),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1))
    columns = ColumnTransformer(
        [("n", make_pipeline(imputer, scaler), ["age", "income"]), ("t", encoder, ["city", "plan"])],
        remainder=pick(random, "passthrough", "drop", MinMaxScaler()), sparse_threshold=0)
    model = make_pipeline(columns, model)
    y = target(kind, signal, random, name)
    model.fit(frame) if y is None else model.fit(frame, y)
    rows = []
    for _ in range(60):
        row = [float(random.integers(0, 99)), float(np.exp(random.normal(10, 2))), str(random.choice(cities + ["Nice", ""])),
               str(random.choice(["basic", "plus", "pro", "free"])), float(random.integers(0, 12))]
        rows.append([None if i < 2 and random.random() < 0.15 else cell for i, cell in enumerate(row)])

    def make(rows):
        made = pd.DataFrame(rows, columns=list(frame.columns))
        for column in ("age", "income", "visits"):
            made[column] = made[column].astype(float)
        for column in ("city", "plan"):
            made[column] = made[column].astype(object)
        return made

    return name, model, rows, make


def outputs_of(model, rows):
    """What the library computes, by the reader's names."""
    def texts(array):
        array = np.asarray(array)
        return [[str(x) for x in row] for row in array.reshape(len(array), -1)]

    last = model.steps[-1][1] if hasattr(model, "steps") else model
    if hasattr(last, "score_samples"):
        return {"prediction": model.score_samples(rows), "margin": model.decision_function(rows), "label": texts(model.predict(rows))}
    if not sklearn.base.is_classifier(last):
        return {"prediction": model.predict(rows)}
    probabilities = model.predict_proba(rows)
    found = {"probability": np.hstack(probabilities) if isinstance(probabilities, list) else probabilities, "label": texts(model.predict(rows))}
    if hasattr(last, "decision_function"):
        found["margin"] = model.decision_function(rows)
    return found


def save(index, random):
    """Fits a model and prints it, with its rows and what the library computes for them."""
    name, model, rows, make = table(random) if random.random() < 0.3 else numbers(random, random.random() < 0.5)
    outputs = outputs_of(model, make(rows))
    words = f"{index}-{name}{'-pipeline' if hasattr(model, 'steps') else ''}"
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    ulp = ULP.get(name)
    if name == "HistGradientBoostingRegressor" and last.loss != "poisson":
        ulp = None
    emit(words, LIBRARY, "model.skops", skops.io.dumps(model), rows, outputs, ulp=ulp)


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    for index in range(count):
        try:
            save(index, np.random.default_rng([seed, index]))
        except ValueError as error:
            print(f"model {index} was not fitted: {str(error).splitlines()[0][-200:]}", file=sys.stderr)


main()
