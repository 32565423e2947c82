/// Builds an ensemble tree by tree from a format's own numbering of nodes, and checks everything that scorers rely on:
/// lengths, indexes, columns, cycles, numbers that are not numbers.
///
/// Only nodes that a root reaches are kept, since files may still hold deleted ones. They are stored depth first, left
/// before right, so that a path through a tree moves forward through memory.
public struct TreeEnsembleBuilder {
  /// A node in the words of a format's reader; children are named by the format's own indexes.
  public enum SourceNode {
    case split(TreeEnsemble.Node, left: Int, right: Int)
    /// A leaf with one value, with its number in the file.
    case leaf(number: Int, value: Double)
    /// A leaf with one value for each group.
    case vector(number: Int, values: [Double])
    /// A leaf with a linear function; `value` is what counts where an input is NaN.
    case linear(number: Int, value: Double, TreeEnsemble.LinearFunction)
  }

  /// The maximum number of nodes: indexes are 32 bits wide.
  static let nodeLimit = Int(Int32.max) / 2

  /// A node, and a leaf's record for half of them.
  private static let nodeBytes = MemoryLayout<TreeEnsemble.Node>.stride + MemoryLayout<TreeEnsemble.Leaf>.stride / 2

  private var ensemble: TreeEnsemble
  /// For nodes, leaves, their values and category sets.
  private var budget: ModelBudget
  /// For errors: the model's file.
  private let name: String

  /// Begins an ensemble.
  /// - Parameters:
  ///   - name: the model's file, for errors.
  ///   - columns: the width of the matrix that the trees are given.
  ///   - groups: values per row.
  ///   - inputs: the type that inputs are rounded to before they are compared.
  ///   - sums: the type that each addition is rounded to.
  ///   - fileSize: bytes of the model's file, of which memory is a small multiple (`ModelBudget`).
  public init(
    name: String, columns: Int, groups: Int, inputs: TreeEnsemble.Precision, sums: TreeEnsemble.Precision,
    fileSize: Int = 0
  ) {
    self.name = name
    budget = ModelBudget(fileSize: fileSize)
    ensemble = TreeEnsemble(
      columns: columns, inputs: inputs, sums: sums, groups: groups, base: Array(repeating: 0, count: groups),
      baseFirst: true, aggregate: .sum, categoryRule: .nonNegative)
  }

  /// Reserves memory for this many leaves and for as many inner nodes, so that lists of a large model do not grow.
  public mutating func reserveCapacity(leaves: Int) {
    let count = min(max(leaves, 0), TreeEnsembleBuilder.nodeLimit / 2)
    ensemble.nodes.reserveCapacity(count * 2)
    ensemble.leaves.reserveCapacity(count)
  }

  /// Adds a set of categories and returns its index, which is a node's threshold.
  /// - Throws: `ModelError.tooLarge` where a small file asks for much memory by categories that are far apart.
  public mutating func add(_ set: TreeEnsemble.CategorySet) throws -> Int {
    guard budget.take(set.words.count, of: 8) else { throw tooLarge("categories") }
    ensemble.sets.append(set)
    return ensemble.sets.count - 1
  }

  /// Adds a tree.
  /// - Parameters:
  ///   - count: how many nodes the format's numbering has; the root is node `root`.
  ///   - group: the output that leaves with one value add to.
  ///   - node: the node with an index of the format's numbering, which is asked once for each node that is reached.
  /// - Throws: `ModelError.damaged` for a tree that is none.
  public mutating func addTree(
    nodes count: Int, root: Int = 0, group: Int, _ node: (Int) throws -> SourceNode
  ) throws {
    let number = ensemble.trees.count
    guard (0..<ensemble.groups).contains(group) else {
      throw damaged(number, "it is for output \(group) of \(ensemble.groups)")
    }
    guard count > 0, count <= TreeEnsembleBuilder.nodeLimit - ensemble.nodes.count else {
      throw damaged(number, "it has \(count) nodes")
    }
    let start = ensemble.nodes.count
    var isReached = [Bool](repeating: false, count: count)
    var pending: [(node: Int, parent: Int, isLeft: Bool)] = [(root, -1, false)]
    while let next = pending.popLast() {
      guard (0..<count).contains(next.node) else { throw damaged(number, "node \(next.node) does not exist") }
      guard !isReached[next.node] else {
        throw damaged(number, "node \(next.node) is reached twice: the tree has a cycle")
      }
      isReached[next.node] = true
      let position = ensemble.nodes.count
      if next.parent >= 0 {
        if next.isLeft {
          ensemble.nodes[next.parent].left = Int32(position)
        } else {
          ensemble.nodes[next.parent].right = Int32(position)
        }
      }
      guard budget.take(1, of: TreeEnsembleBuilder.nodeBytes) else { throw tooLarge("nodes") }
      switch try node(next.node) {
      case .split(let split, let left, let right):
        try check(split, next.node, number: number)
        ensemble.nodes.append(split)
        pending.append((right, position, false))
        pending.append((left, position, true))
      case let leaf: try append(leaf, next.node, number: number)
      }
    }
    ensemble.trees.append(TreeEnsemble.Tree(root: Int32(start), group: Int32(group)))
  }

