public import OpzModel

/// Compares what a database computed with what the scorer did, as exactly as the dialect promises it for a kind.
public struct ScoreComparison: Sendable {
  /// A value that differs.
  public struct Example: Sendable, Hashable {
    /// The row's number, from 1.
    public let row: Int
    /// The column among the kind's.
    public let column: Int
    public let database: String
    public let model: String
  }

  /// How a value may differ from the scorer's.
  public enum Promise: Sendable, Hashable {
    case exact
    /// Relative to the value, or absolute below 1. A label may be another one of those whose scores are as near.
    case within(Double)
  }

  public let kind: ModelSQL.Kind
  public let promise: Promise
  public private(set) var rows = 0
  public private(set) var values = 0
  /// Values that are the same to the last bit, or the same text.
  public private(set) var equal = 0
  /// Labels that differ where two have almost the same score.
  public private(set) var ties = 0
  /// Values that differ by more than was promised.
  public private(set) var differing = 0
  public private(set) var largestDifference = 0.0
  /// The first values that differ; at most five.
  public private(set) var examples: [Example] = []

  private let isFloat: Bool

  /// A comparison of one kind.
  public init(_ kind: ModelSQL.Kind, _ model: Model, dialect: SQLDialect) {
    self.kind = kind
    let output = kind.output.flatMap { model.output($0) }
    let element = output.map { model.nodes[$0.node].type.element } ?? .integer
    isFloat = element == .float32 && dialect.keepsFloat32
    let hasOwnSums = element == .float64 || dialect.keepsFloat32
    let hasFunctions = output.map { model.usesFunctions($0.node) } ?? false
    let scores = model.outputs.filter { $0.kind != .label }.map { model.nodes[$0.node].type.element }
    let isSame = !scores.contains(.float32) || dialect.keepsFloat32
    promise =
      switch kind {
      case .leaf: .exact
      case .label: isSame ? .exact : .within(1e-5)
      case .margin where hasOwnSums && model.treeCount > 0 && !hasFunctions: .exact
      default: .within(element == .float32 ? 1e-5 : 1e-11)
      }
  }

  /// Compares one row of numbers.
  /// - Parameters:
  ///   - cells: the database's; nil is NULL.
  ///   - wanted: the scorer's; nil for a row that it refuses, whose scores are NULL.
  ///   - row: its number.
  ///   - isTied: of a label, whether another one has almost the same score.
  public mutating func compare(
    _ cells: [String?], with wanted: ArraySlice<Double>?, row: Int, isTied: Bool = false
  ) {
    rows += 1
    for (column, cell) in cells.enumerated() {
      let own = number(cell)
      let other = wanted.map { column < $0.count ? $0[$0.startIndex + column] : .nan } ?? .nan
      values += 1
      if own == other || !own.isFinite && !other.isFinite {
        equal += 1
        continue
      }
      if isTied {
        ties += 1
        continue
      }
      let difference = abs(own - other)
      if difference.isFinite { largestDifference = max(largestDifference, difference) }
      if kind != .label, case .within(let limit) = promise, difference <= limit * max(1, abs(other)) { continue }
      differs(row, column, cell: cell, wanted: wanted == nil ? "refused" : "\(other)")
    }
  }

  /// Counts a row whose values are not compared.
  public mutating func leaveOut() { rows += 1 }

  /// Compares one row of texts, as `compare(_:with:row:isTied:)`.
  public mutating func compare(
    _ cells: [String?], withTexts wanted: ArraySlice<String?>?, row: Int, isTied: Bool = false
  ) {
    rows += 1
    for (column, cell) in cells.enumerated() {
      let other = wanted.flatMap { column < $0.count ? $0[$0.startIndex + column] : nil }
      values += 1
      if cell.map({ Array($0.utf8) }) == other.map({ Array($0.utf8) }) {
        equal += 1
      } else if isTied {
        ties += 1
      } else {
        differs(row, column, cell: cell, wanted: wanted == nil ? "refused" : other ?? "nothing")
      }
    }
  }

  /// A float32 number is written with the digits that tell it from other float32 numbers.
  private func number(_ cell: String?) -> Double {
    guard let cell else { return .nan }
    return (isFloat ? Float(cell).map(Double.init) : Double(cell)) ?? .nan
  }

  private mutating func differs(_ row: Int, _ column: Int, cell: String?, wanted: String) {
    differing += 1
    guard examples.count < 5 else { return }
    examples.append(
      Example(row: row, column: column, database: String((cell ?? "NULL").prefix(80)), model: String(wanted.prefix(80)))
    )
  }
}

extension Model {
  /// Whether a node's value depends on a function that databases compute to other last digits: the score of an isolation
  /// forest is a power of 2.
  func usesFunctions(_ node: Int) -> Bool {
    var isNeeded = [Bool](repeating: false, count: node + 1)
    isNeeded[node] = true
    for index in stride(from: node, through: 0, by: -1) where isNeeded[index] {
      switch nodes[index].operation {
      case .function(.exp), .function(.exp2), .function(.log), .function(.log1p), .function(.expm1), .function(.tanh),
        .function(.sigmoid), .arithmetic(.power), .reduce(.logSumExp):
        return true
      case .link(let link): if case .hinge = link {} else { return true }
      default: break
      }
      for operand in nodes[index].operands { isNeeded[operand] = true }
    }
    return false
  }
}
