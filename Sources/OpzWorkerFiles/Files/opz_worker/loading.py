"""Which loader reads which model."""

import os

from .failures import LoadFailure

LOADERS = {
    "sklearn-joblib": ("objects", "load_joblib"),
    "sklearn-pickle": ("objects", "load_pickle"),
    "skops": ("objects", "load_skops"),
    "mlflow": ("hub", "load_mlflow"),
    "xgboost": ("boosters", "load_xgboost"),
    "lightgbm": ("boosters", "load_lightgbm"),
    "catboost": ("boosters", "load_catboost"),
    "onnx": ("graphs", "load_onnx"),
    "torchscript": ("graphs", "load_torchscript"),
    "torch-export": ("graphs", "load_exported"),
    "keras": ("graphs", "load_keras"),
    "transformers": ("hub", "load_transformers"),
    "statsmodels": ("statistics", "load_statsmodels"),
}

SUFFIXES = {
    ".joblib": "sklearn-joblib",
    ".pkl": "sklearn-pickle",
    ".pickle": "sklearn-pickle",
    ".skops": "skops",
    ".ubj": "xgboost",
    ".json": "xgboost",
    ".txt": "lightgbm",
    ".cbm": "catboost",
    ".onnx": "onnx",
    ".pt": "torchscript",
    ".pth": "torchscript",
    ".pt2": "torch-export",
    ".keras": "keras",
    ".h5": "keras",
}

FILES = {"MLmodel": "mlflow", "config.json": "transformers"}


def load(options):
    """The model that the options name."""
    path = options.model
    code = options.predict or _own_code(options)
    if code is not None and options.loader in (None, "predict"):
        from .code import Code

        return Code(code, path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path)))
    name = options.loader or _guess(path)
    if name not in LOADERS:
        raise LoadFailure(f"there is no loader '{name}': it is one of {', '.join(sorted(LOADERS))}, predict")
    if os.path.isdir(path) and name not in FILES.values():
        path = _only_file(path, name)
    module, function = LOADERS[name]
    imported = __import__(f"{__package__}.{module}", fromlist=[function])
    try:
        return getattr(imported, function)(path)
    except ImportError as failure:
        raise LoadFailure(f"{os.path.basename(path)} needs a module that is not installed: {failure}") from failure


def _own_code(options):
    for directory in (options.code, options.model if os.path.isdir(options.model) else None):
        if directory and os.path.isfile(os.path.join(directory, "predict.py")):
            return os.path.join(directory, "predict.py")
    return None


def _guess(path):
    if os.path.isdir(path):
        for name, loader in FILES.items():
            if os.path.isfile(os.path.join(path, name)):
                return loader
        found = sorted({SUFFIXES[end] for end in (os.path.splitext(name)[1] for name in os.listdir(path)) if end in SUFFIXES})
        if len(found) == 1:
            return found[0]
        raise LoadFailure(f"{path} does not say which library reads it: give --loader, or a predict.py")
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in SUFFIXES:
        raise LoadFailure(f"{path} does not say which library reads it: give --loader, or a predict.py")
    return SUFFIXES[suffix]


def _only_file(directory, loader):
    found = [name for name in sorted(os.listdir(directory)) if SUFFIXES.get(os.path.splitext(name)[1].lower()) == loader]
    if loader == "keras" and not found:
        return directory
    if len(found) != 1:
        raise LoadFailure(f"{directory} has {len(found) or 'no'} files for the loader '{loader}'")
    return os.path.join(directory, found[0])


def merged(found, given):
    """The signature that holds: what is written down wins, what the model says fills the gaps."""
    if not given:
        return found
    known = {item["name"]: item for item in found or ()}
    return [{**known.get(item["name"], {}), **{key: value for key, value in item.items() if value is not None}} for item in given]