  /// Ends the ensemble.
  /// - Throws: `ModelError.damaged` where some leaves have one value and others one for each group.
  public consuming func finish() throws -> TreeEnsemble {
    guard ensemble.leafValues.isEmpty || ensemble.leafValues.count == ensemble.leaves.count * ensemble.groups else {
      throw ModelError(
        .damaged, name, reason: "some leaves have one value and others \(ensemble.groups)", hint: "save the model again"
      )
    }
    return ensemble
  }

  private func check(_ node: TreeEnsemble.Node, _ index: Int, number: Int) throws {
    guard (0..<Int32(clamping: ensemble.columns)).contains(node.column) else {
      throw damaged(number, "node \(index) uses column \(node.column) of \(ensemble.columns)")
    }
    guard !node.threshold.isNaN else { throw damaged(number, "the threshold of node \(index) is not a number") }
    guard node.test == .member else { return }
    guard let set = Int(exactly: node.threshold), ensemble.sets.indices.contains(set) else {
      throw damaged(number, "node \(index) splits by category and has no categories")
    }
  }

  private mutating func append(_ leaf: SourceNode, _ index: Int, number: Int) throws {
    let record = Int32(ensemble.leaves.count)
    switch leaf {
    case .split: return
    case .leaf(let own, let value):
      try append(TreeEnsemble.Leaf(number: Int32(clamping: own)), value, record: record, index: index, number: number)
    case .linear(let own, let value, let function):
      guard function.columns.count == function.coefficients.count,
        function.columns.allSatisfy({ (0..<Int32(clamping: ensemble.columns)).contains($0) })
      else { throw damaged(number, "the linear function of leaf \(index) uses a column that does not exist") }
      let leaf = TreeEnsemble.Leaf(number: Int32(clamping: own), linear: Int32(clamping: ensemble.linear.count))
      ensemble.linear.append(function)
      try append(leaf, value, record: record, index: index, number: number)
    case .vector(let own, let values) where ensemble.groups == 1 && values.count == 1:
      try append(
        TreeEnsemble.Leaf(number: Int32(clamping: own)), values[0], record: record, index: index, number: number)
    case .vector(let own, let values):
      guard values.count == ensemble.groups else {
        throw damaged(number, "leaf \(index) has \(values.count) values for \(ensemble.groups) outputs")
      }
      guard values.allSatisfy({ !$0.isNaN }), ensemble.leafValues.count <= Int(Int32.max) - values.count else {
        throw damaged(number, "the leaf \(index) is not a number, or there are too many")
      }
      guard budget.take(values.count, of: 8) else { throw tooLarge("leaves") }
      let leaf = TreeEnsemble.Leaf(number: Int32(clamping: own), values: Int32(ensemble.leafValues.count))
      ensemble.leafValues.append(contentsOf: values)
      try append(leaf, 0, record: record, index: index, number: number)
    }
  }

  private mutating func append(
    _ leaf: TreeEnsemble.Leaf, _ value: Double, record: Int32, index: Int, number: Int
  ) throws {
    guard !value.isNaN else { throw damaged(number, "the leaf \(index) is not a number") }
    ensemble.leaves.append(leaf)
    ensemble.nodes.append(TreeEnsemble.Node(leaf: record, value: value))
  }

  private func tooLarge(_ what: String) -> ModelError {
    ModelError(
      .tooLarge, name, reason: "its \(what) would take many times the memory of the file",
      hint: what == "categories" ? "number the categories from 0 without gaps" : "save the model again")
  }

  private func damaged(_ tree: Int, _ reason: String) -> ModelError {
    ModelError(.damaged, "\(name): tree \(tree)", reason: reason, hint: "save the model again")
  }
}

extension TreeEnsembleBuilder {
  /// What sums start from or end with, one value per group, and how trees are joined.
  public mutating func setBase(_ base: [Double], first: Bool, aggregate: TreeEnsemble.Aggregate = .sum) throws {
    guard base.count == ensemble.groups, base.allSatisfy({ !$0.isNaN }) else {
      throw ModelError(
        .damaged, name, reason: "\(base.count) base values for \(ensemble.groups) outputs", hint: "save the model again"
      )
    }
    ensemble.base = base
    ensemble.baseFirst = first
    ensemble.aggregate = aggregate
  }

  /// How an input becomes a category.
  public mutating func setCategoryRule(_ rule: TreeEnsemble.CategoryRule) { ensemble.categoryRule = rule }
}
