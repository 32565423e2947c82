import OpzModel

/// Makes trees of the model's graph from XGBoost's lists.
///
/// In a categorical split XGBoost sends the categories of the set to the right; the graph sends them to the left, so
/// the children change places, and so does the direction of the missing.
struct XGBoostTrees {
  private var builder: TreeEnsembleBuilder
  private let name: String

  init(name: String, columns: Int, groups: Int) {
    self.name = name
    builder = TreeEnsembleBuilder(name: name, columns: columns, groups: groups, inputs: .float32, sums: .float32)
  }

  /// Adds a tree whose leaves are multiplied by `weight`, in float32.
  mutating func add(_ tree: XGBoostDocument.Tree, number: Int, group: Int, weight: Float) throws {
    let count = tree.left.count
    let lists = [tree.right.count, tree.features.count, tree.conditions.count, tree.defaultLeft.count]
    guard count > 0, lists.allSatisfy({ $0 == count }), tree.splitTypes.isEmpty || tree.splitTypes.count == count else {
      throw damaged(number, "its lists have different lengths")
    }
    guard weight.isFinite else { throw damaged(number, "its weight is not finite") }
    let sets = try categorySets(tree, number)
    let source = TreeSource(tree: tree, name: "\(name): tree \(number)", weight: weight, sets: sets)
    try builder.addTree(nodes: count, group: group, source.node)
  }

  /// Ends the ensemble.
  /// - Parameter baseMargins: what each sum starts from.
  consuming func finish(baseMargins: [Float]) throws -> TreeEnsemble {
    try builder.setBase(baseMargins.map { Double($0) }, first: true)
    return try builder.finish()
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
      let set = try builder.add(TreeEnsemble.CategorySet(values))
      guard result.updateValue(set, forKey: node) == nil else {
        throw damaged(number, "duplicate categories of node \(node)")
      }
    }
    return result
  }

  private func damaged(_ tree: Int, _ reason: String) -> ModelError {
    ModelError(.damaged, "\(name): tree \(tree)", reason, hint: "save the model again")
  }
}

/// The nodes of one tree, by their index in the file.
private struct TreeSource {
  let tree: XGBoostDocument.Tree
  /// For errors.
  let name: String
  /// What leaves are multiplied by.
  let weight: Float
  /// The index of each categorical node's set.
  let sets: [Int: Int]

  func node(_ index: Int) throws -> TreeEnsembleBuilder.SourceNode {
    guard tree.left[index] != -1 else {
      let value = tree.conditions[index] * weight
      guard value.isFinite else { throw damaged("the leaf \(index) is not a finite number") }
      return .leaf(number: index, value: Double(value))
    }
    guard let column = Int32(exactly: tree.features[index]) else {
      throw damaged("node \(index) uses column \(tree.features[index])")
    }
    let missingLeft = tree.defaultLeft[index]
    guard !tree.splitTypes.isEmpty, tree.splitTypes[index] != 0 else {
      let node = TreeEnsemble.Node(
        column: column, test: .less, threshold: Double(tree.conditions[index]), missing: .nan,
        missingGoesLeft: missingLeft)
      return .split(node, left: tree.left[index], right: tree.right[index])
    }
    guard tree.splitTypes[index] == 1, let set = sets[index] else {
      throw damaged("node \(index) splits by category and has no categories")
    }
    let node = TreeEnsemble.Node(
      column: column, test: .member, threshold: Double(set), missing: .nan, missingGoesLeft: !missingLeft)
    return .split(node, left: tree.right[index], right: tree.left[index])
  }

  private func damaged(_ reason: String) -> ModelError {
    ModelError(.damaged, name, reason, hint: "save the model again")
  }
}
