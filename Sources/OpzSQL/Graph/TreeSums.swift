import OpzModel

extension ModelColumns {
  /// Trees whose values are added in one expression. More would pass the databases' depth of expressions.
  private static let treesAtOnce = 50

  /// The sums of an ensemble's trees, a column for each group.
  mutating func treeSums(_ ensemble: TreeEnsemble, _ trees: TreeExpressions) -> [SQLExpression] {
    let element: ElementType = ensemble.sums == .float32 ? .float32 : .float64
    if element == .float32, !dialect.keepsFloat32 { notes.insert(.doubleSums) }
    let terms = terms(ensemble, trees, element: element)
    return (0..<ensemble.groups).map { group in
      sum(terms[group], base: ensemble.base[group], ensemble, element: element)
    }
  }

  /// The values of the trees of each group, in order.
  private mutating func terms(
    _ ensemble: TreeEnsemble, _ trees: TreeExpressions, element: ElementType
  ) -> [[SQLExpression]] {
    var terms = [[SQLExpression]](repeating: [], count: ensemble.groups)
    for (index, tree) in ensemble.trees.enumerated() {
      guard ensemble.width > 1 else {
        let term = trees.tree(index) { value(of: $0, ensemble, trees.matrix, element: element) }
        terms[Int(tree.group)].append(term)
        continue
      }
      func number(_ leaf: Int32, _ group: Int) -> SQLExpression {
        literal(ensemble.leafValues[Int(ensemble.leaves[Int(leaf)].values) + group], element)
      }
      if writesEachGroup(ensemble) {
        for group in 0..<ensemble.groups { terms[group].append(trees.tree(index) { number($0.left, group) }) }
        continue
      }
      let leaf = stages.addOnce(trees.tree(index) { .number(Double($0.left), .float64) })
      let leaves = leavesOf(tree, ensemble)
      for group in 0..<ensemble.groups {
        guard let last = leaves.last else { continue }
        let cases = leaves.dropLast().map { SQLCase(.equal(leaf, .number(Double($0))), number($0, group)) }
        terms[group].append(cases.isEmpty ? number(last, group) : .cases(cases, otherwise: number(last, group)))
      }
    }
    return terms
  }

  /// Whether each tree is written once for each of a few groups. A row passes one path of each, where it would be compared
  /// with half of the leaves to find its values.
  func writesEachGroup(_ ensemble: TreeEnsemble) -> Bool { shape == .nested && ensemble.groups <= 4 }

  private func leavesOf(_ tree: TreeEnsemble.Tree, _ ensemble: TreeEnsemble) -> [Int32] {
    var leaves: [Int32] = []
    var waiting = [tree.root]
    while let place = waiting.popLast() {
      let node = ensemble.nodes[Int(place)]
      if node.isLeaf { leaves.append(node.left) } else { waiting += [node.right, node.left] }
    }
    return leaves
  }

  /// What a leaf of one value adds: a number, or a linear function unless one of its inputs is missing.
  private func value(
    of node: TreeEnsemble.Node, _ ensemble: TreeEnsemble, _ matrix: [SQLExpression], element: ElementType
  ) -> SQLExpression {
    let own = literal(node.threshold, element)
    let index = Int(ensemble.leaves[Int(node.left)].linear)
    guard index >= 0 else { return own }
    let function = ensemble.linear[index]
    let products = zip(function.columns, function.coefficients).map { matrix[Int($0)] * .number($1) }
    guard !products.isEmpty else { return .number(function.constant) }
    return .call(.coalesce, [.infix(.add, [.number(function.constant)] + products), own])
  }

  private mutating func sum(
    _ terms: [SQLExpression], base: Double, _ ensemble: TreeEnsemble, element: ElementType
  ) -> SQLExpression {
    let base = literal(base, element)
    switch ensemble.aggregate {
    case .sum:
      guard ensemble.baseFirst else { return added(added(nil, terms, element: element), [base], element: element) }
      return added(base, terms, element: element)
    case .average(let count):
      let mean = rounded(added(nil, terms, element: element) / literal(count, element), to: element)
      return added(mean, [base], element: element)
    case .minimum, .maximum:
      guard var best = terms.first.map({ stages.add($0) }) else { return base }
      for term in terms.dropFirst() {
        let next = stages.add(term)
        let isBetter = ensemble.aggregate == .minimum ? next < best : next > best
        best = stages.add(.choose(isBetter, next, else: best))
      }
      return added(best, [base], element: element)
    }
  }

  /// A sum from the left, in parts that stand one above the other.
  private mutating func added(
    _ start: SQLExpression?, _ terms: [SQLExpression], element: ElementType
  ) -> SQLExpression {
    var sum = start
    for from in stride(from: 0, to: terms.count, by: ModelColumns.treesAtOnce) {
      let part = terms[from..<min(from + ModelColumns.treesAtOnce, terms.count)]
      let all = [sum].compactMap { $0 } + part
      sum = stages.addOnce(all.count == 1 ? all[0] : total(all, element: element))
    }
    return sum ?? literal(0, element)
  }

  /// A sum whose additions are each rounded to the type.
  private func total(_ terms: [SQLExpression], element: ElementType) -> SQLExpression {
    guard element == .float32, dialect.widensSums else { return .infix(.add, terms) }
    return terms.dropFirst().reduce(terms[0]) { .cast($0 + $1, .float32) }
  }
}
