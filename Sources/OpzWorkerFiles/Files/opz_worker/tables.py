"""Makes the inputs of a request what a model's code asks for: a table of pandas, numpy, polars or pyarrow, or plain dicts."""

import inspect
import math
import typing

from .failures import bad_input
from .tensors import FLOATS, numpy_or_none

KINDS = ("pandas", "numpy", "polars", "pyarrow", "records", "tensors")
EXACT = 1 << 53


def kind_of(function):
    """The kind of table that the first parameter's annotation asks for; what is installed decides where there is none."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    annotation = inspect.Parameter.empty
    if parameters:
        annotation = parameters[0].annotation
        try:
            annotation = typing.get_type_hints(function).get(parameters[0].name, annotation)
        except Exception:  # A name that exists only for type checkers.
            pass
    return _kind(annotation) or default_kind()


def _kind(annotation):
    if annotation is inspect.Parameter.empty:
        return None
    if isinstance(annotation, str):
        text = annotation
    else:
        origin = typing.get_origin(annotation) or annotation
        text = f"{getattr(origin, '__module__', '')}.{getattr(origin, '__qualname__', origin)}"
    lower = text.lower()
    for part, kind in (("polars", "polars"), ("pyarrow", "pyarrow"), ("pandas", "pandas"), ("numpy", "numpy"), ("ndarray", "numpy")):
        if part in lower:
            return kind
    for start, kind in (("pd.", "pandas"), ("np.", "numpy"), ("npt.", "numpy"), ("pl.", "polars"), ("pa.", "pyarrow")):
        if lower.startswith(start):
            return kind
    bare = lower.rpartition("builtins.")[2].rpartition("typing.")[2]
    if bare.startswith(("list", "sequence", "iterable")):
        return "records"
    if bare.startswith(("dict", "mapping")):
        return "tensors"
    return "pandas" if bare.endswith("dataframe") else None


def default_kind():
    """pandas if it is installed, else numpy, else plain dicts."""
    for module, kind in (("pandas", "pandas"), ("numpy", "numpy")):
        try:
            __import__(module)
            return kind
        except ImportError:
            continue
    return "records"


class Columns:
    """The names of what a model takes."""

    def __init__(self, inputs):
        """`inputs` as in a signature; None where it is not known."""
        self.names = [item["name"] for item in inputs] if inputs else None

    def make(self, kind, inputs):
        """The table of these inputs.

        Raises `Refusal` (`bad_input`) where they do not fit.
        """
        if not inputs:
            raise bad_input("the request has no inputs")
        if kind == "tensors":
            return {tensor.name: shaped(tensor) for tensor in inputs}
        if kind == "numpy" and len(inputs) == 1 and len(inputs[0].shape) > 2:
            return shaped(inputs[0])
        matrix = self._matrix(inputs)
        if matrix is not None:
            return self._from_matrix(kind, matrix)
        return BUILDERS[kind](self._ordered(inputs))

    def _matrix(self, inputs):
        """The one input that has all columns, if it is one."""
        if len(inputs) != 1 or len(inputs[0].shape) != 2:
            return None
        tensor = inputs[0]
        if self.names is None:
            return tensor
        if len(self.names) == 1 and tensor.name == self.names[0]:
            return None if tensor.shape[1] == 1 else tensor
        if tensor.shape[1] != len(self.names):
            raise bad_input(f"input '{tensor.name}' has {tensor.shape[1]} columns: the model has {len(self.names)}")
        return tensor

    def _from_matrix(self, kind, tensor):
        if kind == "numpy":
            return shaped(tensor)
        columns = []
        for number in range(tensor.shape[1]):
            name = self.names[number] if self.names else str(number)
            values = tensor.values[number :: tensor.shape[1]]
            missing = [position // tensor.shape[1] for position in tensor.missing if position % tensor.shape[1] == number]
            columns.append(Column(name, tensor.datatype, values, missing))
        if kind == "pandas" and not tensor.missing and tensor.datatype != "BYTES":
            import pandas

            return pandas.DataFrame(tensor.values.reshape(tensor.shape), columns=[column.name for column in columns], copy=False)
        return BUILDERS[kind](columns)

    def _ordered(self, inputs):
        columns = {}
        rows = inputs[0].rows
        for tensor in inputs:
            if len(tensor.shape) > 2 or (len(tensor.shape) == 2 and tensor.shape[1] != 1):
                raise bad_input(f"input '{tensor.name}' has the shape {tensor.shape}: the shape of a column is [rows]")
            if tensor.rows != rows:
                raise bad_input(f"input '{tensor.name}' has {tensor.rows} rows, but '{inputs[0].name}' has {rows}")
            columns[tensor.name] = Column(tensor.name, tensor.datatype, tensor.values, tensor.missing)
        if self.names is None:
            return list(columns.values())
        absent = [name for name in self.names if name not in columns]
        unknown = [name for name in columns if name not in self.names]
        if absent or unknown:
            parts = [f"missing inputs: {', '.join(absent)}"] if absent else []
            parts += [f"unknown inputs: {', '.join(unknown)}"] if unknown else []
            raise bad_input("; ".join(parts))
        return [columns[name] for name in self.names]


def shaped(tensor):
    """The tensor's values in its shape: an array of numpy's where it is installed, else nested lists."""
    numpy = numpy_or_none()
    if numpy is None:
        return _nested(list(tensor.values), tensor.shape)
    if tensor.datatype == "BYTES":
        return numpy.array(tensor.values, dtype=object).reshape(tensor.shape)
    return filled(numpy, tensor).reshape(tensor.shape)


def _nested(values, shape):
    if len(shape) < 2:
        return values
    step = math.prod(shape[1:])
    return [_nested(values[start : start + step], shape[1:]) for start in range(0, len(values), step)]


class Column:
    """One column: values as in `Tensor`, and where integers or booleans are missing."""

    __slots__ = ("name", "datatype", "values", "missing")

    def __init__(self, name, datatype, values, missing):
        self.name = name
        self.datatype = datatype
        self.values = values
        self.missing = missing


def filled(numpy, column):
    """Numbers as an array: floats where some are missing, since NaN is what libraries take."""
    values = column.values
    if not len(column.missing) or column.datatype in FLOATS:
        return values
    values = values.astype("f8")
    values[list(column.missing)] = numpy.nan
    return values


def _listed(column):
    """The values as Python's own, None where one is missing."""
    values = column.values.tolist() if hasattr(column.values, "tolist") else list(column.values)
    for position in column.missing:
        values[position] = None
    if column.datatype in FLOATS:
        values = [None if value != value else value for value in values]
    return values


