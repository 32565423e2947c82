import COpzTrees
import OpzModel

/// Which trees become choices between bits, and how leaves are numbered. The others are walked: trees with many leaves,
/// and trees that ask for a column with so many categories that a bit for each is too much.
struct TreeSlices {
  /// By tree; nil for one that is walked.
  private(set) var programs: [ChoiceProgram?] = []
  /// By tree.
  private(set) var numbers: [LeafNumbers] = []

  init(_ source: TreeSource, _ options: CompilationOptions) {
    let large = TreeSlices.largeColumns(source)
    var nodes = 0
    for tree in source.ensemble.trees.indices {
      let range = source.nodes(tree)
      let number = LeafNumbers(source.ensemble, range)
      numbers.append(number)
      let isSmall = number.leaves <= options.slicedLeaves && number.leaves < options.testsPerPart
      if isSmall && (large.isEmpty || !range.contains { large.contains(source.tests[$0].subject) }) {
        let limit = options.choicesPerLevel * (1 + number.pathLengths / number.leaves)
        programs.append(ChoiceProgram(source.ensemble, range, numbers: number, limit: limit))
        nodes += range.count
      } else {
        programs.append(nil)
      }
    }
    if nodes > options.slicedNodes { programs = Array(repeating: nil, count: programs.count) }
  }

  /// A table of codes has two bytes for each category up to the greatest one, of which a file may name one of millions.
  private static let codeLimit = 1 << 18

  private static func largeColumns(_ source: TreeSource) -> Set<NodeTest.Subject> {
    guard !source.ensemble.sets.isEmpty else { return [] }
    var known: [NodeTest.Subject: CategoryUnion] = [:]
    for (node, test) in zip(source.ensemble.nodes, source.tests) where !node.isLeaf && test.question == .member {
      known[test.subject, default: CategoryUnion()].add(source.ensemble.sets[test.set], number: test.set)
    }
    return Set(known.filter { $0.value.count > Int(OPZ_MAX_CODES) || $0.value.width > codeLimit }.keys)
  }
}

/// The categories that are in any of some sets.
struct CategoryUnion {
  private var words: [UInt64] = []
  private var added: Set<Int> = []

  var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
  /// No category is as great as this.
  var width: Int { words.count * 64 }
  /// In order.
  var categories: [Int] { (0..<width).filter { words[$0 >> 6] >> UInt64($0 & 63) & 1 == 1 } }

  /// - Parameter number: a set of a number is added once.
  mutating func add(_ set: TreeEnsemble.CategorySet, number: Int) {
    guard added.insert(number).inserted else { return }
    if set.words.count > words.count { words += [UInt64](repeating: 0, count: set.words.count - words.count) }
    for (index, word) in set.words.enumerated() { words[index] |= word }
  }
}
