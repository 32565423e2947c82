import OpzModel
import OpzWire

/// Reads the trees of TreeEnsembleRegressor and TreeEnsembleClassifier (ai.onnx.ml 1 and 3), as ONNX Runtime does
/// (core/providers/cpu/ml/tree_ensemble_common.h): the root is the first node of a tree, children are found by their
/// numbers.
struct ONNXTreesReader {
  let node: ONNXNode
  /// `target` or `class`.
  let prefix: String
  let groups: Int
  let columns: Int
  let precision: TreeEnsemble.Precision
  /// The model's file, for errors.
  let name: String
  /// Bytes of the model's file.
  let fileSize: Int

  private var place: String { "\(name): \(node.label)" }

  func read() throws -> ONNXEnsemble {
    let (counts, isSorted) = try count()
    guard groups == 1 || !counts.hasDuplicates else {
      throw ModelError(
        .unsupported, place, reason: "a leaf with two weights for one output, which opz does not score",
        hint: ONNXReader.otherwise)
    }
    let isNarrow = groups == 1 || counts.isNarrow
    guard isNarrow || counts.leafCount <= (64 * counts.weights + (1 << 20)) / groups else {
      throw ModelError(
        .tooLarge, place,
        reason: "\(counts.leafCount) leaves with few weights for \(groups) outputs would take too much memory",
        hint: ONNXReader.otherwise)
    }
    var builder = TreeEnsembleBuilder(
      name: place, columns: columns, groups: groups, inputs: precision, sums: precision,
      fileSize: fileSize)
    builder.setCategoryRule(.whole)
    builder.reserveCapacity(leaves: counts.leafCount)
    var nodes = try ONNXTreeNodes(node)
    var weights = try ONNXLeafWeights(node, prefix)
    if !isSorted { try weights.sort() }
    var list: [ONNXLeafWeight] = []
    while try nodes.advance() {
      try weights.take(nodes.tree, into: &list)
      try add(ONNXTree(nodes.nodes, list, place: place), isNarrow, builder: &builder)
    }
    guard weights.isAtEnd else { throw damaged("a weight for a tree that does not exist") }
    return ONNXEnsemble(
      trees: try builder.finish(), alwaysScored: counts.alwaysScored, scored: counts.scored,
      isAnyNegative: counts.isAnyNegative, isAnyZero: counts.isAnyZero, isDense: counts.isDense(groups: groups))
  }

  /// Passes over all trees once to learn how their leaves are best stored.
  private func count() throws -> (counts: ONNXWeightCounts, isSorted: Bool) {
    func passes(_ isSorted: Bool) throws -> (ONNXWeightCounts, isComplete: Bool) {
      var counts = ONNXWeightCounts()
      var nodes = try ONNXTreeNodes(node)
      var weights = try ONNXLeafWeights(node, prefix)
      if !isSorted { try weights.sort() }
      var list: [ONNXLeafWeight] = []
      var known: Set<Int64> = []
      while try nodes.advance() {
        guard known.insert(nodes.tree).inserted else {
          throw ModelError(
            .unsupported, place, reason: "the nodes of tree \(nodes.tree) are not together, which opz does not read",
            hint: ONNXReader.otherwise)
        }
        try weights.take(nodes.tree, into: &list)
        guard list.allSatisfy({ (0..<groups).contains($0.target) }) else {
          throw damaged("tree \(nodes.tree) has a weight for an output beyond \(groups)")
        }
        counts.add(list, leaves: nodes.nodes.reduce(0) { $0 + ($1.mode == .leaf ? 1 : 0) })
      }
      return (counts, weights.isAtEnd)
    }
    let first = try passes(true)
    return first.isComplete ? (first.0, true) : (try passes(false).0, false)
  }

  private func add(_ tree: ONNXTree, _ isNarrow: Bool, builder: inout TreeEnsembleBuilder) throws {
    let sets = try tree.mergedSets { try builder.add($0) }
    let group = isNarrow && groups > 1 ? tree.weights.first?.target ?? 0 : 0
    try builder.addTree(nodes: tree.nodes.count, group: group) { index in
      let own = tree.nodes[index]
      guard own.mode == .leaf else {
        guard let column = Int32(exactly: own.feature) else { throw damaged("column \(own.feature) of a tree node") }
        let merged = sets[index]
        return ONNXTreeTest.split(
          merged == nil ? own.mode : .member, column: column, threshold: merged.map { Double($0.set) } ?? own.value,
          tracksTrue: own.tracksTrue, whenTrue: try tree.index(own.whenTrue),
          whenFalse: try merged?.whenFalse ?? tree.index(own.whenFalse))
      }
      let number = Int(clamping: own.id)
      let weights = tree.weights(ofLeaf: index)
      guard !isNarrow else {
        // ONNX Runtime keeps a leaf's own number where it has no weight and there is one output.
        return .leaf(number: number, value: weights.first?.value ?? (groups == 1 && prefix == "target" ? own.value : 0))
      }
      var values = [Double](repeating: 0, count: groups)
      for weight in weights { values[weight.target] = weight.value }
      return .vector(number: number, values: values)
    }
  }

