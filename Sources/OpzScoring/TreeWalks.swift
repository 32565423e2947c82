import COpzTrees
import OpzModel

/// The nodes of walks, and what they compare: values with the missing replaced, and the outcome of other questions as 0
/// or 1.
struct TreeWalks {
  enum Nodes {
    case short([opz_node_short])
    case float([opz_node_float])
    case double([opz_node_double])
  }

  private struct Key: Hashable {
    var kind: UInt8
    var missing: UInt8
    var fill: UInt8
    var column: UInt32
    /// The set, or the bits of the threshold.
    var detail: UInt64
  }

  private(set) var nodes = Nodes.short([])
  /// What leaves compare, then values, then answers.
  private(set) var inputs: [opz_input] = []
  /// The number of inputs that are computed for each row before the walk.
  private(set) var eager = 0
  /// By tree: whether it needs other inputs.
  private(set) var isLazy: [Bool] = []
  private(set) var setWords: [UInt64] = []

  /// More answers than this are computed only where a walk needs them.
  private static let eagerAnswers = 1024

  init(_ source: TreeSource, _ slices: TreeSlices) {
    var values: [Key] = [], answers: [Key] = []
    let indexes = TreeWalks.number(source, &values, answers: &answers)
    makeInputs(source, values, answers: answers)
    eager = answers.count <= TreeWalks.eagerAnswers ? inputs.count : 1 + values.count
    isLazy = source.ensemble.trees.indices.map { tree in
      eager < inputs.count && source.nodes(tree).contains { indexes[$0] < 0 }
    }
    let firstAnswer = 1 + values.count
    let places = indexes.map { UInt32($0 < 0 ? firstAnswer + Int(~$0) : Int($0)) }
    makeNodes(source, slices, places: places)
  }

  // MARK: Inputs

  /// By node: 0 for a leaf, from 1 for a value, the complement of an answer's index for the others.
  private static func number(_ source: TreeSource, _ values: inout [Key], answers: inout [Key]) -> [Int32] {
    var knownValues: [UInt64: Int32] = [:]
    var knownAnswers: [Key: Int32] = [:]
    var result = [Int32](repeating: 0, count: source.tests.count)
    for (index, node) in source.ensemble.nodes.enumerated() where !node.isLeaf {
      let key = key(source.tests[index], node)
      if key.kind == UInt8(OPZ_INPUT_VALUE) {
        let short = UInt64(key.column) << 8 | UInt64(key.missing) << 4 | UInt64(key.fill)
        let next = Int32(values.count) + 1
        result[index] = knownValues[short, default: next]
        guard result[index] == next else { continue }
        knownValues[short] = next
        values.append(key)
      } else {
        let next = ~Int32(answers.count)
        result[index] = knownAnswers[key, default: next]
        guard result[index] == next else { continue }
        knownAnswers[key] = next
        answers.append(key)
      }
    }
    return result
  }

  private static func key(_ test: NodeTest, _ node: TreeEnsemble.Node) -> Key {
    let fill = UInt8(test.missingGoesLeft ? OPZ_FILL_LEFT : OPZ_FILL_RIGHT)
    var key = Key(kind: UInt8(OPZ_INPUT_VALUE), missing: test.missing, fill: fill, column: test.column, detail: 0)
    switch test.question {
    // No value reaches the cut, not even the infinity that stands for the missing.
    case .atLeast where test.number.isNaN && !test.missingGoesLeft && test.missing != UInt8(OPZ_MISSING_NONE):
      key.kind = UInt8(OPZ_INPUT_MISSING)
    case .atLeast: break
    case .unequal: (key.kind, key.detail) = (UInt8(OPZ_INPUT_UNEQUAL), node.threshold.bitPattern)
    case .member: (key.kind, key.detail) = (UInt8(OPZ_INPUT_MEMBER), UInt64(test.set))
    }
    return key
  }

  private mutating func makeInputs(_ source: TreeSource, _ values: [Key], answers: [Key]) {
    var firstWords: [Int] = []
    for set in source.ensemble.sets {
      firstWords.append(setWords.count)
      setWords += set.words
    }
    var leaf = opz_input()
    leaf.kind = UInt8(OPZ_INPUT_LEAF)
    inputs = [leaf]
    for key in values + answers {
      var input = opz_input()
      input.kind = key.kind
      input.missing = key.missing
      input.fill = key.fill
      input.column = key.column
      if key.kind == UInt8(OPZ_INPUT_MEMBER) {
        input.set = firstWords[Int(key.detail)]
        input.words = UInt32(source.ensemble.sets[Int(key.detail)].words.count)
      } else {
        input.threshold = Double(bitPattern: key.detail)
      }
      inputs.append(input)
    }
  }

  // MARK: Nodes

  private mutating func makeNodes(_ source: TreeSource, _ slices: TreeSlices, places: [UInt32]) {
    let longest = source.ensemble.nodes.enumerated().reduce(0) { longest, entry in
      entry.element.isLeaf ? longest : max(longest, Int(entry.element.right) - entry.offset)
    }
    let limit = Int(UInt16.max)
    switch source.comparison {
    case .float64:
      nodes = .double(make(source, slices, places: places) { opz_node_double(cut: $0, input: $1, right: $2) })
    case .float32 where longest <= limit && inputs.count <= limit:
      nodes = .short(
        make(source, slices, places: places) {
          opz_node_short(cut: Float($0), input: UInt16(truncatingIfNeeded: $1), right: UInt16(truncatingIfNeeded: $2))
        })
    case .float32:
      nodes = .float(make(source, slices, places: places) { opz_node_float(cut: Float($0), input: $1, right: $2) })
    }
  }

  private func make<Node>(
    _ source: TreeSource, _ slices: TreeSlices, places: [UInt32],
    node: (_ cut: Double, _ input: UInt32, _ right: UInt32) -> Node
  ) -> [Node] {
    let isValue = inputs.map { $0.kind == UInt8(OPZ_INPUT_VALUE) }
    var result: [Node] = []
    result.reserveCapacity(source.tests.count)
    for tree in source.ensemble.trees.indices {
      let range = source.nodes(tree)
      for index in range {
        let right = source.ensemble.nodes[index]
        if right.isLeaf {
          result.append(node(number(slices.numbers[tree].numbers[index - range.lowerBound], source.comparison), 0, 0))
        } else {
          let place = places[index]
          let cut = isValue[Int(place)] ? source.tests[index].number : 0.5
          result.append(node(cut, place, UInt32(Int(right.right) - index)))
        }
      }
    }
    return result
  }

  /// A leaf's number as a cut: see `OPZ_NUMBER_BIAS`.
  private func number(_ number: UInt32, _ comparison: Comparison) -> Double {
    switch comparison {
    case .float64: Double(number)
    case .float32: Double(Float(bitPattern: number + UInt32(OPZ_NUMBER_BIAS)))
    }
  }
}
