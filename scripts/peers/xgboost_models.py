"""Trains models of random settings with the XGBoost that is installed and prints them as fixtures: xgboost_models.py COUNT SEED

Each model is saved as JSON and, from 1.6 on, as UBJSON too. Rows stand at its thresholds and one float32 beside them. Margins and leaves
have to be equal to the bit, predictions within 2 units in the last place of float32.
"""

import json
import math
import pathlib
import sys
import tempfile
import warnings

import numpy as np
import xgboost as xgb

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "fixtures"))
from common import emit  # noqa: E402

warnings.filterwarnings("ignore")
VERSION = tuple(int(part) for part in xgb.__version__.split(".")[:2])
ROWS = 400
OBJECTIVES = {
    "binary:logistic": "binary",
    "binary:logitraw": "binary",
    "binary:hinge": "binary",
    "reg:logistic": "share",
    "reg:squarederror": "number",
    "reg:squaredlogerror": "positive",
    "count:poisson": "count",
    "reg:gamma": "positive",
    "reg:tweedie": "positive",
    "survival:cox": "number",
    "multi:softprob": "class",
    "multi:softmax": "class",
    "rank:pairwise": "count",
    "rank:ndcg": "count",
    "rank:map": "binary",
    **({"reg:pseudohubererror": "number", "survival:aft": "positive"} if VERSION >= (1, 3) else {}),
    **({"reg:absoluteerror": "number"} if VERSION >= (1, 7) else {}),
    **({"reg:quantileerror": "number"} if VERSION >= (2, 0) else {}),
    **({"reg:expectileerror": "number"} if VERSION >= (3, 3) else {}),
}


def settings(random):
    """Settings that XGBoost takes together."""
    objective = str(random.choice(list(OBJECTIVES)))
    booster = str(random.choice(["gbtree", "gbtree", "gbtree", "dart", "gblinear"]))
    if booster == "gblinear" and objective in ("reg:absoluteerror", "reg:quantileerror", "reg:expectileerror", "survival:aft", "survival:cox"):
        booster = "gbtree"
    chosen = {"objective": objective, "booster": booster, "eta": float(random.choice([0.1, 0.3, 1.0])), "verbosity": 0, "nthread": 1}
    chosen["seed"] = int(random.integers(1 << 30))
    if booster != "gblinear":
        chosen["max_depth"] = int(random.integers(1, 9))
        chosen["tree_method"] = str(random.choice(["hist", "approx", "exact"]))
        chosen["gamma"] = float(random.choice([0, 0, 0.5, 20]))
        chosen["subsample"] = float(random.choice([1, 0.6]))
        chosen["num_parallel_tree"] = int(random.choice([1, 1, 1, 3]))
        chosen["min_child_weight"] = float(random.choice([0, 1, 5]))
        if chosen["tree_method"] == "hist" and random.random() < 0.3:
            chosen.update(grow_policy="lossguide", max_leaves=int(random.integers(2, 30)), max_depth=0)
    if booster == "dart":
        chosen.update(rate_drop=0.4, one_drop=1, normalize_type=str(random.choice(["tree", "forest"])))
    if objective.startswith("multi:"):
        chosen["num_class"] = int(random.integers(2, 6))
    if random.random() < 0.4 and objective not in ("reg:quantileerror", "reg:expectileerror"):
        chosen["base_score"] = float(np.float32(random.uniform(0.05, 0.95)))
    if objective == "reg:quantileerror":
        chosen["quantile_alpha"] = [0.1, 0.5, 0.9] if random.random() < 0.6 else 0.3
    if objective == "reg:expectileerror":
        chosen["expectile_alpha"] = [0.1, 0.5, 0.9] if random.random() < 0.6 else 0.3
    return chosen


def several(chosen, random):
    """Whether the model has several targets; vector leaves now and then."""
    if VERSION < (1, 6) or chosen["objective"] not in ("reg:squarederror", "binary:logistic") or chosen["booster"] == "gblinear":
        return False
    if random.random() < 0.5:
        return False
    chosen["tree_method"] = "hist"
    if VERSION >= (2, 0) and chosen["booster"] == "gbtree" and random.random() < 0.7:
        chosen["multi_strategy"] = "multi_output_tree"
    return True


def label(kind, signal, classes):
    if kind == "binary":
        return signal > 0
    if kind == "share":
        return 1 / (1 + np.exp(-signal))
    if kind == "positive":
        return np.abs(signal) + 0.1
    if kind == "count":
        return np.abs(np.round(signal))
    if kind == "class":
        return np.clip(np.floor(signal + classes / 2), 0, classes - 1)
    return signal


