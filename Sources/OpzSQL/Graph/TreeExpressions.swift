import OpzModel

/// How a tree is written.
public enum TreeShape: String, Sendable, CaseIterable {
  /// A `CASE` in a `CASE` for each node: the shortest text, and each row passes one path.
  case nested
  /// One `CASE` with the conditions of each leaf: for databases that limit how deep `CASE` may be nested.
  case flat
}

/// Writes the trees of an ensemble over the columns of their matrix.
struct TreeExpressions {
  let ensemble: TreeEnsemble
  let matrix: [SQLExpression]
  /// Columns that are not rounded to float32 yet.
  let unrounded: Set<SQLExpression>
  let shape: TreeShape

  init(_ ensemble: TreeEnsemble, _ matrix: [SQLExpression], unrounded: Set<SQLExpression>, shape: TreeShape) {
    self.ensemble = ensemble
    self.matrix = matrix
    self.unrounded = unrounded
    self.shape = shape
  }

  /// A tree.
  /// - Parameter value: what a leaf becomes.
  func tree(_ index: Int, _ value: (TreeEnsemble.Node) -> SQLExpression) -> SQLExpression {
    let root = ensemble.trees[index].root
    return shape == .nested ? nested(root, value) : flat(root, value)
  }

  /// Children come after their parents, so a walk from the last node to the root needs no recursion: what is made waits
  /// for its parent, the right child below the left one.
  private func nested(_ root: Int32, _ value: (TreeEnsemble.Node) -> SQLExpression) -> SQLExpression {
    var made: [SQLExpression] = []
    for place in order(root).reversed() {
      let node = ensemble.nodes[Int(place)]
      guard !node.isLeaf else {
        made.append(value(node))
        continue
      }
      guard let left = made.popLast(), let right = made.popLast() else { continue }
      let condition = Condition(node, self)
      // NULL is not true, so the side of the missing is the one behind ELSE.
      made.append(
        condition.missingGoesLeft
          ? .choose(condition.right, right, else: left) : .choose(condition.left, left, else: right))
    }
    return made.last ?? .null
  }

  /// The first leaf whose ancestors all hold where it stands on their left: a row that should go left at one of the others
  /// has met a leaf on that side before.
  private func flat(_ root: Int32, _ value: (TreeEnsemble.Node) -> SQLExpression) -> SQLExpression {
    var cases: [SQLCase] = []
    var waiting: [(place: Int32, path: [SQLExpression])] = [(root, [])]
    while let (place, path) = waiting.popLast() {
      let node = ensemble.nodes[Int(place)]
      guard !node.isLeaf else {
        guard !path.isEmpty else { return cases.isEmpty ? value(node) : .cases(cases, otherwise: value(node)) }
        cases.append(SQLCase(.all(path), value(node)))
        continue
      }
      let condition = Condition(node, self)
      let goesLeft =
        condition.missingGoesLeft ? SQLExpression.any([condition.left] + condition.isMissing) : condition.left
      waiting.append((node.right, path))
      waiting.append((node.left, path + [goesLeft]))
    }
    return .cases(cases, otherwise: .null)
  }

  /// The levels of the deepest tree.
  static func depth(of ensemble: TreeEnsemble) -> Int {
    var deepest = 0
    for tree in ensemble.trees {
      var waiting = [(tree.root, 0)]
      while let (place, depth) = waiting.popLast() {
        deepest = max(deepest, depth)
        let node = ensemble.nodes[Int(place)]
        if !node.isLeaf { waiting += [(node.left, depth + 1), (node.right, depth + 1)] }
      }
    }
    return deepest
  }

  /// The conditions of all leaves in the flat shape.
  static func conditions(of ensemble: TreeEnsemble) -> Int {
    var count = 0
    for tree in ensemble.trees {
      var waiting = [(tree.root, 1)]
      while let (place, conditions) = waiting.popLast() {
        let node = ensemble.nodes[Int(place)]
        if node.isLeaf {
          count += conditions
        } else {
          waiting += [(node.left, conditions + 1), (node.right, conditions)]
        }
      }
    }
    return count
  }

  /// A tree's nodes, parents before children, left before right.
  private func order(_ root: Int32) -> [Int32] {
    var order: [Int32] = []
    var waiting = [root]
    while let place = waiting.popLast() {
      order.append(place)
      let node = ensemble.nodes[Int(place)]
      if !node.isLeaf { waiting += [node.right, node.left] }
    }
    return order
  }

