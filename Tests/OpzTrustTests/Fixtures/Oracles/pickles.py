"""Prints pickles, one a line: what a scan has to say, a name, the bytes in hex.

bad: loading it runs or may run code, or nobody can tell. good: what models are saved as.
"""
import collections, datetime, decimal, io, os, pickle, struct, subprocess, sys, types, zipfile, zlib

out = []


def bad(name, data):
    out.append(("bad", name, data))


def good(name, data):
    out.append(("good", name, data))


class Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def text(value):
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


# What Python itself writes.
for protocol in range(6):
    bad(f"os.system {protocol}", pickle.dumps(Call(os.system, "id"), protocol))
    bad(f"eval {protocol}", pickle.dumps(Call(eval, "1"), protocol))
    bad(f"in a list {protocol}", pickle.dumps([1, {"a": Call(os.system, "id")}], protocol))
for function, arguments in [
    (exec, ("1",)), (compile, ("1", "", "eval")), (open, ("/etc/passwd",)), (__import__, ("os",)), (os.popen, ("id",)),
    (subprocess.Popen, (["id"],)), (subprocess.check_output, (["id"],)), (os.execv, ("/bin/sh", [])),
]:
    bad(f"{function.__module__}.{function.__qualname__}", pickle.dumps(Call(function, *arguments), 4))

# By hand. Protocol 0: GLOBAL, INST, and pieces put together.
bad("GLOBAL posix", b"cposix\nsystem\n(S'id'\ntR.")
bad("GLOBAL nt", b"cnt\nsystem\n(S'id'\ntR.")
bad("GLOBAL __builtin__", b"c__builtin__\neval\n(S'1'\ntR.")
bad("GLOBAL commands", b"ccommands\ngetoutput\n(S'id'\ntR.")
bad("INST", b"(S'id'\nios\nsystem\n.")
bad("INST builtins", b"(S'1'\nibuiltins\nexec\n.")
bad("OBJ", b"(cos\nsystem\nS'id'\no.")
bad("import alone", b"\x80\x02cantigravity\nfly\n.")
bad("import alone, protocol 0, to the end", b"cthis\nd\n.")
bad("a call, then it breaks", b"cos\nsystem\n(S'id'\ntR\xff\xff\xff")
bad("a call, then it ends", b"cos\nsystem\n(S'id'\ntR")
bad("behind a number", b"I1\n0cos\nsystem\n(S'id'\ntR.")
bad("behind a list", b"(lp0\n0cos\nsystem\n(S'id'\ntR.")
bad("popped at once", b"\x80\x04cos\nsystem\n(S'id'\ntR0N.")
bad("popped to the mark", b"\x80\x04(cos\nsystem\n\x8c\x02id\x85R1N.")
bad("unknown name with a space", b"\x80\x02cos \nsystem\n.")
bad("dots in the name", b"\x80\x04" + text("collections") + text("abc.sys.modules") + b"\x93.")
bad("dots behind an allowed class", b"\x80\x04" + text("collections") + text("OrderedDict.fromkeys") + b"\x93.")
bad("an allowed module, another name", b"\x80\x04" + text("numpy") + text("load") + b"\x93.")
bad("numpy's own eval", b"\x80\x04" + text("numpy.testing._private.utils") + text("runstring") + b"\x93\x8c\x01a}\x86R.")
bad("sklearn's function", b"\x80\x04" + text("sklearn.utils.validation") + text("check_array") + b"\x93.")
bad("sklearn's copy of joblib", b"\x80\x04" + text("sklearn.externals.joblib") + text("Parallel") + b"\x93.")
bad("a name like one of sklearn's", b"\x80\x04" + text("sklearn_evil.tree") + text("Tree") + b"\x93.")
bad("what a library imported", b"\x80\x04" + text("lightgbm.basic") + text("NamedTemporaryFile") + b"\x93.")
bad("sklearn's reader of the network", b"\x80\x04" + text("sklearn.datasets._openml") + text("Request") + b"\x93.")
bad("main", b"\x80\x04" + text("__main__") + text("Model") + b"\x93).")
bad("an empty name", b"\x80\x04" + text("os") + text("") + b"\x93.")
bad("functools.partial", b"\x80\x04" + text("functools") + text("partial") + b"\x93.")
bad("operator.attrgetter", b"\x80\x04" + text("operator") + text("attrgetter") + b"\x93.")
bad("builtins.getattr", b"\x80\x04" + text("builtins") + text("getattr") + b"\x93.")
bad("builtins.type", b"\x80\x04" + text("builtins") + text("type") + b"\x93.")
bad("pickle.loads", b"\x80\x04" + text("_pickle") + text("loads") + b"\x93B\x01\x00\x00\x00.\x85R.")
bad("torch.load", b"\x80\x04" + text("torch") + text("load") + b"\x93.")
bad("torch.hub", b"\x80\x02ctorch.hub\nload\n.")
bad("numpy.f2py", b"\x80\x02cnumpy.f2py.crackfortran\nparam_eval\n.")
bad("pandas.eval", b"\x80\x02cpandas.core.computation.eval\neval\n.")
bad("keras", b"\x80\x02ckeras.src.saving.serialization_lib\ndeserialize_keras_object\n.")

