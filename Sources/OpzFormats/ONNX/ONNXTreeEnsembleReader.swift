import OpzModel
import OpzWire

/// Reads the trees of TreeEnsemble (ai.onnx.ml 5): inner nodes and leaves in lists of their own, roots by index.
struct ONNXTreeEnsembleReader {
  private let node: ONNXNode
  /// The model's file, for errors.
  private let place: String
  /// Bytes of the model's file.
  private let fileSize: Int
  private let groups: Int
  private let columns: Int
  private let precision: TreeEnsemble.Precision

  private let roots: [Int32]
  private let features: [Int32]
  private let modes: [UInt8]
  private let splits: [Double]
  private let whenTrue: [Int32]
  private let whenFalse: [Int32]
  private let trueIsLeaf: [Int32]
  private let falseIsLeaf: [Int32]
  private let tracks: [Int32]
  private let targets: [Int32]
  private let weights: [Double]
  private let members: [Double]

  init(
    _ node: ONNXNode, groups: Int, columns: Int, precision: TreeEnsemble.Precision, name: String,
    fileSize: Int
  ) throws {
    self.fileSize = fileSize
    self.node = node
    self.groups = groups
    self.columns = columns
    self.precision = precision
    place = "\(name): \(node.label)"
    func integers(_ name: String) throws -> [Int32] {
      guard let message = node.attributes[name] else { return [] }
      var numbers = WireNumbers(message, field: 8)
      var values: [Int32] = []
      while let value = try numbers.nextInteger() { values.append(Int32(clamping: value)) }
      return values
    }
    roots = try integers("tree_roots")
    features = try integers("nodes_featureids")
    whenTrue = try integers("nodes_truenodeids")
    whenFalse = try integers("nodes_falsenodeids")
    trueIsLeaf = try integers("nodes_trueleafs")
    falseIsLeaf = try integers("nodes_falseleafs")
    tracks = try integers("nodes_missing_value_tracks_true")
    targets = try integers("leaf_targetids")
    modes = (try node.tensor("nodes_modes")?.numbers ?? []).map { UInt8(exactly: $0) ?? 255 }
    splits = try node.tensor("nodes_splits")?.numbers ?? []
    weights = try node.tensor("leaf_weights")?.numbers ?? []
    members = try node.tensor("membership_values")?.numbers ?? []
    let count = features.count
    guard !roots.isEmpty, targets.count == weights.count, tracks.isEmpty || tracks.count == count,
      [modes.count, splits.count, whenTrue.count, whenFalse.count, trueIsLeaf.count, falseIsLeaf.count]
        .allSatisfy({ $0 == count })
    else { throw damaged("its lists of tree nodes or leaves are missing or have different lengths") }
    guard targets.allSatisfy({ $0 >= 0 && Int($0) < groups }) else {
      throw damaged("a leaf is for an output beyond \(groups)")
    }
  }

  /// A node or leaf of one tree; the children are positions in the tree's list.
  private struct Step {
    let isLeaf: Bool
    let index: Int
    var whenTrue = 0
    var whenFalse = 0
  }

  func read() throws -> ONNXEnsemble {
    let (counts, isNarrow) = try count()
    guard isNarrow || weights.count <= (64 * weights.count + (1 << 20)) / groups else {
      throw ModelError(
        .tooLarge, place,
        reason: "\(weights.count) leaves for \(groups) outputs in the same trees would take too much memory",
        hint: ONNXReader.otherwise)
    }
    var builder = TreeEnsembleBuilder(
      name: place, columns: columns, groups: groups, inputs: precision, sums: precision,
      fileSize: fileSize)
    builder.setCategoryRule(.whole)
    builder.reserveCapacity(leaves: weights.count)
    let sets = try memberSets(&builder)
    var isVisited = [Bool](repeating: false, count: features.count)
    for root in roots {
      let steps = try tree(root, &isVisited)
      let group = isNarrow && groups > 1 ? steps.first { $0.isLeaf }.map { Int(targets[$0.index]) } ?? 0 : 0
      try builder.addTree(nodes: steps.count, group: group) { try source(steps[$0], isNarrow, sets: sets) }
    }
    return ONNXEnsemble(
      trees: try builder.finish(), alwaysScored: counts.alwaysScored, scored: counts.scored,
      isAnyNegative: counts.isAnyNegative, isAnyZero: counts.isAnyZero, isDense: counts.isDense(groups: groups))
  }

