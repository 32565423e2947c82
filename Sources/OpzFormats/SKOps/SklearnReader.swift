import OpzJSON
import OpzModel

/// Makes a model of a fitted estimator or pipeline of scikit-learn in a skops file.
struct SklearnReader {
  /// The most outputs of one estimator.
  static let outputLimit = 1 << 16

  private let root: SkopsNode

  static func read(_ bytes: [UInt8], name: String) throws -> Model {
    let archive = try SkopsArchive(bytes, name: name)
    let schema = try archive.schema()
    do {
      return try JSONView.read(schema, options: JSONOptions(nonFinite: .all, size: schema.count)) { view in
        guard let protocolNumber = view["protocol"]?.integer else {
          throw archive.damaged("schema.json", "it does not say its protocol")
        }
        guard (0...2).contains(protocolNumber) else {
          throw ModelError(
            .unsupported, name, reason: "skops protocol \(protocolNumber), and opz reads 0 to 2",
            hint: "update opz, or save the model with an older skops")
        }
        return try SklearnReader(root: SkopsNode(view: view, archive: archive, place: "")).model()
      }
    } catch let failure as JSONFailure {
      throw archive.damaged("schema.json", "\(failure)")
    }
  }

  private func model() throws -> Model {
    var transformers: [SkopsNode] = []
    let last = try final(root, &transformers)
    let version = SklearnVersion(last.text("_sklearn_version") ?? "")
    let estimator = try SklearnReader.estimator(last, version ?? SklearnVersion.tried.upperBound)
    let steps = try transformers.map { try SklearnTransformers.read($0) } + [estimator.preparation]
    let names = try SklearnReader.names(transformers + [last])
    let inputs = SklearnInputs(count: names.count, .sequence(steps))
    let isPlain = transformers.isEmpty && inputs.texts.isEmpty && estimator.readsFloat32
    var graph = try SklearnGraph(
      name: root.archive.name, names: names, inputs: inputs, element: isPlain ? .float32 : .float64)
    let columns = try graph.apply(.sequence(steps), to: graph.inputs)
    guard columns.count == estimator.columns else {
      throw last.damaged("it was fitted with \(estimator.columns) columns and is given \(columns.count)")
    }
    let matrix = try graph.matrix(columns, isPlain ? .float32 : .float64)
    try estimator.add(to: &graph, matrix)
    graph.builder.objective = last.className
    graph.builder.notes += notes(version)
    return try graph.builder.finish()
  }

  /// The last step of nested pipelines and searches; the steps before are appended.
  private func final(_ node: SkopsNode, _ transformers: inout [SkopsNode]) throws -> SkopsNode {
    var node = node
    for _ in 0..<32 {
      if node.isObject("Pipeline") {
        let steps = try SklearnTransformers.steps(of: node)
        guard let last = steps.last else { throw node.damaged("it has no steps") }
        transformers += steps.dropLast()
        node = last
      } else if node.isObject(
        "GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV"),
        let best = node.member("best_estimator_")
      {
        node = best
      } else {
        return node
      }
    }
    throw node.damaged("pipelines are nested too deep")
  }

  private func notes(_ version: SklearnVersion?) -> [String] {
    guard let version else { return ["the file does not say which version of scikit-learn fitted the model"] }
    guard !SklearnVersion.tried.contains(version) else { return [] }
    return ["scikit-learn \(version) was not tried; its files are read as those of the nearest version that was"]
  }

  // MARK: Estimators

  private static func estimator(_ node: SkopsNode, _ version: SklearnVersion) throws -> any SklearnEstimator {
    guard node.kind == "ObjectNode", node.module.hasPrefix("sklearn.") else { throw unsupported(node) }
    switch node.className {
    case "DecisionTreeClassifier", "ExtraTreeClassifier", "RandomForestClassifier", "ExtraTreesClassifier",
      "BaggingClassifier":
      return try TreeClassifier(node, version)
    case "DecisionTreeRegressor", "ExtraTreeRegressor", "RandomForestRegressor", "ExtraTreesRegressor",
      "BaggingRegressor":
      return try TreeRegressor(node)
    case "GradientBoostingClassifier", "GradientBoostingRegressor": return try GradientBoosting(node, version)
    case "HistGradientBoostingClassifier", "HistGradientBoostingRegressor": return try HistogramBoosting(node, version)
    case "IsolationForest": return try IsolationForest(node, version)
    case "AdaBoostClassifier": return try AdaBoostClassifier(node, version)
    case "AdaBoostRegressor": return try AdaBoostRegressor(node)
    case let name where LinearClassifier.classNames.contains(name): return try LinearClassifier(node)
    case let name where LinearRegressor.classNames.contains(name): return try LinearRegressor(node)
    default: throw unsupported(node)
    }
  }

  private static func unsupported(_ node: SkopsNode) -> ModelError {
    let name = node.kind == "ObjectNode" ? node.fullName : "\(node.kind) \(node.fullName)"
    return node.unsupported(
      "\(name.prefix(120)) is not a model that opz scores",
      hint: "opz scores trees, their ensembles and linear models; serve others with runtime: {kind: python}")
  }

  // MARK: Inputs

  /// How many columns an estimator was fitted with.
  static func columnCount(_ node: SkopsNode) throws -> Int {
    let count = try node.integer("n_features_in_")
    guard (1...ModelBuilder.widthLimit).contains(count) else { throw node.damaged("it has \(count) columns") }
    return count
  }

  /// The number of columns that a step is given: its own, or that of the first of its steps which says so.
  static func inputCount(_ node: SkopsNode) throws -> Int? {
    try first(of: node, depth: 0) { $0.member("n_features_in_") == nil ? nil : try columnCount($0) }
  }

  private static func first<Value>(
    of node: SkopsNode, depth: Int, _ find: (SkopsNode) throws -> Value?
  ) throws -> Value? {
    guard node.kind == "ObjectNode", depth < 32 else { return nil }
    if let found = try find(node) { return found }
    guard node.isObject("Pipeline") else { return nil }
    for step in try SklearnTransformers.steps(of: node) {
      if let found = try first(of: step, depth: depth + 1, find) { return found }
    }
    return nil
  }

  /// The inputs' names: those of the table that the first step was fitted with, else `x0`, `x1`, .. as
  /// `get_feature_names_out` has them.
  private static func names(_ steps: [SkopsNode]) throws -> [String] {
    for step in steps {
      guard let count = try inputCount(step) else { continue }
      let names = try first(of: step, depth: 0) { node in
        node.member("n_features_in_") == nil ? nil : node.member("feature_names_in_")
      }
      guard let names else {
        try ModelBudget(fileSize: step.archive.size).check(count, "columns", of: step.archive.name)
        return (0..<count).map { "x\($0)" }
      }
      let texts = try names.scalars().map(\.description)
      guard texts.count == count else { throw names.damaged("\(texts.count) names for \(count) columns") }
      return texts
    }
    throw steps[0].damaged("no step says how many columns it was fitted with")
  }
}
