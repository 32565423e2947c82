/// What a pickle of a model may import without anybody having to look: constructors that keep data and run nothing else.
///
/// It is a list of what is allowed and not of what is forbidden: Python has too many ways to run code for the other kind.
public struct PickleAllowlist: Sendable {
  private let extra: [String]

  /// - Parameter extra: what the user answers for: `package.module.Name`, or `package.*` for all below it.
  public init(_ extra: [String] = []) { self.extra = extra }

  /// - Throws: `TrustError.usage` for what is neither a name nor ends in `.*`, and for modules that run code.
  public static func check(_ pattern: String) throws {
    let body = pattern.hasSuffix(".*") ? String(pattern.dropLast(2)) : pattern
    let parts = body.split(separator: ".", omittingEmptySubsequences: false)
    let isName = parts.allSatisfy { part in
      !part.isEmpty
        && part.utf8.allSatisfy {
          $0 == 95 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
        }
    }
    guard isName, parts.count > 1 || pattern.hasSuffix(".*") else {
      throw TrustError(.usage, pattern, "not a name in Python", hint: "write package.module.Name or package.*")
    }
    guard !PythonModules.isStandard(parts[0]), !installers.contains(parts[0]) else {
      throw TrustError(
        .usage, pattern, "what is in \(parts[0]) can run anything", hint: "name the class of your own that needs it")
    }
  }

  /// What runs whatever it is given, and is part of nearly every Python though not of its library.
  private static let installers: Set<Substring> = ["pip", "setuptools", "pkg_resources", "_distutils_hack", "wheel"]

  func allows(_ global: PickleGlobal) -> Bool {
    // A dotted name goes through attributes of attributes.
    guard !global.name.contains("."), !global.name.isEmpty else { return false }
    let text = global.description
    if extra.contains(where: { $0 == text || ($0.hasSuffix(".*") && text.hasPrefix($0.dropLast())) }) { return true }
    if PickleAllowlist.names[global.module]?.contains(global.name) == true { return true }
    return PickleAllowlist.isLibraryClass(global)
  }

  /// Classes of scikit-learn and of libraries like it: the module is on the list, and the class is named like one. Functions are not: each is on
  /// the list itself. `__pyx_unpickle_X` is how Cython makes an instance of X.
  private static func isLibraryClass(_ global: PickleGlobal) -> Bool {
    if let prefix = estimators[global.module] { return global.name.hasPrefix(prefix) }
    let parts = global.module.split(separator: ".")
    let closed: Set<Substring> = ["tests", "_testing", "externals", "conftest"]
    guard parts.count > 1, parts[0] == "sklearn", open.contains(parts[1]), !parts.contains(where: closed.contains)
    else {
      return false
    }
    if global.name.hasPrefix("__pyx_unpickle_") { return true }
    let first = global.name.drop { $0 == "_" }.first
    return first.map { $0.isASCII && $0.isUppercase } ?? false
  }

  /// How the estimators of a module are named. What else is in it came by imports of its own.
  private static let estimators = ["xgboost.sklearn": "XGB", "lightgbm.sklearn": "LGBM", "catboost.core": "CatBoost"]

  /// The parts of scikit-learn that have estimators. `datasets` and the like read files and the network.
  private static let open: Set<Substring> = [
    "_loss", "base", "calibration", "cluster", "compose", "covariance", "cross_decomposition", "decomposition",
    "discriminant_analysis", "dummy", "ensemble", "feature_extraction", "feature_selection", "gaussian_process",
    "impute", "isotonic", "kernel_approximation", "kernel_ridge", "linear_model", "manifold", "metrics", "mixture",
    "model_selection", "multiclass", "multioutput", "naive_bayes", "neighbors", "neural_network", "pipeline",
    "preprocessing", "random_projection", "semi_supervised", "svm", "tree", "utils",
  ]

