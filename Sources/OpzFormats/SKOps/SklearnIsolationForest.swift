import OpzModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `IsolationForest` (sklearn/ensemble/_iforest.py). Its `prediction` is `score_samples`, its `margin`
/// `decision_function`, its `label` -1 or 1.
struct IsolationForest: SklearnEstimator {
  let columns: Int
  private let ensemble: TreeEnsemble
  /// What the depths are divided by.
  private let denominator: Double
  private let offset: Double

  init(_ node: SkopsNode, _ version: SklearnVersion) throws {
    columns = try SklearnReader.columnCount(node)
    let estimators = try TreeMembers.estimators(node)
    let features = try node.required("estimators_features_").items()
    guard features.count == estimators.count else { throw node.damaged("its trees and their columns are not as many") }
    let isSubset = try node.integer("_max_features") != columns
    // From 1.3 on the file has what each node is worth.
    let lengths = try node.member("_decision_path_lengths")?.items()
    let averages = try node.member("_average_path_length_per_tree")?.items()
    guard lengths.map({ $0.count == estimators.count && averages?.count == $0.count }) ?? true else {
      throw node.damaged("its lengths of paths are not those of \(estimators.count) trees")
    }
    var builder = TreeEnsembleBuilder(
      name: node.archive.name, columns: columns, groups: 1, inputs: .float32, sums: .float64,
      fileSize: node.archive.size)
    for (index, estimator) in estimators.enumerated() {
      let tree = try SklearnTree(of: estimator)
      let length = try lengths?[index].numbers() ?? IsolationForest.depths(tree)
      let average = try averages?[index].numbers() ?? tree.samples.map { IsolationForest.averageLength($0) }
      guard length.count == tree.count, average.count == tree.count else {
        throw estimator.damaged("\(length.count) lengths of paths for \(tree.count) nodes")
      }
      let own = isSubset ? try features[index].integers() : nil
      try tree.add(to: &builder, columns: own) { leaf in
        .leaf(number: leaf, value: length[leaf] + average[leaf] - 1)
      }
    }
    ensemble = try builder.finish()
    let samples = try node.integer(node.member("_max_samples") == nil ? "max_samples_" : "_max_samples")
    denominator = Double(estimators.count) * IsolationForest.averageLength(samples)
    offset = try node.number("offset_")
  }

  func add(to graph: inout SklearnGraph, _ matrix: Int) throws {
    let depths = try graph.builder.add(.trees(ensemble), [matrix])
    let one = try graph.constant(1)
    // With one sample in training both are 0, and the library takes 1.
    let ratio =
      denominator != 0
      ? try graph.divide(depths, by: denominator)
      : try graph.builder.add(
        .arithmetic(.add), [try graph.builder.add(.arithmetic(.multiply), [depths, try graph.constant(0)]), one])
    let power = try graph.builder.add(
      .arithmetic(.power), [try graph.constant(2), try graph.builder.add(.function(.negate), [ratio])])
    let score = try graph.builder.add(.function(.negate), [power])
    let decision = try graph.builder.add(.arithmetic(.subtract), [score, try graph.constant(offset)])
    try graph.builder.addOutput(.prediction, score)
    try graph.builder.addOutput(.margin, decision)
    let isOutlier = try graph.builder.add(.compare(.less), [decision, try graph.constant(0)])
    let isInlier = try graph.builder.add(.function(.not), [isOutlier])
    graph.builder.classes = ["-1", "1"]
    try graph.builder.addOutput(.label, try graph.label(isInlier, graph.builder.classes))
  }

  /// The nodes on the path to each node, itself included.
  private static func depths(_ tree: SklearnTree) -> [Double] {
    var depths = [Double](repeating: 0, count: tree.count)
    var pending = [(node: 0, depth: 1.0)]
    while let next = pending.popLast() {
      // A node with a depth was reached before: the builder refuses such a tree.
      guard depths.indices.contains(next.node), depths[next.node] == 0 else { continue }
      depths[next.node] = next.depth
      guard !tree.isLeaf(next.node) else { continue }
      pending.append((tree.left[next.node], next.depth + 1))
      pending.append((tree.right[next.node], next.depth + 1))
    }
    return depths
  }

  /// `_average_path_length`: of an unsuccessful search among so many samples.
  private static func averageLength(_ samples: Int) -> Double {
    guard samples > 2 else { return samples == 2 ? 1 : 0 }
    let count = Double(samples)
    return 2 * (log(count - 1) + 0.577_215_664_901_532_9) - 2 * (count - 1) / count
  }
}
