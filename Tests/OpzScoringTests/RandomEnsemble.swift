import OpzModel
import OpzTestKit

/// Makes ensembles of all kinds, the same for the same seed.
struct RandomEnsemble {
  private var random: SeededGenerator
  /// What the ensemble is like.
  private(set) var columns = 1
  private var groups = 1
  private var inputs = TreeEnsemble.Precision.float32
  private var sums = TreeEnsemble.Precision.float32
  private var leaves = LeafKind.value
  private var pool: [Double] = []
  private var tests: [TreeEnsemble.Test] = [.less]
  private var missing: [TreeEnsemble.Missing] = [.nan]
  private var setCount = 0

  private enum LeafKind: CaseIterable { case value, vector, linear }

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// Makes an ensemble with at most so many nodes per tree.
  mutating func make(trees: Int, nodesPerTree: Int) throws -> TreeEnsemble {
    choose()
    var builder = TreeEnsembleBuilder(
      name: "random", columns: columns, groups: groups, inputs: inputs, sums: sums)
    let categories = random.below(2) == 0 ? 70 : 700
    for _ in 0..<setCount { _ = try builder.add(set(categories)) }
    for _ in 0..<trees {
      let nodes = tree(nodes: random.below(3) == 0 ? 1 + random.below(nodesPerTree) : nodesPerTree)
      try builder.addTree(nodes: nodes.count, group: leaves == .vector ? 0 : random.below(groups)) { nodes[$0] }
    }
    let aggregates: [TreeEnsemble.Aggregate] = [.sum, .sum, .average(of: 7), .minimum, .maximum]
    try builder.setBase(
      (0..<groups).map { _ in value() }, first: random.below(2) == 0, aggregate: aggregates[random.below(5)])
    let rules: [TreeEnsemble.CategoryRule] = [.nonNegative, .truncated, .whole]
    builder.setCategoryRule(rules[random.below(3)])
    return try builder.finish()
  }

  private mutating func choose() {
    columns = [1, 2, 7, 30, 300][random.below(5)]
    groups = [1, 1, 1, 2, 5][random.below(5)]
    inputs = random.below(2) == 0 ? .float32 : .float64
    sums = random.below(2) == 0 ? .float32 : .float64
    leaves = [.value, .value, .vector, .linear][random.below(4)]
    // With one output, vectors would look like values.
    if leaves == .vector && groups == 1 { groups = 3 }
    let kinds: [[TreeEnsemble.Test]] = [
      [.less], [.lessOrEqual], [.less, .lessOrEqual, .equal, .member], [.lessOrEqual, .member], [.equal], [.member],
    ]
    tests = kinds[random.below(kinds.count)]
    let rules: [[TreeEnsemble.Missing]] = [[.nan], [.nan, .nanOrZero, .none], [.nanOrZero], [.none]]
    missing = rules[random.below(rules.count)]
    setCount = tests.contains(.member) ? 1 + random.below(random.below(4) == 0 ? 1500 : 20) : 0
    pool = (0..<(1 + random.below(random.below(2) == 0 ? 4 : 400))).map { _ in threshold() }
  }

  private mutating func value() -> Double { Double(Int(random.next() % 2001) - 1000) / 97 }

  /// A number that is exact in the ensemble's type of inputs.
  private mutating func threshold() -> Double {
    let special: [Double] = [
      0, -0.0, .infinity, -.infinity, 1e-35, -1e-35, Double(Float(1e-35)), Double(Float.greatestFiniteMagnitude),
      Double(Float.leastNonzeroMagnitude), 16_777_216, 3, 1,
    ]
    let number = random.below(6) == 0 ? special[random.below(special.count)] : value()
    return inputs == .float32 ? Double(Float(number)) : number
  }

  private mutating func set(_ categories: Int) -> TreeEnsemble.CategorySet {
    var words = [UInt64](repeating: 0, count: 1 + random.below(1 + categories / 64))
    let share = 1 + random.below(100)
    for index in words.indices {
      for bit in 0..<64 where random.below(100) < share { words[index] |= 1 << UInt64(bit) }
    }
    return TreeEnsemble.CategorySet(words: words)
  }

  private mutating func split() -> TreeEnsemble.Node {
    let test = tests[random.below(tests.count)]
    return TreeEnsemble.Node(
      column: Int32(random.below(columns)), test: test,
      threshold: test == .member ? Double(random.below(setCount)) : pool[random.below(pool.count)],
      missing: missing[random.below(missing.count)], missingGoesLeft: random.below(2) == 0)
  }

  private mutating func leaf(_ number: Int) -> TreeEnsembleBuilder.SourceNode {
    switch leaves {
    case .value: return .leaf(number: number, value: value())
    case .vector: return .vector(number: number, values: (0..<groups).map { _ in value() })
    case .linear:
      guard random.below(3) > 0 else { return .leaf(number: number, value: value()) }
      let used = (0..<random.below(4)).map { _ in Int32(random.below(columns)) }
      return .linear(
        number: number, value: value(),
        TreeEnsemble.LinearFunction(constant: value(), columns: used, coefficients: used.map { _ in value() }))
    }
  }

  /// A tree of some shape with about so many nodes: full, a chain to either side, or anything in between.
  private mutating func tree(nodes count: Int) -> [TreeEnsembleBuilder.SourceNode] {
    let shape = random.below(4)
    var nodes: [TreeEnsembleBuilder.SourceNode?] = [nil]
    var open = [0]
    while nodes.count + 1 < count {
      let at =
        shape == 0 ? 0 : shape == 1 ? open.count - 1 : shape == 2 ? max(0, open.count - 2) : random.below(open.count)
      let node = open.remove(at: at)
      nodes[node] = .split(split(), left: nodes.count, right: nodes.count + 1)
      open += [nodes.count, nodes.count + 1]
      nodes += [nil, nil]
    }
    return nodes.enumerated().map { index, node in node ?? leaf(index) }
  }

  /// Rows of numbers at the thresholds, beside them, and of everything that may be special.
  mutating func rows(_ count: Int, _ ensemble: TreeEnsemble) -> [Double] {
    let special: [Double] = [
      .nan, .nan, 0, -0.0, .infinity, -.infinity, 1e-35, -1e-35, 1e-36, -0.5, -1, 0.5, 16_777_215, 16_777_216, 1e300,
      2_147_483_648, -1e300, Double.leastNonzeroMagnitude, Double(Float.leastNonzeroMagnitude),
    ]
    return (0..<(count * columns)).map { _ in
      switch random.below(6) {
      case 0: return special[random.below(special.count)]
      case 1: return Double(random.below(80))
      case 2: return Double(random.below(1000))
      case 3: return pool[random.below(pool.count)]
      case 4:
        let near = pool[random.below(pool.count)]
        switch random.below(4) {
        case 0: return near.nextUp
        case 1: return near.nextDown
        case 2: return Double(Float(near).nextUp)
        default: return Double(Float(near).nextDown)
        }
      default: return value()
      }
    }
  }
}

extension SeededGenerator {
  /// A number from 0 to `limit` - 1.
  fileprivate mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
