import OpzModel

/// A tree, a forest of them, or bagged trees, for classes: the mean of the leaves' probabilities (sklearn/tree/_classes.py,
/// sklearn/ensemble/_forest.py and _bagging.py).
struct TreeClassifier: SklearnEstimator {
  let columns: Int
  private let ensemble: TreeEnsemble
  private let classes: SklearnClasses

  init(_ node: SkopsNode, _ version: SklearnVersion) throws {
    columns = try SklearnReader.columnCount(node)
    let members = try TreeMembers(node, columns: columns)
    let outputs = members.isBagged ? 1 : try node.integer("n_outputs_")
    guard (1...SklearnReader.outputLimit).contains(outputs) else { throw node.damaged("it has \(outputs) outputs") }
    classes = try SklearnClasses(node, outputs: outputs)
    let (counts, width) = (classes.counts, classes.width)
    var builder = TreeEnsembleBuilder(
      name: node.archive.name, columns: columns, groups: width, inputs: .float32, sums: .float64,
      fileSize: node.archive.size)
    for member in members.all {
      let tree = try SklearnTree(of: member.estimator)
      // A bag's tree that has not seen all classes says which it has.
      let own = members.isBagged ? try member.estimator.required("classes_").integers() : Array(0..<counts[0])
      guard tree.outputs == outputs, own.allSatisfy((0..<width).contains), own.count <= tree.width,
        outputs == 1 || counts.allSatisfy({ $0 <= tree.width })
      else { throw member.estimator.damaged("it has other classes than the model") }
      try tree.add(to: &builder, columns: member.columns) { leaf in
        var values = [Double](repeating: 0, count: width)
        var start = 0
        for (output, count) in counts.enumerated() {
          let size = outputs == 1 ? own.count : count
          let shares = TreeClassifier.shares(tree.values(leaf, output: output).prefix(size), version)
          for (index, share) in shares.enumerated() { values[outputs == 1 ? own[index] : start + index] = share }
          start += count
        }
        return .vector(number: leaf, values: values)
      }
    }
    let count = Double(members.all.count)
    try builder.setBase(
      Array(repeating: 0, count: width), first: true, aggregate: members.isSingle ? .sum : .average(of: count))
    ensemble = try builder.finish()
  }

  /// Before 1.4 a leaf's values are divided by their sum when they are read, since they were counts before 1.3.
  private static func shares(_ values: ArraySlice<Double>, _ version: SklearnVersion) -> [Double] {
    guard version < SklearnVersion(1, 4) else { return Array(values) }
    let sum = NumpySum.sum(values)
    return sum == 0 ? Array(values) : values.map { $0 / sum }
  }

  func add(to graph: inout SklearnGraph, _ matrix: Int) throws {
    let probabilities = try graph.builder.add(.trees(ensemble), [matrix])
    try graph.builder.addOutput(.probability, probabilities)
    try graph.addLabel(probabilities, classes)
    graph.describe(classes)
  }
}

/// The same for numbers: the mean of the leaves' values.
struct TreeRegressor: SklearnEstimator {
  let columns: Int
  private let ensemble: TreeEnsemble

  init(_ node: SkopsNode) throws {
    columns = try SklearnReader.columnCount(node)
    let members = try TreeMembers(node, columns: columns)
    let trees = try members.all.map { (try SklearnTree(of: $0.estimator), $0) }
    let outputs = trees.first?.0.outputs ?? 1
    guard outputs <= SklearnReader.outputLimit else { throw node.damaged("it has \(outputs) outputs") }
    var builder = TreeEnsembleBuilder(
      name: node.archive.name, columns: columns, groups: outputs, inputs: .float32, sums: .float64,
      fileSize: node.archive.size)
    for (tree, member) in trees {
      guard tree.outputs == outputs else { throw member.estimator.damaged("it has \(tree.outputs) outputs") }
      try tree.add(to: &builder, columns: member.columns) { leaf in
        let values = (0..<outputs).map { tree.values(leaf, output: $0).first ?? 0 }
        return outputs == 1 ? .leaf(number: leaf, value: values[0]) : .vector(number: leaf, values: values)
      }
    }
    let count = Double(members.all.count)
    try builder.setBase(
      Array(repeating: 0, count: outputs), first: true, aggregate: members.isSingle ? .sum : .average(of: count))
    ensemble = try builder.finish()
  }

  func add(to graph: inout SklearnGraph, _ matrix: Int) throws {
    try graph.builder.addOutput(.prediction, try graph.builder.add(.trees(ensemble), [matrix]))
  }
}

/// The trees of an estimator, in the order of the sum.
struct TreeMembers {
  struct Member {
    let estimator: SkopsNode
    /// The columns that the tree is given; nil for all.
    let columns: [Int]?
  }

  let all: [Member]
  /// Whether the estimator is one tree.
  let isSingle: Bool
  /// Whether a bagging estimator made them: each may have columns and classes of its own.
  let isBagged: Bool

  static let treeClasses = [
    "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
  ]

  init(_ node: SkopsNode, columns: Int) throws {
    isSingle = TreeMembers.treeClasses.contains(node.className)
    isBagged = node.className.hasPrefix("Bagging")
    guard !isSingle else {
      all = [Member(estimator: node, columns: nil)]
      return
    }
    let estimators = try TreeMembers.estimators(node)
    guard isBagged else {
      all = estimators.map { Member(estimator: $0, columns: nil) }
      return
    }
    let features = try node.required("estimators_features_").items()
    guard features.count == estimators.count else { throw node.damaged("its trees and their columns are not as many") }
    all = try zip(estimators, features).map { Member(estimator: $0, columns: try $1.integers()) }
  }

  /// The trees in `estimators_`.
  /// - Throws: `ModelError.unsupported` for other estimators than trees.
  static func estimators(_ node: SkopsNode) throws -> [SkopsNode] {
    let estimators = try node.required("estimators_").items()
    guard !estimators.isEmpty else { throw node.damaged("it has no estimators") }
    for estimator in estimators where !(treeClasses.contains { estimator.isObject($0) }) {
      throw estimator.unsupported(
        "\(node.className) of \(estimator.fullName.prefix(120)) is not one that opz scores",
        hint: "\(node.className) is read with trees; serve others with runtime: {kind: python}")
    }
    return estimators
  }
}
