import OpzModel

/// A fitted tree (`sklearn.tree._tree.Tree`): records of nodes, and `values` of nodes x outputs x the most classes.
///
/// A row goes left where `float32(x) <= threshold`, a float64; where x is NaN, as `missing_go_to_left` says, which
/// versions before 1.3 do not have (`_apply_dense` in sklearn/tree/_tree.pyx).
struct SklearnTree {
  let left: [Int]
  let right: [Int]
  private let features: [Int]
  private let thresholds: [Double]
  /// Empty before 1.3.
  private let missingGoesLeft: [Int]
  /// Samples of the training data in each node.
  let samples: [Int]
  private let values: [Double]
  /// Outputs, and the length of each output's list of values.
  let outputs: Int
  let width: Int
  private let place: SkopsNode

  /// Reads the tree of an estimator: its `tree_`.
  init(of estimator: SkopsNode) throws {
    let tree = try estimator.required("tree_")
    guard tree.isObject("Tree") else { throw tree.damaged("a tree is expected") }
    let nodes = try tree.required("nodes").array()
    func field(_ name: String) throws -> NumpyArray {
      guard nodes.shape.count == 1, let field = nodes.field(name) else {
        throw tree.damaged("its nodes have no \(name)")
      }
      return field
    }
    left = try field("left_child").integers()
    right = try field("right_child").integers()
    features = try field("feature").integers()
    thresholds = try field("threshold").doubles()
    samples = try field("n_node_samples").integers()
    missingGoesLeft = try nodes.field("missing_go_to_left")?.integers() ?? []
    let values = try tree.required("values").array()
    guard values.shape.count == 3, values.shape[0] == left.count, !left.isEmpty, values.shape[1] > 0,
      values.shape[2] > 0
    else { throw tree.damaged("its values are not those of \(left.count) nodes") }
    (outputs, width) = (values.shape[1], values.shape[2])
    self.values = try values.doubles()
    place = tree
  }

  var count: Int { left.count }

  func isLeaf(_ node: Int) -> Bool { left[node] == -1 }

  /// The values of an output in a node.
  func values(_ node: Int, output: Int) -> ArraySlice<Double> {
    let start = (node * outputs + output) * width
    return values[start..<start + width]
  }

  /// Adds the tree to an ensemble.
  /// - Parameters:
  ///   - group: the output that leaves with one value add to.
  ///   - columns: the ensemble's column of each of the tree's own; nil where they are the same.
  ///   - ignoresMissing: NaN goes right, as in gradient boosting, whose loop compares and nothing else.
  ///   - leaf: what a leaf is worth.
  func add(
    to builder: inout TreeEnsembleBuilder, group: Int = 0, columns: [Int]?, ignoresMissing: Bool = false,
    leaf: (Int) throws -> TreeEnsembleBuilder.SourceNode
  ) throws {
    try builder.addTree(nodes: count, group: group) { index in
      guard !isLeaf(index) else { return try leaf(index) }
      var feature = features[index]
      if let columns {
        guard columns.indices.contains(feature) else { throw place.damaged("node \(index) uses column \(feature)") }
        feature = columns[feature]
      }
      guard let column = Int32(exactly: feature) else { throw place.damaged("node \(index) uses column \(feature)") }
      let isLeft = !ignoresMissing && !missingGoesLeft.isEmpty && missingGoesLeft[index] != 0
      let node = TreeEnsemble.Node(
        column: column, test: .lessOrEqual, threshold: SklearnTree.float32(thresholds[index]), missing: .nan,
        missingGoesLeft: isLeft)
      return .split(node, left: left[index], right: right[index])
    }
  }

  /// The greatest float32 up to a threshold: for a float32 `x`, `x <= threshold` says the same with it.
  static func float32(_ threshold: Double) -> Double {
    let nearest = Float(threshold)
    return Double(nearest) > threshold ? Double(nearest.nextDown) : Double(nearest)
  }
}
