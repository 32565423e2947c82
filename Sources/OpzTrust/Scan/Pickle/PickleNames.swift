/// The names that a model's pickle may import without a review, by module: constructors that hold data and run nothing
/// else.
///
/// OpzTrust's tests compare it with the installed libraries: each name is defined by the library itself, and none is a
/// function that calls, reads or writes something.
enum PickleNames {
  static let all: [Substring: Set<Substring>] = [python, numerical, frames, scikitLearn, torch]
    .reduce(into: [:]) { all, table in all.merge(table) { $0.union($1) } }

  /// Whether a text is one of the modules or names.
  static func mention(_ text: String) -> Bool { mentioned.contains(Substring(text)) }

  private static let mentioned = all.reduce(into: Set<Substring>()) { all, entry in
    all.insert(entry.key)
    all.formUnion(entry.value)
  }

  /// Parses a table. A line has a module and its names; one that begins with spaces continues the line before it.
  static func table(_ text: String) -> [Substring: Set<Substring>] {
    var table: [Substring: Set<Substring>] = [:]
    var module: Substring = ""
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      if word.last == ":" { module = word.dropLast() } else { table[module, default: []].insert(word) }
    }
    return table
  }

  private static let python = table(
    """
    __builtin__: Ellipsis NotImplemented bool bytearray bytes complex dict float frozenset int list long object range
      set slice str tuple unicode xrange
    _codecs: encode
    argparse: Namespace
    builtins: Ellipsis NotImplemented bool bytearray bytes complex dict float frozenset int list long object range set
      slice str tuple unicode xrange
    collections: Counter OrderedDict defaultdict deque
    copy_reg: _reconstructor
    copyreg: _reconstructor
    datetime: date datetime time timedelta timezone
    decimal: Decimal
    fractions: Fraction
    pathlib: Path PosixPath PurePath PurePosixPath
    pathlib._local: Path PosixPath PurePath PurePosixPath
    re: _compile
    types: SimpleNamespace
    uuid: SafeUUID UUID
    """)

  /// NumPy, SciPy, joblib and the boosters. `_ufunc_reconstruct` imports the name it is given, which is checked too.
  private static let numerical = table(
    """
    catboost.core: CatBoost CatBoostClassifier CatBoostRanker CatBoostRegressor
    joblib.numpy_pickle: NumpyArrayWrapper
    lightgbm.basic: Booster
    lightgbm.compat: _LGBMLabelEncoder
    lightgbm.sklearn: LGBMClassifier LGBMModel LGBMRanker LGBMRegressor
    numpy: abs absolute amax amin bool bool_ bytes_ ceil complex128 complex64 cos cosh datetime64 dtype exp exp2 expm1
      float16 float32 float64 floor int16 int32 int64 int8 log log10 log1p log2 longdouble matrix max mean median min
      nanmean nanmedian ndarray object_ prod recarray reciprocal record sign sin sinh sqrt square std str_ sum tan
      tanh timedelta64 uint16 uint32 uint64 uint8 var void
    numpy._core: _ufunc_reconstruct
    numpy._core._multiarray_umath: absolute ceil cos cosh exp exp2 expm1 floor log log10 log1p log2 reciprocal sign
      sin sinh sqrt square tan tanh
    numpy._core.fromnumeric: amax amin max mean min prod std sum var
    numpy._core.multiarray: _reconstruct scalar
    numpy._core.numeric: _frombuffer
    numpy._core.records: recarray record
    numpy.core: _ufunc_reconstruct
    numpy.core._internal: _reconstruct
    numpy.core._multiarray_umath: absolute ceil cos cosh exp exp2 expm1 floor log log10 log1p log2 reciprocal sign sin
      sinh sqrt square tan tanh
    numpy.core.fromnumeric: amax amin mean prod std sum var
    numpy.core.multiarray: _reconstruct scalar
    numpy.core.numeric: _frombuffer
    numpy.core.records: recarray record
    numpy.dtypes: BoolDType BytesDType Complex128DType Complex64DType DateTime64DType Float16DType Float32DType
      Float64DType Int16DType Int32DType Int64DType Int8DType LongDoubleDType ObjectDType StrDType StringDType
      TimeDelta64DType UInt16DType UInt32DType UInt64DType UInt8DType VoidDType
    numpy.ma: MaskedArray
    numpy.ma.core: MaskedArray _mareconstruct
    numpy.matrixlib.defmatrix: matrix
    numpy.random: Generator RandomState
    numpy.random._bit_generator: SeedSequence
    numpy.random._mt19937: MT19937
    numpy.random._pcg64: PCG64 PCG64DXSM
    numpy.random._philox: Philox
    numpy.random._pickle: __bit_generator_ctor __generator_ctor __randomstate_ctor
    numpy.random._sfc64: SFC64
    numpy.random.bit_generator: SeedSequence __pyx_unpickle_SeedSequence
    numpy.random.mtrand: RandomState
    numpy.rec: recarray record
    scipy._lib.array_api_compat.numpy._aliases: asarray
    scipy.interpolate._bsplines: BSpline
    scipy.interpolate._interpolate: interp1d
    scipy.interpolate.interpolate: interp1d
    scipy.sparse: bsr_array bsr_matrix coo_array coo_matrix csc_array csc_matrix csr_array csr_matrix dia_array
      dia_matrix dok_array dok_matrix lil_array lil_matrix
    scipy.sparse._bsr: bsr_array bsr_matrix
    scipy.sparse._coo: coo_array coo_matrix
    scipy.sparse._csc: csc_array csc_matrix
    scipy.sparse._csr: csr_array csr_matrix
    scipy.sparse._dia: dia_array dia_matrix
    scipy.sparse._dok: dok_array dok_matrix
    scipy.sparse._lil: lil_array lil_matrix
    scipy.sparse.bsr: bsr_array bsr_matrix
    scipy.sparse.coo: coo_array coo_matrix
    scipy.sparse.csc: csc_array csc_matrix
    scipy.sparse.csr: csr_array csr_matrix
    scipy.sparse.dia: dia_array dia_matrix
    scipy.sparse.dok: dok_array dok_matrix
    scipy.sparse.lil: lil_array lil_matrix
    xgboost.compat: XGBoostLabelEncoder
    xgboost.core: Booster
    xgboost.sklearn: XGBClassifier XGBModel XGBRFClassifier XGBRFRegressor XGBRanker XGBRankerMixIn XGBRegressor
    """)

  /// pandas since 1.0, and what its extension types and time zones need.
  private static let frames = table(
    """
    dateutil.tz.tz: tzoffset tzutc
    pandas: ArrowDtype BooleanDtype Categorical CategoricalDtype CategoricalIndex DataFrame DatetimeIndex
      DatetimeTZDtype Float32Dtype Float64Dtype Index Int16Dtype Int32Dtype Int64Dtype Int8Dtype Interval
      IntervalDtype IntervalIndex MultiIndex NA NaT Period PeriodDtype PeriodIndex RangeIndex Series SparseDtype
      StringDtype Timedelta TimedeltaIndex Timestamp UInt16Dtype UInt32Dtype UInt64Dtype UInt8Dtype
    pandas._libs.arrays: __pyx_unpickle_NDArrayBacked
    pandas._libs.internals: BlockPlacement _unpickle_block
    pandas._libs.interval: Interval __pyx_unpickle_IntervalMixin
    pandas._libs.missing: C_NAType NA NAType
    pandas._libs.sparse: BlockIndex IntIndex
    pandas._libs.tslibs.nattype: __nat_unpickle _nat_unpickle
    pandas._libs.tslibs.offsets: BHalfYearBegin BHalfYearEnd BQuarterBegin BQuarterEnd BYearBegin BYearEnd BaseOffset
      BusinessDay BusinessHour BusinessMonthBegin BusinessMonthEnd CustomBusinessDay CustomBusinessHour
      CustomBusinessMonthBegin CustomBusinessMonthEnd DateOffset Day Easter FY5253 FY5253Quarter HalfYearBegin
      HalfYearEnd Hour LastWeekOfMonth Micro Milli Minute MonthBegin MonthEnd Nano QuarterBegin QuarterEnd
      RelativeDeltaOffset Second SemiMonthBegin SemiMonthEnd Tick Week WeekOfMonth YearBegin YearEnd
    pandas._libs.tslibs.period: Period
    pandas._libs.tslibs.timedeltas: Timedelta _timedelta_unpickle
    pandas._libs.tslibs.timestamps: Timestamp _unpickle_timestamp
    pandas.arrays: ArrowExtensionArray ArrowStringArray BooleanArray Categorical DatetimeArray FloatingArray
      IntegerArray IntervalArray NumpyExtensionArray PandasArray PeriodArray SparseArray StringArray TimedeltaArray
    pandas.core.arrays.arrow.array: ArrowExtensionArray
    pandas.core.arrays.arrow.dtype: ArrowDtype
    pandas.core.arrays.boolean: BooleanArray BooleanDtype
    pandas.core.arrays.categorical: Categorical CategoricalDtype
    pandas.core.arrays.datetimes: DatetimeArray
    pandas.core.arrays.floating: Float32Dtype Float64Dtype FloatingArray
    pandas.core.arrays.integer: Int16Dtype Int32Dtype Int64Dtype Int8Dtype IntegerArray UInt16Dtype UInt32Dtype
      UInt64Dtype UInt8Dtype
    pandas.core.arrays.interval: IntervalArray
    pandas.core.arrays.numpy_: NumpyExtensionArray PandasArray
    pandas.core.arrays.period: PeriodArray
    pandas.core.arrays.sparse.array: SparseArray
    pandas.core.arrays.sparse.dtype: SparseDtype
    pandas.core.arrays.string_: StringArray StringDtype
    pandas.core.arrays.string_arrow: ArrowStringArray
    pandas.core.arrays.timedeltas: TimedeltaArray
    pandas.core.dtypes.dtypes: ArrowDtype CategoricalDtype DatetimeTZDtype IntervalDtype NumpyEADtype PandasDtype
      PeriodDtype SparseDtype
    pandas.core.flags: Flags
    pandas.core.frame: DataFrame
    pandas.core.indexes.base: Index _new_Index
    pandas.core.indexes.category: CategoricalIndex
    pandas.core.indexes.datetimes: DatetimeIndex _new_DatetimeIndex
    pandas.core.indexes.frozen: FrozenList
    pandas.core.indexes.interval: IntervalIndex _new_IntervalIndex
    pandas.core.indexes.multi: MultiIndex
    pandas.core.indexes.numeric: Float64Index Int64Index NumericIndex UInt64Index
    pandas.core.indexes.period: PeriodIndex _new_PeriodIndex
    pandas.core.indexes.range: RangeIndex
    pandas.core.indexes.timedeltas: TimedeltaIndex _new_TimedeltaIndex
    pandas.core.internals.blocks: new_block
    pandas.core.internals.managers: BlockManager SingleBlockManager
    pandas.core.series: Series
    pyarrow.lib: _restore_array binary chunked_array decimal128 dictionary duration field large_list list_ map_
      py_buffer schema struct time32 time64 timestamp type_for_alias
    pytz: UTC _UTC _p
    zoneinfo: ZoneInfo
    """)

  /// Tensors, and torch's own modules in models that were saved whole.
  private static let torch = table(
    """
    torch: BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage ComplexFloatStorage DoubleStorage
      FloatStorage HalfStorage IntStorage LongStorage QInt32Storage QInt8Storage QUInt8Storage ShortStorage Size
      Tensor bfloat16 bool channels_last complex128 complex64 contiguous_format device dtype float16 float32 float64
      int16 int32 int64 int8 per_channel_affine per_tensor_affine qint32 qint8 quint8 sparse_coo strided uint8
    torch._C._nn: gelu
    torch._utils: _rebuild_meta_tensor_no_storage _rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor
      _rebuild_sparse_csr_tensor _rebuild_sparse_tensor _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3
    torch.nn.functional: elu gelu leaky_relu log_softmax relu sigmoid silu softmax tanh
    torch.nn.modules.activation: CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid
      LogSoftmax Mish MultiheadAttention PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin Softplus
      Softshrink Softsign Tanh Tanhshrink Threshold
    torch.nn.modules.adaptive: AdaptiveLogSoftmaxWithLoss
    torch.nn.modules.batchnorm: BatchNorm1d BatchNorm2d BatchNorm3d LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d
      SyncBatchNorm _BatchNorm _LazyNormBase _NormBase
    torch.nn.modules.channelshuffle: ChannelShuffle
    torch.nn.modules.container: Container ModuleDict ModuleList ParameterDict ParameterList Sequential
    torch.nn.modules.conv: Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LazyConv1d LazyConv2d
      LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d _ConvNd _ConvTransposeMixin
      _ConvTransposeNd
    torch.nn.modules.distance: CosineSimilarity PairwiseDistance
    torch.nn.modules.dropout: AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout _DropoutNd
    torch.nn.modules.flatten: Flatten Unflatten
    torch.nn.modules.fold: Fold Unfold
    torch.nn.modules.instancenorm: InstanceNorm1d InstanceNorm2d InstanceNorm3d LazyInstanceNorm1d LazyInstanceNorm2d
      LazyInstanceNorm3d _InstanceNorm
    torch.nn.modules.linear: Bilinear Identity LazyLinear Linear NonDynamicallyQuantizableLinear
    torch.nn.modules.loss: BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss GaussianNLLLoss
      HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelMarginLoss
      MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss NLLLoss2d PoissonNLLLoss SmoothL1Loss SoftMarginLoss
      TripletMarginLoss TripletMarginWithDistanceLoss _Loss _WeightedLoss
    torch.nn.modules.module: Module
    torch.nn.modules.normalization: CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm
    torch.nn.modules.padding: ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d ReflectionPad2d
      ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad2d _ConstantPadNd _ReflectionPadNd
      _ReplicationPadNd
    torch.nn.modules.pixelshuffle: PixelShuffle PixelUnshuffle
    torch.nn.modules.pooling: AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d
      AdaptiveMaxPool2d AdaptiveMaxPool3d AvgPool1d AvgPool2d AvgPool3d FractionalMaxPool2d FractionalMaxPool3d
      LPPool1d LPPool2d MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d _AdaptiveAvgPoolNd
      _AdaptiveMaxPoolNd _AvgPoolNd _LPPoolNd _MaxPoolNd _MaxUnpoolNd
    torch.nn.modules.rnn: GRU GRUCell LSTM LSTMCell RNN RNNBase RNNCell RNNCellBase
    torch.nn.modules.sparse: Embedding EmbeddingBag
    torch.nn.modules.transformer: Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder
      TransformerEncoderLayer
    torch.nn.modules.upsampling: Upsample UpsamplingBilinear2d UpsamplingNearest2d
    torch.nn.parameter: Buffer Parameter UninitializedParameter
    torch.serialization: _get_layout
    torch.storage: TypedStorage UntypedStorage _TypedStorage _UntypedStorage
    """)
}
