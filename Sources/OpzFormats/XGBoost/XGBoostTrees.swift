import OpzModel

/// Makes trees of the model's graph from XGBoost's lists.
///
/// In a categorical split XGBoost sends the categories of the set to the right; the graph sends them to the left, so
/// the children change places, and so does the direction of the missing.
struct XGBoostTrees {
  private var builder: TreeEnsembleBuilder
  private let name: String
  private let groups: Int
  private let version: XGBoostVersion
  private let addsBaseFirst: Bool

  init(_ file: ModelFile, columns: Int, groups: Int, isDart: Bool, _ version: XGBoostVersion) {
    addsBaseFirst = version.addsBaseFirst(dart: isDart)
    name = file.name
    self.groups = groups
    self.version = version
    builder = TreeEnsembleBuilder(
      name: name, columns: columns, groups: groups, inputs: .float32, sums: .float32, fileSize: file.bytes.count)
  }

  /// Reserves memory for this many nodes of all trees.
  mutating func reserve(nodes count: Int) { builder.reserveCapacity(leaves: count / 2 + 1) }

  /// Adds a tree whose leaves are multiplied by `weight`, in float32.
  mutating func add(_ tree: XGBoostTree, number: Int, group: Int, weight: Float) throws {
    let count = tree.left.count
    let lists = [tree.right.count, tree.features.count, tree.conditions.count, tree.defaultLeft.count]
    guard count > 0, lists.allSatisfy({ $0 == count }), tree.splitTypes.isEmpty || tree.splitTypes.count == count else {
      throw damaged(number, "its lists have different lengths")
    }
    guard weight.isFinite else { throw damaged(number, "its weight is not finite") }
    guard tree.leafVectorSize <= 1 || tree.leafVectorSize == groups else {
      throw damaged(number, "its leaves have \(tree.leafVectorSize) values for \(groups) outputs")
    }
    let sets = try categorySets(tree, number)
    let source = TreeSource(tree: tree, name: name, number: number, weight: weight, sets: sets)
    try builder.addTree(nodes: count, group: group, source.node)
  }

  /// Ends the ensemble.
  /// - Parameter baseMargins: what each sum starts from, or what is added to it.
  consuming func finish(baseMargins: [Float]) throws -> TreeEnsemble {
    try builder.setBase(baseMargins.map { Double($0) }, first: addsBaseFirst)
    return try builder.finish()
  }

  /// A node's set of categories.
  struct NodeSet {
    /// The set's index in the ensemble.
    let index: Int
    /// Whether it is the set of those that go left.
    let goesLeft: Bool
  }

  /// Adds the tree's category sets and returns each node's set.
  private mutating func categorySets(_ tree: XGBoostTree, _ number: Int) throws -> [Int: NodeSet] {
    let nodes = tree.categoryNodes
    guard nodes.count == tree.categorySegments.count, nodes.count == tree.categorySizes.count else {
      throw damaged(number, "its lists of categories have different lengths")
    }
    var result: [Int: NodeSet] = [:]
    for (index, node) in nodes.enumerated() {
      let (start, size) = (tree.categorySegments[index], tree.categorySizes[index])
      guard start >= 0, size >= 0, start <= tree.categories.count, size <= tree.categories.count - start else {
        throw damaged(number, "the categories of node \(node) are out of range")
      }
      let values = tree.categories[start..<start + size]
      // Categories are below 2^24, the largest whole numbers that float32 tells apart.
      guard values.allSatisfy({ (0..<(1 << 24)).contains($0) }) else {
        throw damaged(number, "a category of node \(node) is out of range")
      }
      var set = TreeEnsemble.CategorySet(values.lazy.map { Int($0) })
      let isDefaultLeft = tree.defaultLeft.indices.contains(Int(node)) && tree.defaultLeft[Int(node)] != 0
      let goesLeft = version.unknownCategoriesAreMissing && !isDefaultLeft
      if goesLeft { set = XGBoostTrees.others(than: set) }
      let entry = NodeSet(index: try builder.add(set), goesLeft: goesLeft)
      guard result.updateValue(entry, forKey: Int(node)) == nil else {
        throw damaged(number, "duplicate categories of node \(node)")
      }
    }
    return result
  }

  /// The categories within a set's bits, of which XGBoost counts 32 at a time, that are not in the set.
  private static func others(than set: TreeEnsemble.CategorySet) -> TreeEnsemble.CategorySet {
    var words = set.words.map { ~$0 }
    if let last = set.words.last, last >> 32 == 0 { words[words.count - 1] &= 0xffff_ffff }
    return TreeEnsemble.CategorySet(words: words)
  }

  private func damaged(_ tree: Int, _ reason: String) -> ModelError {
    ModelError(.damaged, "\(name): tree \(tree)", reason: reason, hint: "save the model again")
  }
}

/// The nodes of one tree, by their index in the file.
private struct TreeSource {
  let tree: XGBoostTree
  /// The model's file, for errors.
  let name: String
  let number: Int
  /// What leaves are multiplied by.
  let weight: Float
  /// By the node's index.
  let sets: [Int: XGBoostTrees.NodeSet]

  func node(_ index: Int) throws -> TreeEnsembleBuilder.SourceNode {
    guard tree.left[index] != -1 else { return try leaf(index) }
    let (left, right) = (Int(tree.left[index]), Int(tree.right[index]))
    let missingLeft = tree.defaultLeft[index] != 0
    guard !tree.splitTypes.isEmpty, tree.splitTypes[index] != 0 else {
      let node = TreeEnsemble.Node(
        column: tree.features[index], test: .less, threshold: Double(tree.conditions[index]), missing: .nan,
        missingGoesLeft: missingLeft)
      return .split(node, left: left, right: right)
    }
    guard tree.splitTypes[index] == 1, let set = sets[index] else {
      throw damaged("node \(index) splits by category and has no categories")
    }
    let node = TreeEnsemble.Node(
      column: tree.features[index], test: .member, threshold: Double(set.index), missing: .nan,
      missingGoesLeft: set.goesLeft ? missingLeft : !missingLeft)
    return set.goesLeft ? .split(node, left: left, right: right) : .split(node, left: right, right: left)
  }

  private func leaf(_ index: Int) throws -> TreeEnsembleBuilder.SourceNode {
    guard tree.leafVectorSize > 1 else {
      let value = tree.conditions[index] * weight
      guard value.isFinite else { throw damaged("the leaf \(index) is not a finite number") }
      return .leaf(number: index, value: Double(value))
    }
    let row = tree.hasRowsForAllNodes ? index : Int(tree.right[index])
    let size = tree.leafVectorSize
    guard row >= 0, row < tree.leafWeights.count / size else { throw damaged("leaf \(index) has no values") }
    let values = tree.leafWeights[(row * size)..<(row * size + size)].map { Double($0 * weight) }
    guard values.allSatisfy(\.isFinite) else { throw damaged("the leaf \(index) is not a finite number") }
    return .vector(number: index, values: values)
  }

  private func damaged(_ reason: String) -> ModelError {
    ModelError(.damaged, "\(name): tree \(number)", reason: reason, hint: "save the model again")
  }
}