  private func damaged(_ reason: String) -> ModelError {
    ModelError(.damaged, place, reason: reason, hint: "save the model again")
  }
}

/// One tree with its nodes and weights found by number.
struct ONNXTree {
  let nodes: [ONNXTreeNode]
  /// In the order of the leaves' indexes.
  private(set) var weights: [ONNXLeafWeight]
  private let indexes: [Int64: Int]
  /// Where nodes are numbered in order, their index is their number minus the first one's.
  private let first: Int64?
  /// By the leaf's index: where its weights begin in `weights`; one more at the end.
  private var starts: [Int32]
  private let place: String

  init(_ nodes: [ONNXTreeNode], _ weights: [ONNXLeafWeight], place: String) throws {
    self.nodes = nodes
    self.place = place
    let start = nodes.first?.id ?? 0
    let isInOrder = nodes.indices.allSatisfy { nodes[$0].id &- start == Int64($0) }
    first = isInOrder ? start : nil
    var found: [Int64: Int] = [:]
    if !isInOrder {
      for (index, node) in nodes.enumerated() where found.updateValue(index, forKey: node.id) != nil {
        throw ModelError(.damaged, place, reason: "tree node \(node.id) exists twice", hint: "save the model again")
      }
    }
    indexes = found
    self.weights = weights
    starts = []
    try group()
  }

  /// Sorts the weights by leaf, in the file's order within one.
  private mutating func group() throws {
    var counts = [Int32](repeating: 0, count: nodes.count + 1)
    let leaves = try weights.map { weight in
      let index = try index(weight.node)
      guard nodes[index].mode == .leaf else {
        throw ModelError(
          .unsupported, place, reason: "a tree node with children and a weight, which opz does not score",
          hint: ONNXReader.otherwise)
      }
      counts[index + 1] += 1
      return index
    }
    for index in nodes.indices { counts[index + 1] += counts[index] }
    starts = counts
    if !zip(leaves, leaves.dropFirst()).allSatisfy({ $0 <= $1 }) {
      let order = leaves.indices.sorted { (leaves[$0], $0) < (leaves[$1], $1) }
      weights = order.map { weights[$0] }
    }
  }

  func weights(ofLeaf index: Int) -> ArraySlice<ONNXLeafWeight> {
    weights[Int(starts[index])..<Int(starts[index + 1])]
  }

  /// The index of the node with a number.
  func index(_ number: Int64) throws -> Int {
    let index = first.map { Int(exactly: number.subtractingReportingOverflow($0).partialValue) } ?? indexes[number]
    guard let index, nodes.indices.contains(index), nodes[index].id == number else {
      throw ModelError(.damaged, place, reason: "tree node \(number) does not exist", hint: "save the model again")
    }
    return index
  }

  /// Chains of nodes "equal to a, else equal to b .." with one common child: the set that they test, and the last
  /// node's other child, by the first node's index. ONNX Runtime joins them in the same way.
  func mergedSets(
    _ add: (TreeEnsemble.CategorySet) throws -> Int
  ) throws -> [Int: (set: Int, whenFalse: Int)] {
    var result: [Int: (set: Int, whenFalse: Int)] = [:]
    guard nodes.contains(where: { $0.mode == .equal }) else { return result }
    var isJoined = [Bool](repeating: false, count: nodes.count)
    for (start, node) in nodes.enumerated() where node.mode == .equal && !isJoined[start] {
      var values = [node.value]
      var last = node
      while let next = try? index(last.whenFalse), !isJoined[next], case let other = nodes[next], other.mode == .equal,
        other.feature == node.feature, other.whenTrue == node.whenTrue, other.tracksTrue == node.tracksTrue,
        values.count <= nodes.count
      {
        values.append(other.value)
        isJoined[next] = true
        last = other
      }
      guard values.count > 1 else { continue }
      let categories = values.compactMap { Int(exactly: $0) }
      guard categories.count == values.count, categories.allSatisfy({ (0..<(1 << 24)).contains($0) }) else {
        throw ModelError(
          .unsupported, place, reason: "a set of numbers that are not whole or negative, which opz does not score",
          hint: ONNXReader.otherwise)
      }
      result[start] = (try add(TreeEnsemble.CategorySet(categories)), try index(last.whenFalse))
    }
    return result
  }
}
