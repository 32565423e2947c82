"""Converts models of random settings to ONNX with skl2onnx and onnxmltools and prints them as fixtures: onnx_models.py COUNT SEED

Expected values are ONNX Runtime's with one thread. scripts/fixtures/onnx.py says how its outputs are named.
"""

import importlib.util
import pathlib
import sys
import warnings

import lightgbm
import numpy as np
import onnx
import onnxmltools
import onnxruntime
import skl2onnx
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn import ensemble, impute, linear_model, pipeline, preprocessing, tree

warnings.filterwarnings("ignore")
FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures"
sys.path.append(str(FIXTURES))
# The script has the package's name.
spec = importlib.util.spec_from_file_location("onnx_fixtures", FIXTURES / "onnx.py")
fixtures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fixtures)
from common import emit  # noqa: E402

IS_OLD = onnx.__version__.startswith("1.15")
OPSETS = (9, 11, 12, 13, 15) if IS_OLD else (9, 12, 13, 15, 18, 21)
ULP = {"probability": 4, "prediction": 4, "margin": 4}


def pick(random, *values):
    return values[random.integers(len(values))]


def sklearn_model(random, x, y, z):
    depth = {"max_depth": pick(random, 1, 3, 6), "random_state": int(random.integers(1000))}
    many = {"n_estimators": int(random.integers(1, 9)), **depth}
    model, goal = pick(
        random, (tree.DecisionTreeClassifier(**depth), y), (tree.DecisionTreeRegressor(**depth), z),
        (ensemble.RandomForestClassifier(**many), y), (ensemble.RandomForestRegressor(**many), z), (ensemble.ExtraTreesClassifier(**many), y),
        (ensemble.ExtraTreesRegressor(**many), np.stack([z, -z], 1)), (ensemble.GradientBoostingClassifier(**many), y),
        (ensemble.GradientBoostingRegressor(**many), z), (ensemble.HistGradientBoostingClassifier(max_iter=6, **depth), y),
        (ensemble.HistGradientBoostingRegressor(max_iter=6, **depth), z))
    steps = [step for step in (pick(random, None, impute.SimpleImputer(strategy=pick(random, "mean", "median"))),
                               pick(random, None, preprocessing.StandardScaler(), preprocessing.MinMaxScaler(), preprocessing.MaxAbsScaler())) if step]
    if goal is y and random.random() < 0.3:
        goal = np.array(["low", "middle", "högh", "x"])[y]
    return pipeline.make_pipeline(*steps, model).fit(x, goal) if steps else model.fit(x, goal), bool(steps)


def boosting_model(random, library, x, y, z, classes):
    common = {"n_estimators": int(random.integers(1, 9)), "max_depth": int(random.integers(1, 6)), "random_state": 1, "n_jobs": 1}
    if library == "lightgbm":
        extra = {"verbose": -1, "min_child_samples": 5, "boosting_type": pick(random, "gbdt", "gbdt", "dart")}
        if random.random() < 0.5:
            return lightgbm.LGBMClassifier(**common, **extra).fit(x, y)
        return lightgbm.LGBMRegressor(objective=pick(random, "regression", "regression_l1", "poisson"), **common, **extra).fit(x, np.abs(z))
    if random.random() < 0.5:
        return xgboost.XGBClassifier(**common).fit(x, y)
    objective = pick(random, "reg:squarederror", "count:poisson", "reg:gamma", "reg:logistic", "reg:absoluteerror")
    goal = 1 / (1 + np.exp(-z)) if objective == "reg:logistic" else np.abs(z) + 0.1
    return xgboost.XGBRegressor(objective=objective, **common).fit(x, goal)


def save(index, random):
    columns, classes = int(random.integers(4, 8)), int(random.integers(2, 4))
    x, y, z = fixtures.data(columns, 300, int(random.integers(1 << 30)), classes)
    library = pick(random, "sklearn", "sklearn", "xgboost", "lightgbm")
    opset = int(pick(random, *OPSETS))
    has_steps = False
    if library == "sklearn":
        model, has_steps = sklearn_model(random, x, y, z)
        options = pick(random, {}, {"zipmap": False}) if hasattr(model, "classes_") else {}
        options = {id(model): options} if options else None
        converted = skl2onnx.to_onnx(model, x[:1], target_opset={"": opset, "ai.onnx.ml": 1 if opset < 11 else pick(random, 1, 2, 3)}, options=options)
    else:
        model = boosting_model(random, library, x, y, z, classes)
        convert = onnxmltools.convert_xgboost if library == "xgboost" else onnxmltools.convert_lightgbm
        converted = convert(model, initial_types=[("input", FloatTensorType([None, columns]))], target_opset=min(opset, 15))
    rows = fixtures.rows_of(converted, columns, count=60, seed=int(random.integers(1 << 30)))
    try:
        outputs = fixtures.infer(converted, rows)
    except Exception as error:  # noqa: BLE001
        print(f"model {index}: ONNX Runtime refuses it: {str(error)[-160:]}", file=sys.stderr)
        return
    name = type(model).__name__ + ("-" + type(model.steps[-1][1]).__name__ if hasattr(model, "steps") else "")
    version = {"sklearn": f"skl2onnx {skl2onnx.__version__}", "xgboost": f"onnxmltools {onnxmltools.__version__} of XGBoost {xgboost.__version__}",
               "lightgbm": f"onnxmltools {onnxmltools.__version__} of LightGBM {lightgbm.__version__}"}[library]
    emit(f"{index}-{name}-{opset}", f"ONNX by {version}", "model.onnx", converted.SerializeToString(), rows, outputs, ulp=ULP)


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    for index in range(count):
        try:
            save(index, np.random.default_rng([seed, index]))
        except (RuntimeError, ValueError, AttributeError, NotImplementedError, TypeError, skl2onnx.common.exceptions.MissingShapeCalculator) as error:
            print(f"model {index} was not converted: {str(error)[:160]}", file=sys.stderr)


main()
