"""What the worker serves, whatever library made it."""


class Model:
    """A loaded model. A loader fills in what it knows; what stays None is not known before the first request."""

    # The table that `predict` takes: one of `tables.KINDS`.
    kind = "pandas"
    # Inputs and outputs as in a signature.
    inputs = None
    outputs = None
    # Rows of one call, where the model's code says so.
    max_batch = None
    # Exceptions of `predict` that say that the input is wrong.
    blames = (ValueError, TypeError, KeyError, IndexError)
    # Whether `health` has something to say.
    checks_health = False
    # The library, as (name, version).
    library = None

    def predict(self, table, wanted, parameters):
        """A dict of outputs by name; `wanted` are the names that are asked for, None for all."""
        raise NotImplementedError

    def health(self):
        """Whether it can still predict."""
        return True


def column(name, datatype=None, **more):
    """An input of a signature."""
    spec = {"name": name}
    if datatype is not None:
        spec["datatype"] = datatype
    spec.update({key: value for key, value in more.items() if value is not None})
    return spec


def version_of(module):
    """The version of an imported module."""
    return str(getattr(module, "__version__", ""))


def datatype_of(dtype):
    """The protocol's datatype of a type of numpy's, None where there is none."""
    import numpy

    dtype = numpy.dtype(dtype)
    if dtype.kind in "OSU":
        return "BYTES"
    names = {"b1": "BOOL", "f2": "FP32", "f4": "FP32", "f8": "FP64"}
    names.update({f"{kind}{size}": f"{text}{8 * size}" for kind, text in (("i", "INT"), ("u", "UINT")) for size in (1, 2, 4, 8)})
    return names.get(dtype.kind + str(dtype.itemsize))
