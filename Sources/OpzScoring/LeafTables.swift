import OpzModel

/// What leaves have, by tree and the leaf's number.
struct LeafTables {
  /// By tree: where its leaves begin in the tables.
  private(set) var starts: [Int] = []
  /// Empty where leaves are vectors.
  private(set) var values: [Double] = []
  /// As the training library counts.
  private(set) var numbers: [Int32] = []
  /// Empty unless leaves are vectors.
  private(set) var vectorStarts: [UInt32] = []
  /// Empty unless there are linear functions; `.max` for a leaf without.
  private(set) var functions: [UInt32] = []

  init(_ source: TreeSource, _ slices: TreeSlices) {
    let ensemble = source.ensemble
    let isVector = !ensemble.leafValues.isEmpty, isLinear = !ensemble.linear.isEmpty
    let count = slices.numbers.reduce(0) { $0 + Int($1.limit) }
    numbers = [Int32](repeating: 0, count: count)
    values = [Double](repeating: 0, count: isVector ? 0 : count)
    vectorStarts = [UInt32](repeating: 0, count: isVector ? count : 0)
    functions = [UInt32](repeating: .max, count: isLinear ? count : 0)
    var start = 0
    for tree in ensemble.trees.indices {
      starts.append(start)
      let range = source.nodes(tree)
      for index in range where ensemble.nodes[index].isLeaf {
        let node = ensemble.nodes[index], leaf = ensemble.leaves[Int(node.left)]
        let at = start + Int(slices.numbers[tree].numbers[index - range.lowerBound])
        numbers[at] = leaf.number
        if isVector { vectorStarts[at] = UInt32(leaf.values) } else { values[at] = node.threshold }
        if isLinear && leaf.linear >= 0 { functions[at] = UInt32(leaf.linear) }
      }
      start += Int(slices.numbers[tree].limit)
    }
  }
}
