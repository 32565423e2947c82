import OpzModel

/// Packs XGBoost's trees. Only nodes reachable from the root are kept: a file may still contain deleted ones.
struct EnsembleBuilder {
  private(set) var ensemble = TreeEnsemble()
  private let name: String
  private let columns: Int

  init(name: String, columns: Int) {
    self.name = name
    self.columns = columns
  }

  mutating func add(_ tree: XGBoostDocument.Tree, number: Int, group: Int, weight: Float) throws {
    let count = tree.left.count
    let lists = [tree.right.count, tree.features.count, tree.conditions.count, tree.defaultLeft.count]
    guard count > 0, lists.allSatisfy({ $0 == count }), tree.splitTypes.isEmpty || tree.splitTypes.count == count else {
      throw damaged(number, "its lists have different lengths")
    }
    guard weight.isFinite, ensemble.nodes.count + count < Int(Int32.max) else {
      throw damaged(number, "its weight is not finite, or it has too many nodes")
    }
    let sets = try categorySets(tree, number)
    let root = ensemble.nodes.count
    // Depth first, left before right: a path through the tree moves forward through memory.
    var place = [Int](repeating: -1, count: count)
    var pending: [(node: Int, parent: Int, isLeft: Bool)] = [(0, -1, false)]
    while let next = pending.popLast() {
      guard (0..<count).contains(next.node) else { throw damaged(number, "node \(next.node) does not exist") }
      guard place[next.node] < 0 else {
        throw damaged(number, "node \(next.node) is reached twice: the tree has a cycle")
      }
      let position = ensemble.nodes.count
      place[next.node] = position
      if next.parent >= 0 {
        if next.isLeft {
          ensemble.nodes[next.parent].left = UInt32(position)
        } else {
          ensemble.nodes[next.parent].right = UInt32(position)
        }
      }
      ensemble.nodes.append(try node(tree, next.node, number, sets))
      ensemble.numbers.append(Int32(next.node))
      if tree.left[next.node] != -1 {
        pending.append((tree.right[next.node], position, false))
        pending.append((tree.left[next.node], position, true))
      }
    }
    ensemble.trees.append(TreeEnsemble.Tree(root: root, group: group, weight: weight))
  }

  private func node(
    _ tree: XGBoostDocument.Tree, _ index: Int, _ number: Int, _ sets: [Int: Int]
  ) throws -> TreeEnsemble.Node {
    let value = tree.conditions[index]
    if tree.left[index] == -1 {
      guard value.isFinite else { throw damaged(number, "the leaf \(index) is not a finite number") }
      return TreeEnsemble.Node(value: value, feature: TreeEnsemble.Node.leaf, left: 0, right: 0)
    }
    let feature = tree.features[index]
    guard (0..<columns).contains(feature) else {
      throw damaged(number, "node \(index) uses column \(feature) of \(columns)")
    }
    var word = UInt32(feature)
    if tree.defaultLeft[index] { word |= TreeEnsemble.Node.missingLeft }
    guard !tree.splitTypes.isEmpty, tree.splitTypes[index] != 0 else {
      guard !value.isNaN else { throw damaged(number, "the threshold of node \(index) is not a number") }
      return TreeEnsemble.Node(value: value, feature: word, left: 0, right: 0)
    }
    guard tree.splitTypes[index] == 1, let set = sets[index] else {
      throw damaged(number, "node \(index) splits by category and has no categories")
    }
    return TreeEnsemble.Node(
      value: Float(bitPattern: UInt32(set)), feature: word | TreeEnsemble.Node.categorical, left: 0, right: 0)
  }

  /// Adds the tree's category sets and returns the index of each node's set.
  private mutating func categorySets(_ tree: XGBoostDocument.Tree, _ number: Int) throws -> [Int: Int] {
    guard tree.categoryNodes.count == tree.categorySegments.count, tree.categoryNodes.count == tree.categorySizes.count
    else {
      throw damaged(number, "its lists of categories have different lengths")
    }
    var result: [Int: Int] = [:]
    for (index, node) in tree.categoryNodes.enumerated() {
      let (start, size) = (tree.categorySegments[index], tree.categorySizes[index])
      guard start >= 0, size >= 0, start <= tree.categories.count, size <= tree.categories.count - start else {
        throw damaged(number, "the categories of node \(node) are out of range")
      }
      let values = tree.categories[start..<start + size]
      // Categories are below 2^24, the largest whole numbers that float32 tells apart.
      guard values.allSatisfy({ (0..<(1 << 24)).contains($0) }) else {
        throw damaged(number, "a category of node \(node) is out of range")
      }
      let words = values.max().map { $0 / 32 + 1 } ?? 0
      guard ensemble.words.count + words <= 1 << 28 else {
        throw damaged(number, "its categories take too much memory")
      }
      let set = TreeEnsemble.CategorySet(start: ensemble.words.count, count: words)
      ensemble.words.append(contentsOf: repeatElement(0, count: words))
      for value in values { ensemble.words[set.start + value / 32] |= 1 << UInt32(value % 32) }
      guard result.updateValue(ensemble.sets.count, forKey: node) == nil else {
        throw damaged(number, "duplicate categories of node \(node)")
      }
      ensemble.sets.append(set)
    }
    return result
  }

  private func damaged(_ tree: Int, _ reason: String) -> ModelError {
    ModelError(.damaged, "\(name): tree \(tree)", reason, hint: "save the model again")
  }
}
