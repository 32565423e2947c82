import OpzModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `GradientBoostingClassifier` and `GradientBoostingRegressor` (sklearn/ensemble/_gb.py): the raw scores of `init_`, and
/// `learning_rate` times the leaf of each tree, added in float64 one stage after the other.
struct GradientBoosting: SklearnEstimator {
  let columns: Int
  private let ensemble: TreeEnsemble
  private let classes: SklearnClasses?
  private let isExponential: Bool
  private let version: SklearnVersion

  init(_ node: SkopsNode, _ version: SklearnVersion) throws {
    self.version = version
    columns = try SklearnReader.columnCount(node)
    classes = node.className == "GradientBoostingClassifier" ? try SklearnClasses(node) : nil
    isExponential = node.text("loss") == "exponential"
    let stages = try node.required("estimators_").items().map { try $0.items() }
    let groups = classes.map { $0.width == 2 ? 1 : $0.width } ?? 1
    guard classes.map({ $0.width >= 2 }) ?? true, !isExponential || groups == 1, !stages.isEmpty else {
      throw node.damaged("it has no stages, or too few or many classes for its loss")
    }
    let rate = try node.number("learning_rate")
    var builder = TreeEnsembleBuilder(
      name: node.archive.name, columns: columns, groups: groups, inputs: .float32, sums: .float64,
      fileSize: node.archive.size)
    for stage in stages {
      guard stage.count == groups else { throw node.damaged("a stage has \(stage.count) trees for \(groups) scores") }
      for (group, estimator) in stage.enumerated() {
        let tree = try SklearnTree(of: estimator)
        guard tree.outputs == 1, tree.width == 1 else { throw estimator.damaged("a tree of one number is expected") }
        // The loop of predict_stages compares and does not look at missing_go_to_left.
        try tree.add(to: &builder, group: group, columns: nil, ignoresMissing: true) { leaf in
          .leaf(number: leaf, value: rate * (tree.values(leaf, output: 0).first ?? 0))
        }
      }
    }
    let start = try InitialScores(
      node, groups: groups, isClassifier: classes != nil, isExponential: isExponential, version: version)
    try builder.setBase(start.values, first: true)
    ensemble = try builder.finish()
  }

  func add(to graph: inout SklearnGraph, _ matrix: Int) throws {
    let scores = try graph.builder.add(.trees(ensemble), [matrix])
    guard let classes else { return try graph.builder.addOutput(.prediction, scores) }
    let isOld = version < SklearnVersion(1, 4)
    let probabilities =
      classes.width == 2
      ? try graph.both(try graph.builder.add(.link(.logistic(scale: isExponential ? 2 : 1)), [scores]))
      : isOld ? try shares(scores, &graph) : try graph.builder.add(.link(.softmax), [scores])
    try graph.builder.addOutput(.probability, probabilities)
    try graph.builder.addOutput(.margin, scores)
    // Before 1.4 the label is that of the greatest probability, except with the exponential loss.
    if isOld && !isExponential {
      try graph.addLabel(probabilities, classes)
    } else if classes.width == 2 {
      try graph.addLabel(scores, .greaterOrEqual, classes: classes)
    } else {
      try graph.addLabel(scores, classes)
    }
    graph.describe(classes)
  }

  /// `exp(scores - logsumexp(scores))`, as `MultinomialDeviance` has it before 1.4.
  private func shares(_ scores: Int, _ graph: inout SklearnGraph) throws -> Int {
    let sum = try graph.builder.add(.reduce(.logSumExp), [scores])
    let difference = try graph.builder.add(.arithmetic(.subtract), [scores, sum])
    return try graph.builder.add(.function(.exp), [difference])
  }
}

/// The raw scores that boosting starts from: zeros, or what the dummy estimator in `init_` predicts for every row
/// (`_init_raw_predictions` in sklearn/ensemble/_gb.py, before 1.4 `get_init_raw_predictions` in _gb_losses.py).
private struct InitialScores {
  let values: [Double]

  init(
    _ node: SkopsNode, groups: Int, isClassifier: Bool, isExponential: Bool, version: SklearnVersion
  ) throws {
    let start = try node.required("init_")
    if start.kind == "JsonNode", try start.scalar().text == "zero" {
      values = Array(repeating: 0, count: groups)
      return
    }
    guard isClassifier else {
      guard start.isObject("DummyRegressor") else { throw InitialScores.unsupported(start) }
      values = Array(try start.required("constant_").numbers())
      guard values.count == 1 else { throw start.damaged("one number is expected") }
      return
    }
    guard start.isObject("DummyClassifier"), start.text("strategy") == "prior" else {
      throw InitialScores.unsupported(start)
    }
    let isOld = version < SklearnVersion(1, 4)
    let least = isOld ? Double(Float.ulpOfOne) : Double.ulpOfOne
    let prior = try start.required("class_prior_").numbers().map { max(least, min($0, 1 - least)) }
    guard prior.count == max(2, groups), prior.allSatisfy({ !$0.isNaN }) else {
      throw start.damaged("\(prior.count) probabilities")
    }
    if groups > 1 {
      // From 1.4 on the scores are symmetric: the logarithm of the quotient by the geometric mean.
      let mean = exp(NumpySum.sum(prior.map { log($0) }) / Double(prior.count))
      values = prior.map { isOld ? log($0) : log($0 / mean) }
    } else {
      values = [(isExponential ? 0.5 : 1) * InitialScores.logit(prior[1], isOld)]
    }
  }

  /// `scipy.special.logit`, which near 1/2 has two logarithms since scipy 1.15; older estimators have one of the quotient.
  private static func logit(_ p: Double, _ isOld: Bool) -> Double {
    guard !isOld, p >= 0.3, p <= 0.65 else { return log(p / (1 - p)) }
    let s = 2 * (p - 0.5)
    return log1p(s) - log1p(-s)
  }

  private static func unsupported(_ node: SkopsNode) -> ModelError {
    node.unsupported(
      "gradient boosting that starts from \(node.fullName.prefix(120)) is not one that opz scores",
      hint: "train with init=None or init=\"zero\"")
  }
}
