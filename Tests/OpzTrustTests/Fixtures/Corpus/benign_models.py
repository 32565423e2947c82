"""What scikit-learn, NumPy, pandas, SciPy and joblib save. It runs with the versions that are installed, old and new."""

import bz2
import copyreg  # noqa: F401
import datetime
import decimal
import fractions
import gzip
import io
import lzma
import pathlib
import pickle
import tarfile
import tempfile
import uuid
import warnings
import zipfile
import collections
import zlib

import joblib
import numpy as np
import pandas as pd
import scipy.sparse
import sklearn
import sklearn.base
import sklearn.compose
import sklearn.datasets
import sklearn.ensemble
import sklearn.feature_extraction.text
import sklearn.impute
import sklearn.isotonic
import sklearn.linear_model
import sklearn.model_selection
import sklearn.multiclass
import sklearn.multioutput
import sklearn.neighbors
import sklearn.pipeline
import sklearn.preprocessing
import sklearn.svm
import sklearn.tree
from sklearn.utils import all_estimators

VERSION = f"scikit-learn {sklearn.__version__}"


def dumped(value, compress=0, protocol=None):
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "model"
        joblib.dump(value, path, compress=compress, protocol=protocol)
        return path.read_bytes()


def fitted():
    """Every estimator of scikit-learn that can be fitted without more than its defaults."""
    random = np.random.RandomState(0)
    X, y = np.abs(random.rand(24, 3)), np.array([0, 1] * 12)
    words = ["a b", "cc dd", "a cc"] * 8
    for name, kind in all_estimators():
        try:
            estimator = kind()
            for key, value in [("n_estimators", 2), ("max_iter", 3), ("n_init", 1), ("random_state", 0), ("n_components", 2), ("n_quantiles", 5), ("cv", 2)]:
                if key in estimator.get_params():
                    estimator.set_params(**{key: value})
        except TypeError:
            continue
        for arguments in ((X, y), (X[:, 0], y), (X, np.stack([y, y], 1)), (words, y)):
            try:
                yield name, estimator.fit(*arguments)
                break
            except Exception:
                continue


def models(corpus):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kinds = [("pkl", lambda v: pickle.dumps(v)), ("pickle", lambda v: pickle.dumps(v, 2)), ("joblib", dumped), ("joblib", lambda v: dumped(v, 3)), ("sav", lambda v: pickle.dumps(v, 4)), ("bin", lambda v: dumped(v, ("gzip", 3))), ("pkl", lambda v: pickle.dumps(v, 0))]
        for index, (name, model) in enumerate(fitted()):
            file, save = kinds[index % len(kinds)]
            try:
                data = save(model)
            except Exception:
                continue
            if len(data) < 60_000:
                corpus.benign(f"model.{file}", f"{VERSION}: {name}", data)
        X, y = np.random.RandomState(0).rand(40, 3), np.array([0, 1] * 20)
        Pipeline = sklearn.pipeline.make_pipeline
        for name, model in {
            "a pipeline": Pipeline(sklearn.preprocessing.StandardScaler(), sklearn.svm.SVC()),
            "a pipeline with columns": Pipeline(sklearn.compose.ColumnTransformer([("a", sklearn.preprocessing.StandardScaler(), [0, 1]), ("b", "passthrough", [2])]), sklearn.linear_model.LogisticRegression()),
            "a search": sklearn.model_selection.GridSearchCV(sklearn.linear_model.Ridge(), {"alpha": [0.1, 1.0]}, cv=2),
            "a random search": sklearn.model_selection.RandomizedSearchCV(sklearn.tree.DecisionTreeClassifier(), {"max_depth": [1, 2]}, n_iter=2, cv=2),
            "a function": sklearn.preprocessing.FunctionTransformer(np.log1p),
            "stacking": sklearn.ensemble.StackingClassifier([("a", sklearn.linear_model.LogisticRegression()), ("b", sklearn.tree.DecisionTreeClassifier())], cv=2),
            "voting": sklearn.ensemble.VotingClassifier([("a", sklearn.linear_model.LogisticRegression()), ("b", sklearn.tree.DecisionTreeClassifier())]),
            "one against all": sklearn.multiclass.OneVsRestClassifier(sklearn.svm.LinearSVC()),
            "a kd tree": sklearn.neighbors.KNeighborsClassifier(algorithm="kd_tree"),
            "a ball tree": sklearn.neighbors.KNeighborsClassifier(algorithm="ball_tree"),
        }.items():
            model.fit(X, y)
            corpus.benign("model.pkl", f"{VERSION}: {name}", pickle.dumps(model))
            corpus.benign("model.joblib", f"{VERSION}: {name}, joblib", dumped(model, 3))