# STACK_GLOBAL out of the memo, in odd orders.
bad("memo", b"\x80\x04" + text("system") + b"\x94" + text("os") + b"\x940" + b"0h\x01h\x00\x93" + text("id") + b"\x85R.")
bad("memo by PUT", b"\x80\x04" + text("os") + b"q\x050" + text("system") + b"r\x06\x00\x00\x000h\x05j\x06\x00\x00\x00\x93.")
bad("memo by text", b"\x80\x04" + text("os") + b"p7\n0" + text("system") + b"p8\n0g7\ng8\n\x93.")
bad("memo written over", b"\x80\x04" + text("collections") + b"q\x010" + text("os") + b"q\x010h\x01" + text("OrderedDict") + b"0" + text("system") + b"\x93.")
bad("DUP", b"\x80\x04" + text("code") + b"2\x93.")
bad("BINUNICODE", b"\x80\x04X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93.")
bad("BINUNICODE8", b"\x80\x04\x8d" + struct.pack("<Q", 2) + b"os\x8d" + struct.pack("<Q", 6) + b"system\x93.")
bad("SHORT_BINSTRING", b"\x80\x04U\x02osU\x06system\x93.")
bad("BINSTRING", b"\x80\x04T\x02\x00\x00\x00osT\x06\x00\x00\x00system\x93.")
bad("STRING", b"\x80\x04S'os'\nS'system'\n\x93.")
bad("STRING with escapes", b"\x80\x04S'collec\\x74ions'\nS'OrderedDict'\n\x93.")
bad("UNICODE with escapes", b"\x80\x04V\\u006fs\nVsystem\n\x93.")
bad("a name out of a call", b"\x80\x04cbuiltins\nstr\n" + text("os") + b"\x85R" + text("system") + b"\x93.")
bad("a name out of a tuple", b"\x80\x04" + text("os") + b"\x85" + text("system") + b"\x93.")
bad("frames", b"\x80\x04\x95" + struct.pack("<Q", 30) + text("os") + text("system") + b"\x93" + text("id") + b"\x85R.")
bad("a frame that lies", b"\x80\x04\x95" + struct.pack("<Q", 1 << 60) + text("os") + text("system") + b"\x93.")
bad("NEWOBJ", b"\x80\x02csubprocess\nPopen\n)\x81.")
bad("NEWOBJ_EX", b"\x80\x04csubprocess\nPopen\n)}\x92.")
bad("BUILD of a class", b"\x80\x04ccollections\nOrderedDict\n}b.")
bad("a call of what a call gave", b"\x80\x04ccollections\nOrderedDict\n)R)R.")
bad("EXT1", b"\x80\x02\x82\x01.")
bad("EXT2", b"\x80\x02\x83\x01\x00.")
bad("EXT4", b"\x80\x02\x84\x01\x00\x00\x00.")