  /// The test of a node. Both sides are NULL for a missing operand.
  private struct Condition {
    let left: SQLExpression
    let right: SQLExpression
    /// What is missing, one of the conditions.
    let isMissing: [SQLExpression]
    let missingGoesLeft: Bool

    init(_ node: TreeEnsemble.Node, _ trees: TreeExpressions) {
      let operand = trees.matrix[Int(node.column)]
      let isRounded = trees.ensemble.inputs == .float32 && trees.unrounded.contains(operand)
      let test = isRounded ? Condition.rounded(node, operand) : Condition.plain(node, operand, ensemble: trees.ensemble)
      var missing = [SQLExpression.isNull(operand)]
      switch node.missing {
      case .nan:
        (left, right, missingGoesLeft) = (test.left, test.right, node.missingGoesLeft)
      case .nanOrZero:
        // kZeroThreshold of LightGBM, in float32.
        let (size, zero) = (SQLExpression.call(.absolute, [operand]), SQLExpression.number(Double(Float(1e-35))))
        let isNumber = size > zero
        missing.append(size <= zero)
        (left, right) = (.all([isNumber, test.left]), .all([isNumber, test.right]))
        missingGoesLeft = node.missingGoesLeft
      case .none:
        (left, right) = (test.left, test.right)
        missingGoesLeft = Condition.holdsForZero(node, trees.ensemble)
      }
      isMissing = missing
    }

    private static func plain(
      _ node: TreeEnsemble.Node, _ operand: SQLExpression, ensemble: TreeEnsemble
    ) -> (left: SQLExpression, right: SQLExpression) {
      func compare(_ comparison: SQLOperator) -> SQLExpression {
        .compare(operand, comparison, with: node.threshold)
      }
      switch node.test {
      case .less: return (compare(.less), compare(.greaterOrEqual))
      case .lessOrEqual: return (compare(.lessOrEqual), compare(.greater))
      case .equal: return (compare(.equal), compare(.notEqual))
      case .member: return member(ensemble.sets[Int(node.threshold)], operand, rule: ensemble.categoryRule)
      }
    }

    private static func rounded(
      _ node: TreeEnsemble.Node, _ operand: SQLExpression
    ) -> (left: SQLExpression, right: SQLExpression) {
      let threshold = Float(node.threshold)
      let (below, upTo) = (Threshold(below: threshold), Threshold(upTo: threshold))
      return switch node.test {
      case .less: (below.holds(for: operand), below.fails(for: operand))
      case .lessOrEqual: (upTo.holds(for: operand), upTo.fails(for: operand))
      // Sets are compared with rounded numbers only.
      case .equal, .member:
        (
          .all([below.fails(for: operand), upTo.holds(for: operand)]),
          .any([below.holds(for: operand), upTo.fails(for: operand)])
        )
      }
    }

    private static func member(
      _ set: TreeEnsemble.CategorySet, _ operand: SQLExpression, rule: TreeEnsemble.CategoryRule
    ) -> (left: SQLExpression, right: SQLExpression) {
      let numbers = (0..<(set.words.count * 64)).filter(set.contains).map { SQLExpression.number(Double($0)) }
      // In no set: every number goes right, and NULL stays NULL.
      guard !numbers.isEmpty else { return (.infix(.notEqual, [operand, operand]), .equal(operand, operand)) }
      let whole = SQLExpression.choose(
        operand < .number(0), .call(.ceiling, [operand]), else: .call(.floor, [operand]))
      switch rule {
      case .whole: return (.isOne(of: numbers, operand), .isNone(of: numbers, operand))
      case .truncated: return (.isOne(of: numbers, whole), .isNone(of: numbers, whole))
      case .nonNegative:
        let down = SQLExpression.call(.floor, [operand])
        return (
          .all([operand >= .number(0), .isOne(of: numbers, down)]),
          .any([operand < .number(0), .isNone(of: numbers, down)])
        )
      }
    }

    private static func holdsForZero(_ node: TreeEnsemble.Node, _ ensemble: TreeEnsemble) -> Bool {
      switch node.test {
      case .less: 0 < node.threshold
      case .lessOrEqual: 0 <= node.threshold
      case .equal: node.threshold == 0
      case .member: ensemble.sets[Int(node.threshold)].contains(0)
      }
    }
  }
}