def train(random):
    """A booster, the types of its columns, and its settings."""
    chosen = settings(random)
    columns = int(random.integers(1, 9))
    x = random.normal(size=(ROWS, columns)) * 10.0 ** random.integers(-6, 7, columns)
    types = ["q"] * columns
    has_categories = VERSION >= (1, 7) and chosen["booster"] != "gblinear" and chosen["tree_method"] != "exact" and random.random() < 0.4
    targets = several(chosen, random)
    if has_categories and chosen.get("multi_strategy") and VERSION < (3, 4):
        has_categories = False
    for column in range(columns):
        if has_categories and random.random() < 0.5:
            types[column] = "c"
            x[:, column] = random.integers(0, int(random.choice([2, 5, 40, 200])), ROWS)
    if has_categories:
        chosen["max_cat_to_onehot"] = int(random.choice([1, 4, 1000]))
    signal = x[:, 0] / np.abs(x[:, 0]).max() * 2 + 0.3 * random.normal(size=ROWS)
    if random.random() < 0.7:
        x[random.random(x.shape) < 0.15] = math.nan
    kind = OBJECTIVES[chosen["objective"]]
    y = label(kind, signal, chosen.get("num_class", 2)).astype(np.float32)
    if targets:
        other = label(kind, -signal + 0.2, 2).astype(np.float32)
        y = np.stack([y, other, y], axis=1)
    matrix = xgb.DMatrix(x.astype(np.float32), label=y, **types_of(types))
    if chosen["objective"].startswith("rank:"):
        matrix.set_group([10] * (ROWS // 10))
    if chosen["objective"] == "survival:aft":
        matrix.set_float_info("label_lower_bound", y)
        matrix.set_float_info("label_upper_bound", y + (random.random(ROWS) < 0.5).astype(np.float32))
    return xgb.train(chosen, matrix, int(random.integers(0, 12))), types, chosen


def types_of(types):
    return {"feature_types": types, "enable_categorical": True} if "c" in types else {}


def table(model, types, random):
    """Rows on thresholds, one float32 below and above, and of special values."""
    pools = [[0.0, -0.0, 1.0, -1.0, 1e-30, 3e38, -3e38, 1e-45] if kind == "q" else list(range(0, 210, 3)) for kind in types]
    gradient = model["learner"]["gradient_booster"]
    for tree in gradient.get("gbtree", gradient)["model"].get("trees", []):
        for left, column, condition in zip(tree["left_children"], tree["split_indices"], tree["split_conditions"]):
            if left != -1 and types[column] == "q":
                t = np.float32(condition)
                pools[column] += [float(t), float(np.nextafter(t, np.float32(-np.inf))), float(np.nextafter(t, np.float32(np.inf)))]
    rows = [[pool[random.integers(len(pool))] for pool in pools] for _ in range(200)]
    return [[math.nan if random.random() < 0.1 else v for v in row] for row in rows]


def save(index, random):
    """Trains a model and prints it, with its rows and what the library computes for them."""
    booster, types, chosen = train(random)
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "model.json"
        booster.save_model(str(path))
        model = json.loads(path.read_text())
        cells = table(model, types, random)
        try:
            loaded = xgb.Booster(model_file=str(path))
        except xgb.core.XGBoostError:
            # 1.0 does not load its own trees with deleted nodes. It writes six digits of a base score: the booster in memory has others.
            if "base_score" in chosen:
                raise
            loaded = booster
        loaded.set_param({"nthread": 1})
        matrix = xgb.DMatrix(np.array(cells), **types_of(types))
        outputs = {"margin": loaded.predict(matrix, output_margin=True)}
        is_probability = chosen["objective"] in ("binary:logistic", "reg:logistic", "multi:softprob")
        kind = "probability" if is_probability else "prediction"
        outputs[kind] = loaded.predict(matrix)
        gradient = model["learner"]["gradient_booster"]
        leaves = None
        if gradient.get("gbtree", gradient)["model"].get("trees"):
            leaves = loaded.predict(matrix, pred_leaf=True)
        files = [path]
        if VERSION >= (1, 6):
            files.append(path.with_suffix(".ubj"))
            booster.save_model(str(files[1]))
        name = f"{index}-{chosen['booster']}-{chosen['objective'].replace(':', '-')}"
        for file in files:
            emit(name, f"XGBoost {xgb.__version__}, {file.suffix[1:]}", file.name, file.read_bytes(), cells, outputs, leaves, {kind: 2})


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    for index in range(count):
        try:
            save(index, np.random.default_rng([seed, index]))
        except xgb.core.XGBoostError as error:
            print(f"model {index} was not trained: {str(error).splitlines()[0][-160:]}", file=sys.stderr)


main()
