"""Every name that a module of the installed libraries has, however it came there: the module, the name, where it is defined, what it is.

What it is: `class`, `function`, `module` or `value`; of a class, also `exception`. A line each, tabs between. Then scikit-learn's estimators as `estimator`.
"""
import importlib
import inspect
import pkgutil
import sys
import warnings

warnings.simplefilter("ignore")
sys.argv = sys.argv[:1]
# Some modules print when they are imported.
output, sys.stdout = sys.stdout, sys.stderr

LIBRARIES = ["numpy", "scipy.sparse", "scipy.interpolate", "sklearn", "pandas", "joblib", "xgboost"]
LEFT_OUT = ("tests", "conftest", "f2py", "distutils", "setup", "__main__", "_pyinstaller", "externals.array_api_extra", "array_api_compat")


def modules(name):
    try:
        module = importlib.import_module(name)
    except BaseException:
        return
    yield module
    for info in pkgutil.iter_modules(getattr(module, "__path__", [])):
        if not any(part in info.name for part in LEFT_OUT):
            yield from modules(f"{name}.{info.name}")


def kind(value):
    if inspect.ismodule(value):
        return "module"
    if inspect.isclass(value):
        return "class"
    return "function" if callable(value) else "value"


for library in LIBRARIES:
    for module in modules(library):
        for name in list(vars(module)):
            try:
                value = getattr(module, name)
                owner = value.__name__ if inspect.ismodule(value) else getattr(value, "__module__", None) or type(value).__module__
                print(module.__name__, name, owner, kind(value), sep="\t", file=output)
            except BaseException:
                continue

from sklearn.utils import all_estimators  # noqa: E402

for name, value in all_estimators():
    print(value.__module__, name, value.__module__, "estimator", sep="\t", file=output)
