import COpzTrees
import OpzModel

/// Consecutive trees whose distinct tests have slots at the same time.
struct TreeParts {
  private(set) var parts: [opz_part] = []
  private(set) var tables: TestTables
  /// By node: the slot of its test in its tree's part.
  private(set) var slots: [UInt16]

  /// Distinct tests, sorted.
  private var tests: [NodeTest] = []
  /// By node: the index of its test in `tests`; -1 for leaves and nodes of trees that are walked.
  private var numbers: [Int32]

  init(_ source: TreeSource, _ slices: TreeSlices, _ options: CompilationOptions) {
    slots = [UInt16](repeating: 0, count: source.tests.count)
    numbers = [Int32](repeating: -1, count: source.tests.count)
    var asked: [Int32] = []
    for tree in source.ensemble.trees.indices where slices.programs[tree] != nil {
      for node in source.nodes(tree) where !source.ensemble.nodes[node].isLeaf { asked.append(Int32(node)) }
    }
    source.tests.withUnsafeBufferPointer { tests in asked.sort { tests[Int($0)] < tests[Int($1)] } }
    for node in asked {
      if tests.last != source.tests[Int(node)] { tests.append(source.tests[Int(node)]) }
      numbers[Int(node)] = Int32(tests.count - 1)
    }
    tables = TestTables(tests, source.comparison, sets: source.ensemble.sets)
    divide(source, limit: options.testsPerPart)
  }

  private mutating func divide(_ source: TreeSource, limit: Int) {
    var part = [Int32](repeating: -1, count: tests.count)
    var first = 0, count = 0
    /// How many tests of a tree are new to the part that it would be in.
    func added(_ tree: Int, _ number: Int) -> Int {
      var added = 0
      for node in source.nodes(tree) where numbers[node] >= 0 && part[Int(numbers[node])] != Int32(number) {
        part[Int(numbers[node])] = Int32(number)
        added += 1
      }
      return added
    }
    for tree in source.ensemble.trees.indices {
      count += added(tree, parts.count)
      guard count > limit, tree > first else { continue }
      end(first..<tree, source)
      first = tree
      count = added(tree, parts.count)
    }
    end(first..<source.ensemble.trees.count, source)
  }

  private mutating func end(_ trees: Range<Int>, _ source: TreeSource) {
    guard let first = trees.first, let last = trees.last else { return }
    let range = source.nodes(first).lowerBound..<source.nodes(last).upperBound
    var isUsed = [Bool](repeating: false, count: tests.count)
    for node in range where numbers[node] >= 0 { isUsed[Int(numbers[node])] = true }
    var used: [NodeTest] = []
    var slot = [UInt16](repeating: 0, count: tests.count)
    for index in tests.indices where isUsed[index] {
      slot[index] = UInt16(Int(OPZ_SLOT_TESTS) + used.count)
      used.append(tests[index])
    }
    for node in range where numbers[node] >= 0 { slots[node] = slot[Int(numbers[node])] }
    var part = opz_part()
    part.tree = UInt32(first)
    part.trees = UInt32(trees.count)
    tables.add(used, to: &part)
    parts.append(part)
  }

  /// The slot of an operand of a program.
  func slot(_ operand: UInt32) -> UInt16 {
    let first = UInt32(OPZ_SLOT_TESTS)
    return operand < first ? UInt16(operand) : slots[Int(operand - first)]
  }
}
