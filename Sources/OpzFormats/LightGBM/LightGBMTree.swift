import OpzModel

/// A tree of a LightGBM file: the lists of its block (`Tree::ToString` and `Tree::Tree(const char*, size_t*)` in
/// src/io/tree.cpp). Inner nodes count from 0, and leaf `i` is the child `-1 - i`.
struct LightGBMTree {
  private let leafCount: Int
  private let leafValues: [Double]
  private var columns: [Int32] = []
  private var thresholds: [Double] = []
  private var decisions: [Int8] = []
  private var left: [Int32] = []
  private var right: [Int32] = []
  /// Linear functions of the leaves; nil for a tree without.
  private var linear: [TreeEnsemble.LinearFunction]?
  /// The bit sets of the categorical nodes.
  private(set) var sets: [TreeEnsemble.CategorySet] = []

  /// The lines of a block that determine predictions.
  private static let keys: Set<String> = [
    "num_leaves", "num_cat", "split_feature", "threshold", "decision_type", "left_child", "right_child", "leaf_value",
    "cat_boundaries", "cat_threshold", "is_linear", "leaf_const", "num_features", "leaf_features", "leaf_coeff",
  ]

  /// Reads a block to the blank line at its end.
  /// - Parameter fail: makes the error of a reason.
  init(_ lines: inout LightGBMLines, fail: @escaping (String) -> ModelError) throws {
    var fields: [String: LightGBMLines.Line] = [:]
    while let line = lines.next(), !line.isEmpty {
      let (key, value) = line.split()
      if LightGBMTree.keys.contains(key) { fields[key] = value }
    }
    let block = Block(fields: fields, fail: fail)
    leafCount = try block.number("num_leaves")
    guard leafCount > 0 else { throw fail("it has no leaf") }
    leafValues = try block.doubles("leaf_value", leafCount)
    if leafCount > 1 {
      let count = leafCount - 1
      columns = try block.integers("split_feature", count)
      thresholds = try block.doubles("threshold", count)
      left = try block.integers("left_child", count)
      right = try block.integers("right_child", count)
      decisions =
        fields["decision_type"] == nil
        ? Array(repeating: 0, count: count) : try block.integers("decision_type", count)
      try readSets(block)
    }
    if fields["is_linear"] != nil, try block.number("is_linear") != 0 { try readLinear(block) }
  }

  /// The columns of categorical nodes.
  var categoricalColumns: [Int] {
    guard !sets.isEmpty else { return [] }
    return zip(columns, decisions).filter { $1 & 1 == 1 }.map { Int($0.0) }
  }

