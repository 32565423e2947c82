"""A user's `predict.py`: `predict(table)`, and where it has them `load(directory)`, `batch` and `health`."""

import importlib.util
import inspect
import os
import sys

from . import tables
from .failures import LoadFailure
from .model import Model


class Code(Model):
    """The functions of a file."""

    # A ValueError is the agreed word of user code for an input that is wrong; what else it raises is its own failure.
    blames = (ValueError,)

    def __init__(self, path, directory):
        module = _imported(path)
        self.function = getattr(module, "predict", None)
        if not callable(self.function):
            raise LoadFailure(f"{path} has no function 'predict'")
        self.checks = getattr(module, "health", None)
        self.checks_health = callable(self.checks)
        load = getattr(module, "load", None)
        self.loaded = load(directory) if callable(load) else None
        self.kind = tables.kind_of(self.function)
        self.max_batch = _batch(path, getattr(module, "batch", None))
        self.takes_model, self.takes_parameters, self.takes_outputs = _extras(self.function)

    def predict(self, table, wanted, parameters):
        arguments = [table, self.loaded] if self.takes_model else [table]
        named = {"parameters": parameters} if self.takes_parameters else {}
        if self.takes_outputs:
            named["outputs"] = wanted
        result = self.function(*arguments, **named)
        if isinstance(result, dict):
            return result
        if type(result).__module__.partition(".")[0] in ("pandas", "polars") and hasattr(result, "columns"):
            return {str(name): result[name] for name in result.columns}
        if type(result).__module__.partition(".")[0] == "pyarrow" and hasattr(result, "column_names"):
            return {name: result.column(name) for name in result.column_names}
        return {"prediction": result}

    def health(self):
        return not self.checks_health or self.checks() is not False


def _imported(path):
    directory = os.path.dirname(os.path.abspath(path))
    if directory not in sys.path:
        sys.path.insert(0, directory)
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LoadFailure(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    # So that what it defines can be pickled and its dataclasses find it.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _batch(path, batch):
    if batch is None or batch is True:
        return None
    if batch is False:
        return 1
    if isinstance(batch, int) and batch > 0:
        return batch
    raise LoadFailure(f"{path}: 'batch' is {batch!r}: it has to be a number of rows, or False")


def _extras(function):
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return False, False, False
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = {p.name for p in parameters[1:]}
    second = places[1] if len(places) > 1 else None
    takes_model = second is not None and second.name not in ("parameters", "outputs") and second.default is second.empty
    return takes_model, "parameters" in names, "outputs" in names