def _pandas(columns):
    import pandas

    numpy = numpy_or_none()
    return pandas.DataFrame({column.name: _series(pandas, numpy, column) for column in columns})


def _series(pandas, numpy, column):
    if column.datatype == "BYTES":
        # What pandas' own readers make of a missing text.
        values = [numpy.nan if value is None else value for value in column.values]
        return pandas.Series(values) if any(value is not None for value in column.values) else pandas.Series(values, dtype=object)
    if len(column.missing) and column.datatype == "BOOL":
        values = column.values.astype(object)
        values[list(column.missing)] = None
        return values
    if len(column.missing) and column.datatype in ("INT64", "UINT64") and (abs(column.values.astype("f8")) > EXACT).any():
        series = pandas.Series(column.values).astype("Int64" if column.datatype == "INT64" else "UInt64")
        series[list(column.missing)] = pandas.NA
        return series
    return filled(numpy, column)


def _numpy(columns):
    numpy = numpy_or_none()
    if any(column.datatype == "BYTES" for column in columns):
        table = numpy.empty((len(columns[0].values), len(columns)), dtype=object)
        for number, column in enumerate(columns):
            table[:, number] = _listed(column) if column.datatype == "BYTES" else filled(numpy, column)
        return table
    kind = "f4" if all(column.datatype == "FP32" for column in columns) else "f8"
    table = numpy.empty((len(columns[0].values), len(columns)), dtype=kind)
    for number, column in enumerate(columns):
        table[:, number] = filled(numpy, column)
    return table


def _polars(columns):
    import polars

    return polars.DataFrame({column.name: _listed(column) if len(column.missing) or column.datatype == "BYTES" else column.values for column in columns})


def _pyarrow(columns):
    import pyarrow

    return pyarrow.table({column.name: _listed(column) if len(column.missing) or column.datatype == "BYTES" else pyarrow.array(column.values) for column in columns})


def _records(columns):
    names = [column.name for column in columns]
    return [dict(zip(names, row)) for row in zip(*(_listed(column) for column in columns))]


BUILDERS = {"pandas": _pandas, "numpy": _numpy, "polars": _polars, "pyarrow": _pyarrow, "records": _records}
