import OpzModel

/// Reads fitted transformers (sklearn/preprocessing, impute, compose, pipeline).
enum SklearnTransformers {
  static let hint = """
    opz reads StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, SimpleImputer, MissingIndicator, OneHotEncoder, \
    OrdinalEncoder, ColumnTransformer, FeatureUnion, Pipeline and passthrough; serve others with runtime: {kind: python}
    """

  /// What a transformer does: an object, `passthrough`, or None.
  /// - Parameter width: how many columns it is given, where that is known.
  /// - Throws: `ModelError.unsupported` with the name of a class that is not read.
  static func read(_ node: SkopsNode, depth: Int = 0) throws -> Transformation {
    guard depth < 32 else { throw node.damaged("transformers are nested too deep") }
    if node.kind == "JsonNode" {
      guard try node.isNone || node.scalar().text == "passthrough" else { throw unsupported(node) }
      return .none
    }
    guard node.kind == "ObjectNode", node.module.hasPrefix("sklearn.") else { throw unsupported(node) }
    switch node.className {
    case "Pipeline": return .sequence(try steps(of: node).map { try read($0, depth: depth + 1) })
    case "ColumnTransformer": return try columns(node, depth)
    case "FeatureUnion": return try union(node, depth)
    case "FunctionTransformer":
      guard node.member("func")?.isNone ?? true else {
        let function = node.member("func")
        throw node.unsupported(
          "FunctionTransformer calls \(function.map(\.fullName) ?? "a function"), which opz does not run", hint: hint)
      }
      return .none
    case "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler": return try scaler(node)
    case "SimpleImputer": return try imputer(node)
    case "MissingIndicator":
      return .isMissing(try node.required("features_").integers(), missing: try missing(node))
    case "OneHotEncoder": return .encode(try SklearnEncoders.oneHot(node))
    case "OrdinalEncoder": return .encode(try SklearnEncoders.ordinal(node))
    default: throw unsupported(node)
    }
  }

  /// The second of each pair of a pipeline's `steps`.
  static func steps(of pipeline: SkopsNode) throws -> [SkopsNode] {
    try pipeline.required("steps").items().map { step in
      let pair = try step.items()
      guard pair.count == 2 else { throw step.damaged("a pair is expected") }
      return pair[1]
    }
  }

  static func unsupported(_ node: SkopsNode) -> ModelError {
    let name = node.kind == "JsonNode" ? (try? node.scalar().description) ?? "a value" : node.fullName
    return node.unsupported("the transformer \(name.prefix(120)) is not one that opz computes", hint: hint)
  }

  // MARK: Side by side

  private static func columns(_ node: SkopsNode, _ depth: Int) throws -> Transformation {
    if let weights = node.member("transformer_weights"), !weights.isNone {
      throw node.unsupported("ColumnTransformer with transformer_weights is not one that opz computes", hint: hint)
    }
    let indexes = node.member("_transformer_to_input_indices")
    var branches: [(transformation: Transformation, columns: [Int])] = []
    for fitted in try node.required("transformers_").items() {
      let parts = try fitted.items()
      guard parts.count == 3, let name = try parts[0].scalar().text else {
        throw fitted.damaged("a triple is expected")
      }
      if try parts[1].kind == "JsonNode" && parts[1].scalar().text == "drop" { continue }
      guard let columns = try indexes?.member(name)?.integers() else {
        throw node.damaged("the columns of \(name.prefix(40)) are not listed")
      }
      // A transformer without columns is not fitted.
      guard !columns.isEmpty else { continue }
      branches.append((try read(parts[1], depth: depth + 1), columns))
    }
    return .branches(branches)
  }

  private static func union(_ node: SkopsNode, _ depth: Int) throws -> Transformation {
    if let weights = node.member("transformer_weights"), !weights.isNone {
      throw node.unsupported("FeatureUnion with transformer_weights is not one that opz computes", hint: hint)
    }
    var parts: [Transformation] = []
    var width: Int?
    for fitted in try node.required("transformer_list").items() {
      let pair = try fitted.items()
      guard pair.count == 2 else { throw fitted.damaged("a pair is expected") }
      if try pair[1].kind == "JsonNode" && pair[1].scalar().text == "drop" { continue }
      width = try width ?? SklearnReader.inputCount(pair[1])
      parts.append(try read(pair[1], depth: depth + 1))
    }
    guard let width, width <= ModelBuilder.widthLimit else {
      throw node.unsupported("FeatureUnion without a fitted transformer is not one that opz computes", hint: hint)
    }
    return .branches(parts.map { ($0, Array(0..<width)) })
  }

  // MARK: Numbers

  private static func scaler(_ node: SkopsNode) throws -> Transformation {
    func numbers(_ key: String) throws -> [Double] { try node.required(key).numbers() }
    var steps: [(operation: Operation.Arithmetic, numbers: [Double])] = []
    switch node.className {
    case "StandardScaler":
      if node.truth("with_mean", otherwise: true) { steps.append((.subtract, try numbers("mean_"))) }
      if node.truth("with_std", otherwise: true) { steps.append((.divide, try numbers("scale_"))) }
    case "RobustScaler":
      if node.truth("with_centering", otherwise: true) { steps.append((.subtract, try numbers("center_"))) }
      if node.truth("with_scaling", otherwise: true) { steps.append((.divide, try numbers("scale_"))) }
    case "MaxAbsScaler":
      steps.append((.divide, try numbers("scale_")))
      if node.truth("clip") { steps += clip(-1, 1, count: steps[0].numbers.count) }
    default:
      steps = [(.multiply, try numbers("scale_")), (.add, try numbers("min_"))]
      if node.truth("clip") {
        let range = try numbers("feature_range")
        guard range.count == 2 else { throw node.damaged("feature_range is not a pair") }
        steps += clip(range[0], range[1], count: steps[0].numbers.count)
      }
    }
    return steps.isEmpty ? .none : .arithmetic(steps)
  }

  private static func clip(
    _ least: Double, _ greatest: Double, count: Int
  ) -> [(operation: Operation.Arithmetic, numbers: [Double])] {
    [(.maximum, Array(repeating: least, count: count)), (.minimum, Array(repeating: greatest, count: count))]
  }

  /// Columns whose statistic is NaN had no value in training and are left out (`SimpleImputer.transform`).
  private static func imputer(_ node: SkopsNode) throws -> Transformation {
    let statistics = try node.required("statistics_").scalars()
    let keepsAll = node.truth("keep_empty_features")
    let kept = statistics.indices.filter { index in
      if !keepsAll, case .number(let number) = statistics[index] { !number.isNaN } else { true }
    }
    var indicators: [Int] = []
    if node.truth("add_indicator"), let indicator = node.member("indicator_"), !indicator.isNone {
      indicators = try indicator.required("features_").integers()
    }
    return .impute(
      Imputation(
        columns: kept, fills: kept.map { Category(statistics[$0]) }, missing: try missing(node),
        indicators: indicators))
  }

  private static func missing(_ node: SkopsNode) throws -> Category {
    guard let value = node.member("missing_values") else { return .missing }
    guard value.kind == "JsonNode" || value.kind == "NdArrayNode" else {
      // pandas.NA and other singletons stand for missing cells.
      return .missing
    }
    return Category(try value.scalar())
  }
}
