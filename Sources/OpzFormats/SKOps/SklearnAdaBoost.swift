import OpzModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `AdaBoostClassifier` of trees (sklearn/ensemble/_weight_boosting.py): SAMME, where each tree votes for a class, and
/// SAMME.R of versions before 1.6, which adds logarithms of probabilities.
struct AdaBoostClassifier: SklearnEstimator {
  let columns: Int
  private let ensemble: TreeEnsemble
  private let classes: SklearnClasses
  /// The sum of the estimators' weights.
  private let total: Double

  init(_ node: SkopsNode, _ version: SklearnVersion) throws {
    columns = try SklearnReader.columnCount(node)
    let classes = try SklearnClasses(node)
    let estimators = try TreeMembers.estimators(node)
    let all = try node.required("estimator_weights_").numbers()
    guard classes.width >= 2, all.count >= estimators.count else {
      throw node.damaged("\(all.count) weights for \(estimators.count) estimators, or one class")
    }
    let isReal = node.text("algorithm") == "SAMME.R"
    let width = classes.width
    var builder = TreeEnsembleBuilder(
      name: node.archive.name, columns: columns, groups: width, inputs: .float32, sums: .float64,
      fileSize: node.archive.size)
    for (estimator, weight) in zip(estimators, all) {
      let tree = try SklearnTree(of: estimator)
      let own = try SklearnClasses(estimator)
      // A tree that has not seen all classes says which it has.
      let places = try own.texts.map { text in
        guard let place = classes.texts.firstIndex(of: text) else { throw estimator.damaged("it has other classes") }
        return place
      }
      guard tree.outputs == 1, places.count <= tree.width, !isReal || places.count == width else {
        throw estimator.damaged("it has \(places.count) classes of \(width)")
      }
      // Before 1.3 the classes that a tree does not vote for get nothing.
      let other = version < SklearnVersion(1, 3) ? 0 : -1 / Double(width - 1) * weight
      try tree.add(to: &builder, columns: nil) { leaf in
        let values = tree.values(leaf, output: 0).prefix(places.count)
        if isReal { return .vector(number: leaf, values: AdaBoostClassifier.logarithms(Array(values), version)) }
        var votes = [Double](repeating: other, count: width)
        votes[places[AdaBoostClassifier.greatest(values)]] = weight
        return .vector(number: leaf, values: votes)
      }
    }
    self.classes = classes
    ensemble = try builder.finish()
    total = NumpySum.sum(all)
  }

  func add(to graph: inout SklearnGraph, _ matrix: Int) throws {
    let mean = try graph.divide(try graph.builder.add(.trees(ensemble), [matrix]), by: total)
    let isBinary = classes.width == 2
    let decision = isBinary ? try difference(mean, &graph) : mean
    let scores =
      isBinary
      ? try graph.builder.add(.concatenate, [try graph.builder.add(.function(.negate), [decision]), decision])
      : decision
    let scaled = try graph.divide(scores, by: isBinary ? 2 : Double(classes.width - 1))
    try graph.builder.addOutput(.probability, try graph.builder.add(.link(.softmax), [scaled]))
    try graph.builder.addOutput(.margin, decision)
    if isBinary {
      try graph.addLabel(decision, .greater, classes: classes)
    } else {
      try graph.addLabel(decision, classes)
    }
    graph.describe(classes)
  }

  /// The second column minus the first.
  private func difference(_ mean: Int, _ graph: inout SklearnGraph) throws -> Int {
    let first = try graph.builder.add(.select([0]), [mean])
    let second = try graph.builder.add(.select([1]), [mean])
    return try graph.builder.add(.arithmetic(.subtract), [second, first])
  }

  /// The first of the greatest.
  private static func greatest(_ values: ArraySlice<Double>) -> Int {
    var best = values.startIndex
    for index in values.indices where values[index] > values[best] { best = index }
    return best - values.startIndex
  }

  /// `_samme_proba`.
  private static func logarithms(_ values: [Double], _ version: SklearnVersion) -> [Double] {
    let sum = NumpySum.sum(values)
    let isShare = version >= SklearnVersion(1, 4) || sum == 0
    let logs = values.map { log(max(isShare ? $0 : $0 / sum, Double.ulpOfOne)) }
    let mean = 1 / Double(values.count) * NumpySum.sum(logs)
    return logs.map { Double(values.count - 1) * ($0 - mean) }
  }
}

/// `AdaBoostRegressor` of trees: the weighted median of their predictions.
struct AdaBoostRegressor: SklearnEstimator {
  let columns: Int
  private let ensemble: TreeEnsemble
  private let weights: [Double]

  init(_ node: SkopsNode) throws {
    columns = try SklearnReader.columnCount(node)
    let estimators = try TreeMembers.estimators(node)
    let all = try node.required("estimator_weights_").numbers()
    guard all.count >= estimators.count, estimators.count <= SklearnReader.outputLimit,
      all.allSatisfy({ $0.isFinite && $0 >= 0 })
    else { throw node.damaged("\(all.count) weights for \(estimators.count) estimators") }
    weights = Array(all.prefix(estimators.count))
    var builder = TreeEnsembleBuilder(
      name: node.archive.name, columns: columns, groups: estimators.count, inputs: .float32, sums: .float64,
      fileSize: node.archive.size)
    for (index, estimator) in estimators.enumerated() {
      let tree = try SklearnTree(of: estimator)
      guard tree.outputs == 1 else { throw estimator.damaged("it has \(tree.outputs) outputs") }
      try tree.add(to: &builder, group: index, columns: nil) { leaf in
        .leaf(number: leaf, value: tree.values(leaf, output: 0).first ?? 0)
      }
    }
    ensemble = try builder.finish()
  }

  func add(to graph: inout SklearnGraph, _ matrix: Int) throws {
    let predictions = try graph.builder.add(.trees(ensemble), [matrix])
    try graph.builder.addOutput(.prediction, try graph.builder.add(.weightedMedian(weights), [predictions]))
  }
}
