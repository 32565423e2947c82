/// Scores trees one node after the other: slow, and obviously what `TreeEnsemble` says. Every faster way is compared
/// with it.
public struct PlainTrees: TreeScoring {
  private let ensemble: TreeEnsemble

  /// Creates a scorer for an ensemble.
  public init(_ ensemble: TreeEnsemble) { self.ensemble = ensemble }

  /// See `TreeScoring`.
  public func sums(_ matrix: Tensor.Storage, rows: Int) -> Tensor.Storage {
    let values = rounded(matrix, rows)
    switch ensemble.sums {
    case .float32: return .float32((0..<rows).flatMap { sums(values, row: $0, as: Float.self) })
    case .float64: return .float64((0..<rows).flatMap { sums(values, row: $0, as: Double.self) })
    }
  }

  /// See `TreeScoring`.
  public func leaves(_ matrix: Tensor.Storage, rows: Int) -> [Int32] {
    let values = rounded(matrix, rows)
    return (0..<rows).flatMap { row in
      ensemble.trees.map { tree in
        ensemble.leaves[Int(ensemble.nodes[leaf(of: tree, values, row * ensemble.columns)].left)].number
      }
    }
  }

  /// All elements, after they were rounded to the ensemble's type of inputs.
  private func rounded(_ matrix: Tensor.Storage, _ rows: Int) -> [Double] {
    let numbers = Tensor(ValueType(.float64, width: ensemble.columns), rows: rows, storage: matrix)
    return ensemble.inputs == .float32 ? numbers.floats.map { Double($0) } : numbers.numbers
  }

  private func sums<Sum: BinaryFloatingPoint>(_ values: [Double], row: Int, as: Sum.Type) -> [Sum] {
    let offset = row * ensemble.columns
    let base = ensemble.base.map { Sum($0) }
    var result = ensemble.baseFirst ? base : base.map { _ in 0 }
    var isFirst = [Bool](repeating: true, count: ensemble.groups)
    for tree in ensemble.trees {
      let node = ensemble.nodes[leaf(of: tree, values, offset)]
      let leaf = ensemble.leaves[Int(node.left)]
      if ensemble.width == 1 {
        join(
          Sum(value(node, leaf, values: values, offset: offset)), Int(tree.group), result: &result, isFirst: &isFirst)
      } else {
        for group in 0..<ensemble.groups {
          join(Sum(ensemble.leafValues[Int(leaf.values) + group]), group, result: &result, isFirst: &isFirst)
        }
      }
    }
    if case .average(let count) = ensemble.aggregate { result = result.map { $0 / Sum(count) } }
    return ensemble.baseFirst ? result : zip(result, base).map { $0 + $1 }
  }

  private func join<Sum: BinaryFloatingPoint>(
    _ value: Sum, _ group: Int, result: inout [Sum], isFirst: inout [Bool]
  ) {
    switch ensemble.aggregate {
    case .sum, .average: result[group] += value
    case .minimum: result[group] = isFirst[group] ? value : Swift.min(result[group], value)
    case .maximum: result[group] = isFirst[group] ? value : Swift.max(result[group], value)
    }
    isFirst[group] = false
  }

  private func value(
    _ node: TreeEnsemble.Node, _ leaf: TreeEnsemble.Leaf, values: [Double], offset: Int
  ) -> Double {
    guard leaf.linear >= 0 else { return node.threshold }
    let function = ensemble.linear[Int(leaf.linear)]
    var sum = function.constant
    for (column, coefficient) in zip(function.columns, function.coefficients) {
      let input = values[offset + Int(column)]
      if input.isNaN { return node.threshold }
      sum += coefficient * input
    }
    return sum
  }

  /// The index in `nodes` of the leaf that a row reaches. The builder has checked that there are no cycles.
  private func leaf(of tree: TreeEnsemble.Tree, _ values: [Double], _ offset: Int) -> Int {
    var position = Int(tree.root)
    while !ensemble.nodes[position].isLeaf {
      let node = ensemble.nodes[position]
      position = Int(goesLeft(node, values[offset + Int(node.column)]) ? node.left : node.right)
    }
    return position
  }

  private func goesLeft(_ node: TreeEnsemble.Node, _ input: Double) -> Bool {
    var input = input
    switch node.missing {
    case .nan: if input.isNaN { return node.missingGoesLeft }
    case .nanOrZero: if input.isNaN || abs(input) <= TreeEnsemble.zero { return node.missingGoesLeft }
    case .none: if input.isNaN { input = 0 }
    }
    switch node.test {
    case .less: return input < node.threshold
    case .lessOrEqual: return input <= node.threshold
    case .equal: return input == node.threshold
    case .member: return category(input).map(ensemble.sets[Int(node.threshold)].contains) ?? false
    }
  }

  private func category(_ input: Double) -> Int? {
    switch ensemble.categoryRule {
    case .nonNegative: input >= 0 && input < 16_777_216 ? Int(input) : nil
    case .truncated: input > -1 && input < 2_147_483_648 ? Int(input) : nil
    case .whole: input >= 0 && input < 16_777_216 ? Int(exactly: input) : nil
    }
  }
}

extension TreeEnsemble {
  /// Numbers of at most this size count as zero where zero is missing: LightGBM's `kZeroThreshold`, 1e-35 in float32.
  public static let zero = Double(Float(1e-35))
}
