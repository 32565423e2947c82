"""Results of statsmodels."""

from .model import Model, column, version_of
from .tensors import numpy_or_none


def load_statsmodels(path):
    """results.save's pickle."""
    from statsmodels.iolib.smpickle import load_pickle

    return Results(load_pickle(path))


class Results(Model):
    """A fitted model. One fitted by a formula takes the formula's variables, another one its columns without the constant."""

    def __init__(self, results):
        import statsmodels

        self.results = results
        self.library = ("statsmodels", version_of(statsmodels))
        self.kind = "pandas"
        self.outputs = [{"name": "prediction", "datatype": "FP64", "shape": [-1]}]
        data = results.model.data
        self.order = list(getattr(results.model, "exog_names", None) or [])
        variables = _variables(getattr(data, "design_info", None) or getattr(data, "model_spec", None))
        self.has_formula = variables is not None
        if self.has_formula:
            self.inputs = [column(name, datatype) for name, datatype in variables] or None
        else:
            self.inputs = [column(name, "FP64") for name in self.order if name != "const"] or None

    def predict(self, table, wanted, parameters):
        if not self.has_formula:
            if "const" in self.order:
                table.insert(0, "const", 1.0)
            table = table[self.order]
        return {"prediction": numpy_or_none().asarray(self.results.predict(table))}


def _variables(design):
    """The columns that a formula of patsy's reads, with the datatype of each where it is known."""
    if design is None:
        return None
    found = []
    for factor, info in (getattr(design, "factor_infos", None) or {}).items():
        code = getattr(factor, "code", "")
        name = code if code.isidentifier() else None
        for symbol in _symbols(code) if name is None else [name]:
            kind = None
            if name is not None:
                kind = "FP64" if info.type == "numerical" else "BYTES" if any(isinstance(c, str) for c in info.categories) else None
            if symbol not in [known for known, _ in found]:
                found.append((symbol, kind))
    return found


def _symbols(code):
    """The names in an expression that are neither called nor part of a module."""
    import ast

    try:
        tree = ast.parse(code, mode="eval")
    except SyntaxError:
        return []
    called = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called.update(part.id for part in ast.walk(node.func) if isinstance(part, ast.Name))
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id not in called]