  private mutating func readSets(_ block: Block) throws {
    // LightGBM looks at the categorical bit only where the tree has category sets (`Tree::GetLeaf`).
    let count = try block.number("num_cat")
    guard count > 0 else { return }
    let bounds: [Int32] = try block.integers("cat_boundaries", count + 1)
    guard bounds.first == 0, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw block.fail("cat_boundaries are not ascending from 0")
    }
    let words: [UInt32] = try block.integers("cat_threshold", Int(bounds[count]))
    sets = zip(bounds, bounds.dropFirst()).map { start, end in
      var pairs = [UInt64](repeating: 0, count: (Int(end - start) + 1) / 2)
      for (index, word) in words[Int(start)..<Int(end)].enumerated() {
        pairs[index / 2] |= UInt64(word) << UInt64(index % 2 * 32)
      }
      return TreeEnsemble.CategorySet(words: pairs)
    }
  }

  private mutating func readLinear(_ block: Block) throws {
    let constants = try block.doubles("leaf_const", leafCount)
    let counts: [Int32] = try block.integers("num_features", leafCount)
    guard counts.allSatisfy({ $0 >= 0 }) else { throw block.fail("num_features has a negative number") }
    let total = counts.reduce(0) { $0 + Int($1) }
    let features: [Int32] = try block.integers("leaf_features", total)
    let coefficients = try block.doubles("leaf_coeff", total)
    var start = 0
    linear = zip(constants, counts).map { constant, count in
      let range = start..<(start + Int(count))
      start = range.upperBound
      return TreeEnsemble.LinearFunction(
        constant: constant, columns: Array(features[range]), coefficients: Array(coefficients[range]))
    }
  }

  // MARK: Nodes

  /// Adds the tree to an ensemble.
  func add(to builder: inout TreeEnsembleBuilder, group: Int, fail: @escaping (String) -> ModelError) throws {
    var first = 0
    for (index, set) in sets.enumerated() {
      let added = try builder.add(set)
      if index == 0 { first = added }
    }
    try builder.addTree(nodes: leafCount * 2 - 1, group: group) { index in
      guard index < leafCount - 1 else { return leaf(index - leafCount + 1) }
      return .split(
        try split(index, first, fail: fail), left: try child(left[index], fail), right: try child(right[index], fail))
    }
  }

  /// Inner nodes come first in the builder's numbering, then the leaves.
  private func child(_ number: Int32, _ fail: (String) -> ModelError) throws -> Int {
    let index = number >= 0 ? Int(number) : leafCount - 2 - Int(number)
    // Otherwise a large inner number would name a leaf, and a large leaf none.
    guard number >= 0 ? index < leafCount - 1 : index < leafCount * 2 - 1 else {
      throw fail("the child \(number) does not exist")
    }
    return index
  }

  private func leaf(_ number: Int) -> TreeEnsembleBuilder.SourceNode {
    guard let linear else { return .leaf(number: number, value: leafValues[number]) }
    let function = linear[number]
    guard !function.columns.isEmpty else { return .leaf(number: number, value: function.constant) }
    return .linear(number: number, value: leafValues[number], function)
  }

  /// Bit 0 of the decision type says categorical, bit 1 that the missing go left, bits 2 and 3 what is missing:
  /// nothing, zero or NaN (include/LightGBM/tree.h: `NumericalDecision`, `CategoricalDecision`).
  private func split(_ index: Int, _ firstSet: Int, fail: (String) -> ModelError) throws -> TreeEnsemble.Node {
    let decision = decisions[index]
    guard sets.isEmpty || decision & 1 == 0 else {
      guard let set = Int(exactly: thresholds[index].rounded(.towardZero)), sets.indices.contains(set) else {
        throw fail("node \(index) has no set of categories")
      }
      // NaN and negative numbers are in no set, and go right.
      return TreeEnsemble.Node(
        column: columns[index], test: .member, threshold: Double(firstSet + set), missing: .nan,
        missingGoesLeft: false)
    }
    let missing: TreeEnsemble.Missing =
      switch decision >> 2 & 3 {
      case 1: .nanOrZero
      case 2: .nan
      default: .none
      }
    return TreeEnsemble.Node(
      column: columns[index], test: .lessOrEqual, threshold: LightGBMTree.threshold(thresholds[index]),
      missing: missing, missingGoesLeft: decision & 2 != 0)
  }

  /// The threshold with which numbers of at most `TreeEnsemble.zero` compare as 0 does: LightGBM drops them from every
  /// row before it scores (`RowPairFunctionFromDenseMatric` in src/c_api.cpp).
  private static func threshold(_ threshold: Double) -> Double {
    guard abs(threshold) <= TreeEnsemble.zero else { return threshold }
    return threshold < 0 ? (-TreeEnsemble.zero).nextDown : TreeEnsemble.zero
  }
}

/// The fields of a tree's block.
private struct Block {
  let fields: [String: LightGBMLines.Line]
  let fail: (String) -> ModelError

  func number(_ key: String) throws -> Int {
    guard let number = (LightGBMNumbers.integers(try line(key), 1) as [Int]?)?.first,
      (0...Int(Int32.max)).contains(number)
    else { throw fail("\(key) is not a number") }
    return number
  }

  func integers<Number: FixedWidthInteger>(_ key: String, _ count: Int) throws -> [Number] {
    guard let numbers: [Number] = LightGBMNumbers.integers(try line(key), count) else {
      throw fail("\(key) has not \(count) whole numbers")
    }
    return numbers
  }

  func doubles(_ key: String, _ count: Int) throws -> [Double] {
    guard let numbers = LightGBMNumbers.doubles(try line(key), count) else {
      throw fail("\(key) has not \(count) numbers")
    }
    return numbers
  }

  private func line(_ key: String) throws -> LightGBMLines.Line {
    guard let line = fields[key] else { throw fail("\(key) is missing") }
    return line
  }
}
