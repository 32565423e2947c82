"""Files of XGBoost, LightGBM and CatBoost, read by the libraries themselves."""

import json

from .failures import bad_input
from .model import Model, column, version_of
from .tensors import numpy_or_none


def load_xgboost(path):
    """save_model's JSON or UBJSON."""
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(path)
    return XGBoost(booster)


class XGBoost(Model):
    """A Booster."""

    def __init__(self, booster):
        import xgboost

        self.booster = booster
        self.xgboost = xgboost
        self.library = ("xgboost", version_of(xgboost))
        names = booster.feature_names
        types = booster.feature_types or []
        count = booster.num_features()
        self.names = names
        self.has_categories = "c" in types
        self.inputs = [
            column(names[n] if names else f"f{n}", None if n < len(types) and types[n] == "c" else "FP32") for n in range(count)
        ]
        self.kind = "pandas" if self.has_categories else "numpy"
        self.blames = self.blames + (xgboost.core.XGBoostError,)
        objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
        name = "probability" if objective in ("binary:logistic", "multi:softprob") else "prediction"
        self.outputs = [{"name": name, "datatype": "FP32"}]
        if objective != "multi:softprob":
            self.outputs[0]["shape"] = [-1]

    def predict(self, table, wanted, parameters):
        settings = {"feature_names": self.names}
        if self.has_categories:
            settings["enable_categorical"] = True
            if any(_is_text(table[name]) for name in table.columns):
                table = self.prepared(table)
            else:
                # Codes, which a matrix takes as they are.
                settings["feature_types"] = self.booster.feature_types
                table = table.to_numpy(dtype="float32")
        return {self.outputs[0]["name"]: self.booster.predict(self.xgboost.DMatrix(table, **settings))}

    def prepared(self, table):
        """The table with its texts as categories."""
        import pandas

        for item in self.inputs:
            name = item["name"]
            if not _is_text(table[name]):
                continue
            if item.get("categories"):
                table[name] = pandas.Categorical(table[name], categories=item["categories"])
            elif hasattr(self.booster, "get_categories"):
                # From 3.1 on a model has its categories, and these are matched by their texts.
                table[name] = table[name].astype("category")
            else:
                raise bad_input(
                    f"input '{name}' has texts, but a model of XGBoost {self.library[1]} has codes alone: "
                    "write the categories of the column into the signature, in the order of training"
                )
        return table


def _is_text(series):
    return series.dtype.kind == "O" or str(series.dtype) in ("str", "string")


def load_lightgbm(path):
    """save_model's text."""
    import lightgbm

    return LightGBM(lightgbm.Booster(model_file=path))


class LightGBM(Model):
    """A Booster."""

    def __init__(self, booster):
        import lightgbm

        self.booster = booster
        self.library = ("lightgbm", version_of(lightgbm))
        self.blames = self.blames + (lightgbm.basic.LightGBMError,)
        dump = booster.dump_model(num_iteration=1)
        self.names = booster.feature_name()
        self.categories = self._categorical(dump)
        self.inputs = [
            column(name, "BYTES" if self._is_text(name) else "FP64", categories=self.categories.get(name) if self._is_text(name) else None)
            for name in self.names
        ]
        self.kind = "pandas" if self.categories else "numpy"
        objective = (dump.get("objective") or "").split(" ")[0]
        name = "probability" if objective in ("binary", "multiclass", "multiclassova", "cross_entropy") else "prediction"
        self.outputs = [{"name": name, "datatype": "FP64"}]
        if booster.num_model_per_iteration() == 1:
            self.outputs[0]["shape"] = [-1]

    def _categorical(self, dump):
        """Categories by column: the n-th list is the n-th categorical column's."""
        lists = getattr(self.booster, "pandas_categorical", None) or []
        infos = dump.get("feature_infos") or {}
        marked = [name for name in self.names if (infos.get(name) or {}).get("values")]
        if len(marked) != len(lists):
            marked = self._declared()
        return dict(zip(marked, lists)) if len(marked) == len(lists) else {}

    def _declared(self):
        for line in self.booster.model_to_string(num_iteration=1).splitlines():
            if line.startswith("[categorical_feature: "):
                numbers = line[len("[categorical_feature: ") : -1]
                return [self.names[int(number)] for number in numbers.split(",") if number.strip().isdigit()]
        return []

    def _is_text(self, name):
        return any(isinstance(value, str) for value in self.categories.get(name, ()))

    def predict(self, table, wanted, parameters):
        return {self.outputs[0]["name"]: self.booster.predict(self.prepared(table))}

    def prepared(self, table):
        """The table with the categories of training, whose order LightGBM goes by."""
        if self.categories:
            import pandas

            for name, categories in self.categories.items():
                table[name] = pandas.Categorical(table[name], categories=categories)
        return table


def load_catboost(path):
    """save_model's cbm or JSON."""
    import catboost

    kind = "json" if path.endswith(".json") else "cbm"
    model = catboost.CatBoost()
    model.load_model(path, format=kind)
    return CatBoost(model)


class CatBoost(Model):
    """A model of any of CatBoost's classes."""

    def __init__(self, model):
        import catboost

        self.model = model
        self.catboost = catboost
        self.library = ("catboost", version_of(catboost))
        self.blames = self.blames + (catboost.CatBoostError,)
        self.names = [str(name) for name in model.feature_names_]
        texts = set(model.get_cat_feature_indices()) | set(model.get_text_feature_indices())
        self.inputs = [column(name, "BYTES" if number in texts else "FP64") for number, name in enumerate(self.names)]
        self.texts = [self.names[number] for number in sorted(texts)]
        self.kind = "pandas"
        numpy = numpy_or_none()
        classes = getattr(model, "classes_", None)
        self.classes = numpy.asarray(classes) if classes is not None and len(classes) else None
        self.outputs = [{"name": "prediction"}]
        if self.classes is not None:
            self.outputs.append({"name": "probability", "datatype": "FP64", "shape": [-1, len(self.classes)]})

    def predict(self, table, wanted, parameters):
        for name in self.texts:
            if table[name].dtype.kind == "f":
                # Whole numbers are categories to CatBoost, floats are not.
                table[name] = table[name].astype("int64")
        pool = self.catboost.Pool(table, cat_features=list(self.model.get_cat_feature_indices()) or None, text_features=list(self.model.get_text_feature_indices()) or None)
        if self.classes is None:
            return {"prediction": self.model.predict(pool)}
        results = {}
        if wanted is None or "prediction" in wanted:
            labels = self.model.predict(pool, prediction_type="Class")
            results["prediction"] = labels.reshape(-1) if labels.ndim == 2 and labels.shape[1] == 1 else labels
        if wanted is None or "probability" in wanted:
            results["probability"] = self.model.predict(pool, prediction_type="Probability")
        return results
