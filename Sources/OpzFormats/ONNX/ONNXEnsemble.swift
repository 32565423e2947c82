import OpzModel

/// An ensemble that was read, with what ONNX Runtime looks at beside the sums: which outputs have scores at all, and
/// whether all weights are positive (onnxruntime, core/providers/cpu/ml/tree_ensemble_aggregator.h).
struct ONNXEnsemble {
  var trees: TreeEnsemble
  /// Outputs that some tree has a weight for at each of its leaves, and so in each row.
  var alwaysScored: Set<Int>
  /// Outputs that any leaf has a weight for.
  var scored: Set<Int>
  var isAnyNegative: Bool
  var isAnyZero: Bool
  /// Whether each leaf has a weight for each output.
  var isDense: Bool
}

/// Counts what the weights of an ensemble's leaves are, tree by tree.
struct ONNXWeightCounts {
  private var leaves: [Int: Int] = [:]
  private(set) var alwaysScored: Set<Int> = []
  private(set) var scored: Set<Int> = []
  private(set) var isAnyNegative = false
  private(set) var isAnyZero = false
  /// Whether each tree is for one output and each of its leaves has one weight at most.
  private(set) var isNarrow = true
  /// Whether some leaf has two weights for one output.
  private(set) var hasDuplicates = false
  private(set) var weights = 0
  private(set) var leafCount = 0

  init() {}

  /// Whether each leaf has a weight for each of so many outputs.
  func isDense(groups: Int) -> Bool { weights == leafCount.multipliedReportingOverflow(by: groups).partialValue }

  /// Adds a tree with so many leaves.
  mutating func add(_ list: [ONNXLeafWeight], leaves count: Int) {
    leaves.removeAll(keepingCapacity: true)
    var previous: (node: Int64, target: Int)?
    for weight in list {
      leaves[weight.target, default: 0] += 1
      isAnyNegative = isAnyNegative || weight.value < 0
      isAnyZero = isAnyZero || weight.value == 0
      if let last = previous, last.node == weight.node {
        isNarrow = false
        hasDuplicates = hasDuplicates || last.target == weight.target
      }
      previous = (weight.node, weight.target)
    }
    isNarrow = isNarrow && leaves.count <= 1
    for (target, number) in leaves {
      if number >= count { alwaysScored.insert(target) }
      scored.insert(target)
    }
    weights += list.count
    leafCount += count
  }
}

/// The rules that ONNX's modes become: a test, the order of the children, and where NaN goes.
enum ONNXTreeTest {
  /// NaN fails every test but "not equal", unless the node says that missing inputs go where it is true.
  /// - Parameter threshold: a number, or the index of a set of categories.
  static func split(
    _ mode: ONNXTreeNode.Mode, column: Int32, threshold: Double, tracksTrue: Bool, whenTrue: Int, whenFalse: Int
  ) -> TreeEnsembleBuilder.SourceNode {
    let test: TreeEnsemble.Test =
      switch mode {
      case .lessOrEqual, .greater: .lessOrEqual
      case .less, .greaterOrEqual: .less
      case .equal, .notEqual: .equal
      case .member, .leaf: .member
      }
    let isMirrored = mode == .greater || mode == .greaterOrEqual || mode == .notEqual
    let missingIsTrue = tracksTrue || mode == .notEqual
    let node = TreeEnsemble.Node(
      column: column, test: test, threshold: threshold, missing: .nan,
      missingGoesLeft: isMirrored ? !missingIsTrue : missingIsTrue)
    return .split(node, left: isMirrored ? whenFalse : whenTrue, right: isMirrored ? whenTrue : whenFalse)
  }
}
