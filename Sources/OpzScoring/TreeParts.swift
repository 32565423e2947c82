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

  init(_ source: TreeSource, _ slices: TreeSlices, options: CompilationOptions) {
    slots = [UInt16](repeating: 0, count: source.tests.count)
    numbers = [Int32](repeating: -1, count: source.tests.count)
    // Sorting is for distinct tests only: there are far more nodes.
    var known: [NodeTest: Int32] = [:]
    var distinct: [(test: NodeTest, index: Int32)] = []
    for tree in source.ensemble.trees.indices where slices.programs[tree] != nil {
      for node in source.nodes(tree) where !source.ensemble.nodes[node].isLeaf {
        let next = Int32(distinct.count)
        let index = known[source.tests[node], default: next]
        if index == next {
          known[source.tests[node]] = next
          distinct.append((source.tests[node], next))
        }
        numbers[node] = index
      }
    }
    known = [:]
    distinct.sort { $0.test < $1.test }
    var places = [Int32](repeating: 0, count: distinct.count)
    for (place, entry) in distinct.enumerated() { places[Int(entry.index)] = Int32(place) }
    for node in numbers.indices where numbers[node] >= 0 { numbers[node] = places[Int(numbers[node])] }
    tests = distinct.map(\.test)
    tables = TestTables(tests, source.comparison, sets: source.ensemble.sets)
    divide(source, limit: options.testsPerPart)
  }

  private mutating func divide(_ source: TreeSource, limit: Int) {
    /// By test: the last part that has it, and its slot there.
    var last = [Int32](repeating: -1, count: tests.count)
    var slot = [UInt16](repeating: 0, count: tests.count)
    var first = 0
    var used: [Int32] = []
    /// Adds those tests of a tree that are new to the part that it would be in.
    func add(_ tree: Int) {
      let part = Int32(parts.count)
      for node in source.nodes(tree) where numbers[node] >= 0 && last[Int(numbers[node])] != part {
        last[Int(numbers[node])] = part
        used.append(numbers[node])
      }
    }
    for tree in source.ensemble.trees.indices {
      let count = used.count
      add(tree)
      guard used.count > limit, tree > first else { continue }
      end(first..<tree, Array(used[..<count]), slot: &slot, source: source)
      first = tree
      used = []
      add(tree)
    }
    end(first..<source.ensemble.trees.count, used, slot: &slot, source: source)
  }

  /// - Parameter used: the part's tests, in any order.
  private mutating func end(_ trees: Range<Int>, _ used: [Int32], slot: inout [UInt16], source: TreeSource) {
    guard let first = trees.first, let last = trees.last else { return }
    let sorted = used.sorted()
    for (index, number) in sorted.enumerated() { slot[Int(number)] = UInt16(Int(OPZ_SLOT_TESTS) + index) }
    for node in source.nodes(first).lowerBound..<source.nodes(last).upperBound where numbers[node] >= 0 {
      slots[node] = slot[Int(numbers[node])]
    }
    var part = opz_part()
    part.tree = UInt32(first)
    part.trees = UInt32(trees.count)
    tables.add(sorted.map { tests[Int($0)] }, to: &part)
    parts.append(part)
  }

  /// The slot of an operand of a program.
  func slot(_ operand: UInt32) -> UInt16 {
    let first = UInt32(OPZ_SLOT_TESTS)
    return operand < first ? UInt16(operand) : slots[Int(operand - first)]
  }
}