  private static let names: [String: Set<String>] = [
    "builtins": builtin, "__builtin__": builtin,
    "copyreg": ["_reconstructor"], "copy_reg": ["_reconstructor"],
    "_codecs": ["encode"],
    "collections": ["OrderedDict", "Counter", "defaultdict", "deque"],
    "datetime": ["date", "datetime", "time", "timedelta", "timezone"],
    "decimal": ["Decimal"], "fractions": ["Fraction"], "uuid": ["UUID"],
    "pathlib": ["PurePosixPath", "PosixPath", "PurePath", "Path"],
    "types": ["SimpleNamespace"], "argparse": ["Namespace"],
    "re": ["_compile"],
    "numpy": numpy, "numpy.core.multiarray": reconstruct, "numpy._core.multiarray": reconstruct,
    "numpy.core.numeric": ["_frombuffer"], "numpy._core.numeric": ["_frombuffer"],
    "numpy.core": ["_ufunc_reconstruct"], "numpy._core": ["_ufunc_reconstruct"],
    "numpy.ma.core": ["MaskedArray", "_mareconstruct"], "numpy.ma": ["MaskedArray"],
    "numpy.dtypes": dtypes, "numpy.matrixlib.defmatrix": ["matrix"],
    "numpy.random": ["RandomState", "Generator"],
    "numpy.random._pickle": ["__bit_generator_ctor", "__generator_ctor", "__randomstate_ctor"],
    "numpy.random._mt19937": ["MT19937"], "numpy.random._pcg64": ["PCG64", "PCG64DXSM"],
    "numpy.random._philox": ["Philox"], "numpy.random._sfc64": ["SFC64"],
    "numpy.random.bit_generator": ["SeedSequence", "__pyx_unpickle_SeedSequence"],
    "numpy.random._bit_generator": ["SeedSequence"], "numpy.random.mtrand": ["RandomState"],
    "scipy.sparse": sparse, "scipy.sparse._csr": sparse, "scipy.sparse._csc": sparse, "scipy.sparse._coo": sparse,
    "scipy.sparse._lil": sparse, "scipy.sparse._dok": sparse, "scipy.sparse._dia": sparse, "scipy.sparse._bsr": sparse,
    "scipy.sparse.csr": sparse, "scipy.sparse.csc": sparse, "scipy.sparse.coo": sparse,
    "scipy.interpolate._bsplines": ["BSpline"], "scipy._lib.array_api_compat.numpy._aliases": ["asarray"],
    "scipy.interpolate._interpolate": ["interp1d"], "scipy.interpolate.interpolate": ["interp1d"],
    "pandas.core.frame": ["DataFrame"], "pandas.core.series": ["Series"],
    "pandas": [
      "DataFrame", "Series", "Timestamp", "Timedelta", "CategoricalDtype", "StringDtype", "DatetimeTZDtype", "Index",
      "RangeIndex", "MultiIndex", "DatetimeIndex", "TimedeltaIndex", "CategoricalIndex", "Categorical",
    ],
    "pandas.arrays": [
      "StringArray", "DatetimeArray", "TimedeltaArray", "IntegerArray", "FloatingArray", "BooleanArray",
    ],
    "pandas.core.internals.managers": ["BlockManager", "SingleBlockManager"],
    "pandas.core.internals.blocks": ["new_block"],
    "pandas._libs.internals": ["_unpickle_block"],
    "pandas.core.indexes.base": ["Index", "_new_Index"], "pandas.core.indexes.range": ["RangeIndex"],
    "pandas.core.indexes.multi": ["MultiIndex"],
    "pandas.core.indexes.datetimes": ["DatetimeIndex", "_new_DatetimeIndex"],
    "pandas.core.indexes.category": ["CategoricalIndex"],
    "pandas.core.arrays.categorical": ["Categorical"], "pandas.core.arrays.string_": ["StringArray", "StringDtype"],
    "pandas.core.arrays.datetimes": ["DatetimeArray"],
    "pandas.core.dtypes.dtypes": ["CategoricalDtype", "DatetimeTZDtype"],
    "pandas._libs.tslibs.timestamps": ["_unpickle_timestamp", "Timestamp"],
    "pandas._libs.tslibs.timedeltas": ["_timedelta_unpickle"],
    "pandas._libs.arrays": ["__pyx_unpickle_NDArrayBacked"],
    "sklearn.feature_selection._univariate_selection": [
      "chi2", "f_classif", "f_oneway", "f_regression", "r_regression",
    ],
    "sklearn.feature_selection._mutual_info": ["mutual_info_classif", "mutual_info_regression"],
    "sklearn.metrics._dist_metrics": ["newObj"], "sklearn.neighbors._kd_tree": ["newObj"],
    "sklearn.neighbors._ball_tree": ["newObj"],
    "joblib.numpy_pickle": ["NumpyArrayWrapper"],
    "xgboost.core": ["Booster"], "lightgbm.basic": ["Booster"],
    "torch._utils": [
      "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter", "_rebuild_qtensor", "_rebuild_sparse_tensor",
    ],
    "torch": torch, "torch.storage": ["UntypedStorage", "TypedStorage"], "torch.nn.parameter": ["Parameter"],
    "torch.serialization": ["_get_layout"],
  ]

  private static let builtin: Set<String> = [
    "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "long", "object", "range",
    "set", "slice", "str", "tuple", "unicode", "xrange", "Ellipsis", "NotImplemented",
  ]

  private static let reconstruct: Set<String> = ["_reconstruct", "scalar"]

  private static let dtypes = Set(
    [
      "Bool", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float16", "Float32", "Float64",
      "Complex64", "Complex128", "Object", "Str", "Bytes", "DateTime64", "TimeDelta64", "Void",
    ].map { "\($0)DType" })

  private static let numpy: Set<String> = [
    "ndarray", "dtype", "matrix", "bool", "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
    "uint64", "float16", "float32", "float64", "longdouble", "complex64", "complex128", "str_", "bytes_", "datetime64",
    "timedelta64", "object_", "void", "log", "log1p", "log2", "log10", "exp", "expm1", "sqrt", "square", "abs",
    "absolute", "sin", "cos", "tan", "tanh", "sinh", "cosh", "floor", "ceil", "sign",
  ]

  private static let sparse = Set(
    ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"].flatMap { ["\($0)_matrix", "\($0)_array"] })

  private static let torch: Set<String> = [
    "FloatStorage", "DoubleStorage", "HalfStorage", "BFloat16Storage", "LongStorage", "IntStorage", "ShortStorage",
    "CharStorage", "ByteStorage", "BoolStorage", "Size", "device", "float32", "float64", "float16", "bfloat16", "int64",
    "int32", "int16", "int8", "uint8", "bool", "Tensor",
  ]
}