# Streams that nobody can follow.
bad("broken: cut", pickle.dumps([1, 2, "three"], 4)[:-1])
bad("broken: protocol 6", b"\x80\x02\x80\x06N.")
bad("broken: no opcode", b"\x80\x04\xff.")
bad("broken: empty stack", b"\x80\x04R.")
bad("broken: no mark", b"\x80\x04t.")
bad("broken: no memo", b"\x80\x04h\x09.")
bad("broken: length", b"\x80\x04X\xff\xff\xff\x7fabc.")
bad("broken: length 8", b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xffabc.")
bad("broken: a mark as a value", b"\x80\x04(\x85.")
bad("broken: STOP alone", b"\x80\x04.")
bad("broken: odd items", b"\x80\x04}(K\x01u.")
bad("broken: long index", b"\x80\x04g99999999999999999999\n.")

# More than one pickle in a file.
bad("the second pickle", pickle.dumps([1], 4) + pickle.dumps(Call(os.system, "id"), 4))
bad("the second pickle, protocol 0", pickle.dumps([1], 2) + b"cos\nsystem\n(S'id'\ntR.")


# Archives.
def zipped(members, method=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


evil = pickle.dumps(Call(os.system, "id"), 2)
state = pickle.dumps(collections.OrderedDict(), 2)
bad("zip like torch's", zipped([("archive/data.pkl", evil), ("archive/version", b"3\n")]))
bad("zip, deflated", zipped([("archive/data.pkl", evil)], zipfile.ZIP_DEFLATED))
bad("zip, another name", zipped([("archive/data.pkl", state), ("weights.bin", evil)]))
bad("zip in a zip", zipped([("a.zip", zipped([("b.zip", zipped([("c", evil)]))]))]))
bad("zip in zips in zips ..", zipped([("a", zipped([("a", zipped([("a", zipped([("a", zipped([("a", evil)]))]))]))]))]))
flipped = bytearray(zipped([("archive/data.pkl", state)]))
flipped[14] ^= 1
bad("zip with a wrong checksum", bytes(flipped))
two = zipped([("archive/data.pkl", state), ("archive/data.pkX", evil)]).replace(b"data.pkX", b"data.pkl")
bad("zip with a name twice", two)
bad("zip behind other bytes", b"\x00" * 64 + zipped([("archive/data.pkl", evil)]))
bad("compressed under a pickle's name", zlib.compress(evil))
good("zip like torch's, only weights", zipped([("archive/data.pkl", state), ("archive/data/0", bytes(64)), ("archive/version", b"3\n")]))


def npy(descr, body):
    header = ("{'descr': '%s', 'fortran_order': False, 'shape': (1,), }" % descr).encode()
    header += b" " * (64 - (len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


bad("npy of objects", npy("|O", evil))
bad("npz of objects", zipped([("a.npy", npy("|O", evil))]))
good("npy of numbers", npy("<f8", bytes(8)))
bad("keras with a Lambda", zipped([("config.json", b'{"class_name": "Functional", "config": {"layers": [{"class_name": "Lambda", "module": "keras.layers", "config": {}}]}}')]))
bad("keras with other code", zipped([("config.json", b'{"class_name": "Functional", "module": "keras", "config": {"layers": [{"class_name": "Popen", "module": "subprocess", "config": {}}]}}')]))
bad("npz in keras", zipped([("config.json", b"{}"), ("model.weights.h5", zipped([("a.npy", npy("|O", evil))]))]))
good("keras", zipped([("config.json", b'{"class_name": "Sequential", "module": "keras", "config": {"layers": [{"class_name": "Dense", "module": "keras.layers", "config": {}}]}}'), ("metadata.json", b"{}")]))

# What is harmless.
plain = [
    1, 1 << 70, -5, 1.5, None, True, "text", b"bytes", bytearray(b"x"), [1, [2]], (1, 2, 3, 4), {"a": {"b": []}}, {1, 2},
    frozenset([1]), 2j, range(4), slice(1, 2), collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]),
    collections.deque([1]), collections.Counter("aab"), datetime.datetime(2026, 5, 3), datetime.timedelta(1),
    decimal.Decimal("1.5"), types.SimpleNamespace(a=1), "x" * 100000, list(range(5000)),
]
for protocol in range(6):
    for index, value in enumerate(plain):
        good(f"{type(value).__name__} {index} {protocol}", pickle.dumps(value, protocol))

if "--libraries" in sys.argv:
    import joblib
    import numpy as np
    import pandas as pd
    import scipy.sparse
    import sklearn.calibration, sklearn.cluster, sklearn.compose, sklearn.decomposition, sklearn.dummy, sklearn.ensemble
    import sklearn.feature_extraction.text, sklearn.feature_selection, sklearn.gaussian_process, sklearn.impute
    import sklearn.isotonic, sklearn.linear_model, sklearn.mixture, sklearn.model_selection, sklearn.naive_bayes
    import sklearn.neighbors, sklearn.neural_network, sklearn.pipeline, sklearn.preprocessing, sklearn.svm, sklearn.tree
    import xgboost

    random = np.random.RandomState(1)
    X, y = random.rand(60, 4), random.randint(0, 2, 60)
    labels = np.array(["a", "b"], dtype=object)[y]
    estimators = [
        sklearn.linear_model.LogisticRegression(), sklearn.linear_model.LinearRegression(), sklearn.linear_model.Ridge(),
        sklearn.linear_model.SGDClassifier(), sklearn.linear_model.ElasticNet(), sklearn.tree.DecisionTreeClassifier(),
        sklearn.ensemble.RandomForestClassifier(5), sklearn.ensemble.GradientBoostingClassifier(n_estimators=5),
        sklearn.ensemble.HistGradientBoostingClassifier(max_iter=5), sklearn.ensemble.IsolationForest(n_estimators=5),
        sklearn.ensemble.AdaBoostClassifier(n_estimators=3), sklearn.ensemble.ExtraTreesRegressor(5), sklearn.svm.SVC(),
        sklearn.svm.LinearSVC(), sklearn.neighbors.KNeighborsClassifier(algorithm="kd_tree"),
        sklearn.neighbors.KNeighborsClassifier(algorithm="ball_tree"), sklearn.naive_bayes.GaussianNB(),
        sklearn.neural_network.MLPClassifier((4,), max_iter=5), sklearn.dummy.DummyClassifier(),
        sklearn.calibration.CalibratedClassifierCV(sklearn.linear_model.LogisticRegression(), cv=2),
        sklearn.gaussian_process.GaussianProcessClassifier(), sklearn.cluster.KMeans(2, n_init=1),
        sklearn.mixture.GaussianMixture(2), sklearn.decomposition.PCA(2), sklearn.preprocessing.StandardScaler(),
        sklearn.preprocessing.OneHotEncoder(), sklearn.preprocessing.PolynomialFeatures(), sklearn.preprocessing.SplineTransformer(),
        sklearn.preprocessing.QuantileTransformer(n_quantiles=10), sklearn.preprocessing.FunctionTransformer(np.log1p),
        sklearn.impute.SimpleImputer(), sklearn.impute.KNNImputer(), sklearn.feature_selection.SelectKBest(k=2),
        sklearn.model_selection.GridSearchCV(sklearn.linear_model.Ridge(), {"alpha": [0.1, 1.0]}, cv=2),
        sklearn.pipeline.make_pipeline(sklearn.preprocessing.StandardScaler(), sklearn.svm.SVC(probability=False)),
        sklearn.compose.ColumnTransformer([("a", sklearn.preprocessing.StandardScaler(), [0, 1]), ("b", "passthrough", [2])]),
        xgboost.XGBClassifier(n_estimators=3), xgboost.XGBRegressor(n_estimators=3),
    ]
    import warnings
    warnings.simplefilter("ignore")
    for estimator in estimators:
        fitted = estimator.fit(X, y)
        name = type(estimator).__name__
        good(f"{name} pickle", pickle.dumps(fitted))
        good(f"{name} pickle 2", pickle.dumps(fitted, 2))
        buffer = io.BytesIO()
        joblib.dump(fitted, buffer)
        good(f"{name} joblib", buffer.getvalue())
    buffer = io.BytesIO()
    joblib.dump(sklearn.tree.DecisionTreeClassifier().fit(X, labels), buffer)
    good("joblib with objects in an array", buffer.getvalue())
    good("isotonic", pickle.dumps(sklearn.isotonic.IsotonicRegression().fit(X[:, 0], y)))
    good("tfidf", pickle.dumps(sklearn.feature_extraction.text.TfidfVectorizer().fit(["a b", "cc dd"])))
    for value in [
        X, y, labels, np.float64(1), np.arange(5, dtype="i2"), np.array(["a"]), np.ma.array([1, 2], mask=[0, 1]),
        np.random.default_rng(1), random, scipy.sparse.csr_matrix(X), scipy.sparse.coo_array(X), np.dtype("f4"),
        np.datetime64("2026-05-03"), pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": pd.Categorical(["u", "v"])}), pd.Series([1.5]),
        pd.DataFrame({"t": pd.to_datetime(["2026-05-03", "2026-05-04"])}).set_index("t"), pd.Timestamp("2026-05-03"),
        np.zeros(3, dtype=[("a", "i4"), ("b", "f8")]), np.arange(2000, dtype="u1"),
    ]:
        for protocol in (2, 4, 5):
            good(f"{type(value).__module__}.{type(value).__name__} {protocol}", pickle.dumps(value, protocol))
        buffer = io.BytesIO()
        joblib.dump({"x": value}, buffer)
        good(f"{type(value).__name__} joblib", buffer.getvalue())
    buffer = io.BytesIO()
    np.savez(buffer, a=X, b=y)
    good("npz", buffer.getvalue())

    # joblib takes the bytes behind its wrapper as an array, pickle's own reader goes on with them as opcodes.
    wrapper = joblib.numpy_pickle.NumpyArrayWrapper(np.ndarray, (64,), "C", np.dtype("u1"))
    wrapper.numpy_array_alignment_bytes = None
    head = pickle.dumps(wrapper, 2)[:-1]
    payload = b"0cos\nsystem\n(S'id'\ntR."
    bad("opcodes in joblib's array", head + payload + b"." * (64 - len(payload)) + b".")
    # The same names by the memo: joblib counts anew in an array of objects, pickle's own reader goes on counting.
    wrapper = joblib.numpy_pickle.NumpyArrayWrapper(np.ndarray, (1,), "C", np.dtype("O"))
    wrapper.numpy_array_alignment_bytes = None
    outer = pickle.dumps(wrapper, 2)[:-1]
    inner = b"\x80\x04" + text("collections") + b"\x94" + text("OrderedDict") + b"\x94h\x00h\x01\x93."
    names = b"\x80\x02X\x02\x00\x00\x00osq\x000X\x06\x00\x00\x00systemq\x010"
    moved = outer[2:]
    for index in range(63, -1, -1):
        moved = moved.replace(bytes([ord("q"), index]), bytes([ord("q"), index + 100])).replace(bytes([ord("h"), index]), bytes([ord("h"), index + 100]))
    bad("two readings of a memo", names + moved + inner + b".")
    good("numbers in joblib's array", head + bytes(range(64)) + b".")
    bad("joblib's array cut short", head + bytes(10))
    wrapper.shape = (1 << 40, 1 << 40)
    bad("joblib's array larger than anything", pickle.dumps(wrapper, 2)[:-1] + bytes(64) + b".")
    buffer = io.BytesIO()
    joblib.dump([np.zeros(4), Call(os.system, "id")], buffer)
    bad("a call behind joblib's array", buffer.getvalue())
    buffer = io.BytesIO()
    joblib.dump(np.array([1, Call(os.system, "id")], dtype=object), buffer)
    bad("a call in joblib's array of objects", buffer.getvalue())

for verdict, name, data in out:
    print(verdict, name.replace(" ", "_"), data.hex())