  private func source(_ step: Step, _ isNarrow: Bool, sets: [Int: Int]) throws -> TreeEnsembleBuilder.SourceNode {
    guard step.isLeaf else {
      guard let mode = ONNXTreeNode.Mode(rawValue: modes[step.index]), mode != .leaf else {
        throw damaged("mode \(modes[step.index]) of a tree node does not exist")
      }
      return ONNXTreeTest.split(
        mode, column: features[step.index], threshold: sets[step.index].map { Double($0) } ?? splits[step.index],
        tracksTrue: !tracks.isEmpty && tracks[step.index] == 1, whenTrue: step.whenTrue, whenFalse: step.whenFalse)
    }
    guard !isNarrow else { return .leaf(number: step.index, value: weights[step.index]) }
    var values = [Double](repeating: 0, count: groups)
    values[Int(targets[step.index])] = weights[step.index]
    return .vector(number: step.index, values: values)
  }

  private func count() throws -> (ONNXWeightCounts, isNarrow: Bool) {
    var counts = ONNXWeightCounts()
    var isVisited = [Bool](repeating: false, count: features.count)
    for root in roots {
      let leaves = try tree(root, &isVisited).filter(\.isLeaf).enumerated().map { position, step in
        ONNXLeafWeight(node: Int64(position), target: Int(targets[step.index]), value: weights[step.index])
      }
      counts.add(leaves, leaves: leaves.count)
    }
    return (counts, groups == 1 || counts.isNarrow)
  }

  /// The nodes of a tree, parents before children. An inner node belongs to one tree and one parent, so that there is
  /// no cycle; leaves may be shared.
  private func tree(_ root: Int32, _ isVisited: inout [Bool]) throws -> [Step] {
    let first = Int(root)
    guard features.indices.contains(first) else { throw damaged("root \(root) does not exist") }
    // A tree of one leaf is a node whose children are the same leaf.
    if trueIsLeaf[first] != 0, falseIsLeaf[first] != 0, whenTrue[first] == whenFalse[first] {
      guard weights.indices.contains(Int(whenTrue[first])) else {
        throw damaged("leaf \(whenTrue[first]) does not exist")
      }
      return [Step(isLeaf: true, index: Int(whenTrue[first]))]
    }
    var steps: [Step] = []
    var pending: [(isLeaf: Bool, index: Int, parent: Int, isTrue: Bool)] = [(false, first, -1, false)]
    while let next = pending.popLast() {
      let position = steps.count
      if next.parent >= 0 {
        if next.isTrue { steps[next.parent].whenTrue = position } else { steps[next.parent].whenFalse = position }
      }
      steps.append(Step(isLeaf: next.isLeaf, index: next.index))
      guard !next.isLeaf else {
        guard weights.indices.contains(next.index) else { throw damaged("leaf \(next.index) does not exist") }
        continue
      }
      guard features.indices.contains(next.index), !isVisited[next.index] else {
        throw damaged("tree node \(next.index) does not exist or is reached twice")
      }
      isVisited[next.index] = true
      pending.append((falseIsLeaf[next.index] != 0, Int(whenFalse[next.index]), position, false))
      pending.append((trueIsLeaf[next.index] != 0, Int(whenTrue[next.index]), position, true))
    }
    return steps
  }

  /// The sets of the nodes that test for membership, in the order of the nodes, separated by NaN.
  private func memberSets(_ builder: inout TreeEnsembleBuilder) throws -> [Int: Int] {
    var sets: [Int: Int] = [:]
    var position = 0
    for (index, mode) in modes.enumerated() where mode == ONNXTreeNode.Mode.member.rawValue {
      let start = position
      while position < members.count, !members[position].isNaN { position += 1 }
      let categories = members[start..<position].compactMap { Int(exactly: $0) }
      guard start < position else { throw damaged("tree node \(index) tests for membership of an empty set") }
      guard categories.count == position - start, categories.allSatisfy({ (0..<(1 << 24)).contains($0) }) else {
        throw ModelError(
          .unsupported, place, reason: "a set of numbers that are not whole or negative, which opz does not score",
          hint: ONNXReader.otherwise)
      }
      sets[index] = try builder.add(TreeEnsemble.CategorySet(categories))
      position += 1
    }
    return sets
  }

  private func damaged(_ reason: String) -> ModelError {
    ModelError(.damaged, place, reason: reason, hint: "save the model again")
  }
}