def compressions(corpus):
    model = sklearn.ensemble.RandomForestClassifier(3, random_state=0).fit(np.random.RandomState(0).rand(30, 3), np.array(["no", "yes", "maybe"] * 10, dtype=object))
    kinds = [3, 9, True, ("zlib", 1), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)]
    try:
        import lz4.frame  # noqa: F401

        kinds.append(("lz4", 3))
    except ImportError:
        pass
    for kind in kinds:
        for file in ("model.joblib", "model.sav", "forest.bin", "model.pkl"):
            corpus.benign(file, f"joblib {joblib.__version__}: compress={kind}", dumped(model, kind))
    for protocol in range(6):
        corpus.benign("model.joblib", f"joblib {joblib.__version__}: protocol {protocol}", dumped(model, 0, protocol))
        corpus.benign("model.bin", f"joblib {joblib.__version__}: protocol {protocol}, compress=3", dumped(model, 3, protocol))
        corpus.benign("model.pkl", f"{VERSION}: protocol {protocol}", pickle.dumps(model, protocol))
    plain = pickle.dumps(model)
    for file, pack in [("model.pkl.gz", gzip.compress), ("model.pkl.bz2", bz2.compress), ("model.pkl.xz", lzma.compress), ("model.pkl.z", zlib.compress)]:
        corpus.benign(file, "a pickle, compressed", pack(plain))
    try:
        import zstandard

        corpus.benign("model.pkl.zst", "a pickle, compressed", zstandard.compress(plain))
    except ImportError:
        pass
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, data in [("model/model.pkl", plain), ("model/MLmodel", b"flavors: {}\n")]:
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    corpus.benign("model.tar.gz", "a tar with a pickle", buffer.getvalue())


def arrays(corpus):
    values = {
        "floats": np.random.RandomState(0).rand(7, 3), "in columns": np.asfortranarray(np.random.RandomState(0).rand(7, 3)),
        "integers": np.arange(5, dtype="i2"), "bytes of every value": np.arange(512, dtype="u1"), "texts": np.array(["a", "bcd"]), "bytes": np.array([b"a", b"bc"]),
        "objects": np.array(["no", None, 1.5], dtype=object), "times": np.array(["2026-05-03", "2026-05-04"], dtype="M8[ns]"), "durations": np.array([1, 2], "m8[s]"),
        "a structure": np.zeros(3, dtype=[("a", "i4"), ("b", "f8"), ("c", "U3")]), "a structure with objects": np.zeros(2, dtype=[("a", "i4"), ("b", "O")]),
        "an aligned structure": np.zeros(2, dtype=np.dtype([("a", "i1"), ("b", "f8")], align=True)), "a structure with an array": np.zeros(2, dtype=[("a", "f4", (2, 2))]),
        "a scalar": np.float64(1.5), "an array of no dimension": np.array(3.5), "an empty one": np.zeros((0, 3)), "truths": np.array([True, False]), "complex": np.array([1j]),
        "halves": np.zeros(3, "f2"), "big-endian": np.arange(3, dtype=">i4"), "a mask": np.ma.array([1, 2], mask=[0, 1]), "a matrix": np.asmatrix([[1, 2]]), "records": np.rec.array([(1, 2.0)]),
        "a date": np.datetime64("2026-05-03"), "a dtype": np.dtype("f4"), "a generator": np.random.default_rng(1), "a random state": np.random.RandomState(1), "zeros": np.zeros(3000), "opcodes": np.full(500, 40, "u1"),
    }
    for name, value in values.items():
        corpus.benign("value.pkl", f"NumPy {np.__version__}: {name}", pickle.dumps(value))
        corpus.benign("value.joblib", f"NumPy {np.__version__}: {name}, joblib", dumped({"x": [value, value]}))
        if isinstance(value, np.ndarray):
            buffer = io.BytesIO()
            np.save(buffer, value)
            corpus.benign("value.npy", f"NumPy {np.__version__}: {name}", buffer.getvalue())
    for name, save in [("npz", np.savez), ("npz, compressed", np.savez_compressed)]:
        buffer = io.BytesIO()
        save(buffer, *(value for value in values.values() if type(value) is np.ndarray))
        corpus.benign("values.npz", f"NumPy {np.__version__}: {name}", buffer.getvalue())
    buffer = io.BytesIO()
    for value in (values["floats"], values["objects"], values["integers"]):
        np.save(buffer, value)
    corpus.benign("several.npy", f"NumPy {np.__version__}: one array after the other", buffer.getvalue())
    for value in (scipy.sparse.csr_matrix(np.eye(3)), scipy.sparse.csc_matrix(np.eye(3)), scipy.sparse.coo_matrix(np.eye(3)), scipy.sparse.lil_matrix(np.eye(3)), scipy.sparse.dok_matrix(np.eye(3)), scipy.sparse.dia_matrix(np.eye(3)), scipy.sparse.bsr_matrix(np.eye(3))):
        corpus.benign("matrix.pkl", f"SciPy: {type(value).__name__}", pickle.dumps(value))
    buffer = io.BytesIO()
    scipy.sparse.save_npz(buffer, scipy.sparse.csr_matrix(np.eye(3)))
    corpus.benign("matrix.npz", "SciPy: save_npz", buffer.getvalue())


