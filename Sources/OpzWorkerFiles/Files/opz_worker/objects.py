"""Models that are Python objects with `predict`: scikit-learn's, and those of libraries that follow it."""

import warnings

from .failures import LoadFailure
from .model import Model, column, datatype_of, version_of
from .tensors import numpy_or_none

# Estimators of these modules compute on a matrix of numbers and never look at names, so a table need not be made for each request.
MATRIX_MODULES = (
    "sklearn.ensemble._forest",
    "sklearn.ensemble._gb",
    "sklearn.tree.",
    "sklearn.linear_model.",
    "sklearn.svm.",
    "sklearn.naive_bayes",
    "sklearn.neighbors.",
    "sklearn.neural_network.",
    "sklearn.discriminant_analysis",
    "sklearn.cluster.",
)


def load_joblib(path):
    """joblib.dump's file."""
    import joblib

    return wrap(joblib.load(path))


def load_pickle(path):
    """A pickle."""
    import pickle

    with open(path, "rb") as file:
        return wrap(pickle.load(file))


def load_skops(path):
    """A skops file. Whether its types are trusted was decided when the model was packaged."""
    import skops.io

    return wrap(skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path)))


def wrap(model):
    """A `Model` of any object that has `predict`."""
    module = type(model).__module__
    if module.startswith("statsmodels."):
        from .statistics import Results

        return Results(model)
    if module.startswith("lightgbm.basic"):
        from .boosters import LightGBM

        return LightGBM(model)
    if module.startswith("xgboost.core"):
        from .boosters import XGBoost

        return XGBoost(model)
    if module.startswith("catboost."):
        from .boosters import CatBoost

        return CatBoost(model)
    if not callable(getattr(model, "predict", None)) and not callable(getattr(model, "transform", None)):
        raise LoadFailure(f"the object in the file is a {module}.{type(model).__qualname__}, which has no 'predict'")
    return Estimator(model)


class Estimator(Model):
    """An estimator with the interface of scikit-learn."""

    def __init__(self, model):
        self.model = model
        # Names are checked before; a matrix without names is given on purpose.
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        warnings.filterwarnings("ignore", message="X has feature names, but")
        library = type(model).__module__.partition(".")[0]
        module = __import__(library)
        self.library = ("scikit-learn" if library == "sklearn" else library, version_of(module))
        self.names = _names(model)
        self.booster = _booster(model, library)
        self.inputs = self.booster.inputs if self.booster is not None else _inputs(model, self.names)
        self.kind = "numpy" if self.names is None or _is_matrix(model, self.inputs) else "pandas"
        self.calls = callable(getattr(model, "predict", None))
        self.classes = _classes(model)
        self.has_probability = self.classes is not None and _has(model, "predict_proba")
        self.outputs = self._outputs()
        if library in ("lightgbm", "xgboost", "catboost"):
            self.blames = self.blames + _errors(library)

    def _outputs(self):
        if not self.calls:
            return [{"name": "transformed"}]
        outputs = [{"name": "prediction", "datatype": self._datatype(), "shape": [-1]}]
        if outputs[0]["datatype"] is None or getattr(self.model, "n_outputs_", 1) != 1:
            outputs = [{"name": "prediction"}]
        if self.has_probability:
            outputs.append({"name": "probability", "datatype": _float(self.model), "shape": [-1, len(self.classes)]})
        return outputs

    def _datatype(self):
        if self.classes is not None:
            return datatype_of(self.classes.dtype)
        return {"xgboost": "FP32", "sklearn": "FP64", "lightgbm": "FP64"}.get(type(self.model).__module__.partition(".")[0])

    def predict(self, table, wanted, parameters):
        if not self.calls:
            return {"transformed": self.model.transform(table)}
        if self.booster is not None and self.kind == "pandas":
            table = self.booster.prepared(table)
        results = {}
        probability = None
        if self.has_probability and (wanted is None or "probability" in wanted):
            probability = self.model.predict_proba(table)
        if wanted is None or "prediction" in wanted:
            if probability is not None and _is_forest(self.model):
                # What predict() of a forest does, without walking its trees again.
                results["prediction"] = self.classes.take(probability.argmax(axis=1), axis=0)
            else:
                results["prediction"] = self.model.predict(table)
        if probability is not None:
            results["probability"] = probability
        return results


def _booster(model, library):
    """What LightGBM's and XGBoost's estimators have inside, which knows the columns."""
    from . import boosters

    if library == "lightgbm" and hasattr(model, "booster_"):
        return boosters.LightGBM(model.booster_)
    if library == "xgboost" and hasattr(model, "get_booster"):
        return boosters.XGBoost(model.get_booster())
    return None


def _has(model, name):
    try:
        return callable(getattr(model, name))
    except Exception:  # scikit-learn's available_if raises what the setting raises.
        return False


def _names(model):
    names = None
    for attribute in ("feature_names_in_", "feature_name_", "feature_names_"):
        try:
            names = getattr(model, attribute)
        except Exception:  # XGBoost's property raises where there are none.
            continue
        if names is not None and len(names):
            return [str(name) for name in names]
    return None


def _inputs(model, names):
    if names is not None:
        known = _encoded(model)
        inputs = []
        for name in names:
            categories = known.get(name)
            if categories is None:
                inputs.append(column(name, "FP64" if _is_numeric(model) else None))
            elif datatype_of(categories.dtype) == "BYTES":
                inputs.append(column(name, "BYTES", categories=[str(text) for text in categories if isinstance(text, str)]))
            else:
                inputs.append(column(name, "FP64"))
        return inputs
    try:
        count = int(model.n_features_in_)
    except Exception:
        return None
    return [column(f"f{number}", "FP64") for number in range(count)]


def _is_numeric(model):
    return (type(model).__module__ + ".").startswith(MATRIX_MODULES)


def _is_matrix(model, inputs):
    return _is_numeric(model) and all(item.get("datatype") == "FP64" for item in inputs)


def _steps(model):
    """The estimators of a pipeline, or the one that it is."""
    steps = getattr(model, "steps", None)
    return [step for _, step in steps] if isinstance(steps, list) else [model]


def _encoded(model):
    """Categories by column, of the encoders in the first step's columns."""
    numpy = numpy_or_none()
    first = _steps(model)[0]
    found = {}
    for item in getattr(first, "transformers_", None) or ():
        _, transformer, names = item
        if isinstance(transformer, str) or isinstance(names, str):
            continue
        names = list(names) if isinstance(names, (list, tuple)) or hasattr(names, "tolist") else []
        if not all(isinstance(name, str) for name in names):
            continue
        for step in _steps(transformer):
            categories = getattr(step, "categories_", None)
            if categories is not None and len(categories) == len(names):
                found.update({name: numpy.asarray(values) for name, values in zip(names, categories)})
                break
    return found


def _classes(model):
    numpy = numpy_or_none()
    try:
        classes = model.classes_
    except Exception:
        return None
    if isinstance(classes, list) and any(hasattr(item, "dtype") for item in classes):
        return None  # Several outputs.
    return numpy.asarray(classes)


def _float(model):
    return "FP32" if type(model).__module__.startswith("xgboost") else "FP64"


def _is_forest(model):
    return type(model).__module__ == "sklearn.ensemble._forest" and getattr(model, "n_outputs_", 1) == 1


def _errors(library):
    module = __import__(library)
    names = {"lightgbm": "LightGBMError", "xgboost": "XGBoostError", "catboost": "CatBoostError"}
    for place in (module, getattr(module, "basic", None), getattr(module, "core", None)):
        error = getattr(place, names[library], None)
        if error is not None:
            return (error,)
    return ()