def frames(corpus):
    version = f"pandas {pd.__version__}"
    days = pd.date_range("2026-05-03", periods=3)
    series = {
        "integers": pd.Series([1, 2]), "texts": pd.Series(["a", "b"]), "categories": pd.Series(pd.Categorical(["u", "v"])), "ordered categories": pd.Series(pd.Categorical(["u", "v"], ordered=True)),
        "Int64": pd.Series([1, None], dtype="Int64"), "UInt8": pd.Series([1, None], dtype="UInt8"), "Int8": pd.Series([1], dtype="Int8"), "UInt32": pd.Series([1], dtype="UInt32"),
        "Float64": pd.Series([1.5, None], dtype="Float64"), "Float32": pd.Series([1.5], dtype="Float32"), "boolean": pd.Series([True, None], dtype="boolean"), "string": pd.Series(["a", None], dtype="string"),
        "times": pd.Series(days), "times with a zone": pd.Series(days.tz_localize("UTC")), "times with a place": pd.Series(days.tz_localize("Europe/Berlin")), "durations": pd.Series(pd.to_timedelta([1, 2], unit="s")),
        "periods": pd.Series(pd.period_range("2026-01", periods=2, freq="M")), "intervals": pd.Series(pd.interval_range(0, 2)), "sparse": pd.Series(pd.arrays.SparseArray([0, 0, 1])), "missing": pd.Series([pd.NA, pd.NaT], dtype=object),
    }
    for name, value in series.items():
        corpus.benign("column.pkl", f"{version}: {name}", pickle.dumps(value))
        corpus.benign("frame.pkl", f"{version}: a frame of {name}", pickle.dumps(pd.DataFrame({"a": value}), 4))
    indexes = {
        "a range": pd.RangeIndex(3), "names": pd.Index(["a", "b"]), "several levels": pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", "y"]), "days": days,
        "months": pd.date_range("2026-01", periods=3, freq="MS"), "business days": pd.bdate_range("2026-01-05", periods=3), "weeks": pd.date_range("2026-01-04", periods=3, freq="W"), "quarters": pd.period_range("2026Q1", periods=2, freq="Q"),
        "durations": pd.timedelta_range("1s", periods=2), "categories": pd.CategoricalIndex(["a", "b"]), "intervals": pd.interval_range(0, 2), "floats": pd.Index([0.5, 1.5]),
    }
    for name, value in indexes.items():
        corpus.benign("index.pkl", f"{version}: an index of {name}", pickle.dumps(value))
        frame = pd.DataFrame({"a": range(len(value))}, index=value)
        corpus.benign("frame.joblib", f"{version}: a frame with an index of {name}", dumped(frame))
    mixed = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0.5, 1.5], "d": pd.Categorical(["u", "v"])})
    for compression in (None, "gzip", "bz2", "xz", "zip"):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "frame.pkl"
            mixed.to_pickle(path, compression=compression)
            corpus.benign("frame.pkl", f"{version}: to_pickle, {compression}", path.read_bytes())
    for name, value in {"a time": pd.Timestamp("2026-05-03"), "a time with a zone": pd.Timestamp("2026-05-03", tz="UTC"), "a duration": pd.Timedelta(seconds=1), "a period": pd.Period("2026-01", "M"), "an interval": pd.Interval(0, 1), "an offset": pd.offsets.BusinessDay(2), "an end of month": pd.offsets.MonthEnd(), "NA": pd.NA, "NaT": pd.NaT, "a type": pd.Int64Dtype(), "a type of categories": pd.CategoricalDtype(["a"]), "a type with a zone": pd.DatetimeTZDtype(tz="UTC"), "a type of periods": pd.PeriodDtype("D")}.items():
        corpus.benign("value.pkl", f"{version}: {name}", pickle.dumps(value))


def plain(corpus):
    class_free = {
        "a dictionary": {"a": [1, 2.5, None, True], "b": ("x", b"y"), "c": {1, 2}}, "dates": [datetime.date(2026, 5, 3), datetime.datetime(2026, 5, 3, tzinfo=datetime.timezone.utc), datetime.timedelta(1), datetime.time(1)],
        "numbers": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), 1 << 200, 1j], "an identifier": uuid.UUID(int=5), "collections": [collections.OrderedDict(a=1), collections.Counter("aab"), collections.deque([1], 3), collections.defaultdict(list, a=[1])],
        "a path": pathlib.PurePosixPath("a/b"), "a long list": list(range(5000)), "a long text": "ä" * 5000, "bytes": bytearray(range(256)), "a frozen set": frozenset("abc"), "a range": range(5), "a slice": slice(1, 2), "Ellipsis": ...,
    }
    for name, value in class_free.items():
        for protocol in (0, 2, 4, 5):
            corpus.benign("value.pkl" if protocol % 4 else "value.dat", f"Python: {name}, protocol {protocol}", pickle.dumps(value, protocol))
    corpus.benign("history.bin", "Python: forty pickles one after the other", b"".join(pickle.dumps({"epoch": i}) for i in range(40)))


def make(corpus):
    models(corpus)
    compressions(corpus)
    arrays(corpus)
    frames(corpus)
    plain(corpus)
