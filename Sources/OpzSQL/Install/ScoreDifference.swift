/// How the scores of a model differ from those that a name had before, over the rows of a table. Memory grows with
/// the rows: 24 bytes for each.
public struct ScoreDifference: Sendable {
  /// A row whose score changed much.
  public struct Change: Sendable, Hashable, Encodable {
    /// The row's keys.
    public let key: [String]
    public let before: String
    public let after: String
    /// The largest among the row's scores.
    public let size: Double
  }

  /// A point of the distributions.
  public struct Quantile: Sendable, Hashable, Encodable {
    /// From 0 to 1.
    public let at: Double
    /// Nil where there are no scores to tell of.
    public let before: Double?
    public let after: Double?
    /// Of the sizes of the changes.
    public let change: Double?
  }

  /// What is compared.
  public let kind: ModelSQL.Kind
  /// At which a probability of one column means the label; for other kinds nil says that there is none.
  public let threshold: Double?
  /// Rows that the model scores.
  public private(set) var rows = 0
  /// Rows that had no score before: the name had no such key.
  public private(set) var added = 0
  /// Rows that had a score and have none, or the other way round.
  public private(set) var appeared = 0
  public private(set) var vanished = 0
  /// Rows that have another label.
  public private(set) var flips = 0
  /// Rows whose scores are the same.
  public private(set) var equal = 0
  /// The rows whose scores changed most, at most ten.
  public private(set) var largest: [Change] = []
  private var sum = 0.0
  private var before: [Double] = []
  private var after: [Double] = []
  private var sizes: [Double] = []

  /// An empty comparison.
  public init(_ kind: ModelSQL.Kind, threshold: Double? = nil) {
    self.kind = kind
    self.threshold = threshold ?? (kind == .probability ? 0.5 : nil)
  }

  /// Rows that had scores before.
  public var compared: Int { rows - added }
  /// The part of the compared rows that have another label.
  public var flipShare: Double { compared == 0 ? 0 : Double(flips) / Double(compared) }
  /// The largest change of a number.
  public var largestChange: Double { largest.first?.size ?? 0 }
  /// The mean of the changes, with their signs; of scores with one column.
  public var meanChange: Double? { before.isEmpty || !sum.isFinite ? nil : sum / Double(before.count) }

  /// Whether labels can be told from the scores.
  public func tellsLabels(columns: Int) -> Bool {
    switch kind {
    case .label: true
    case .leaf: false
    case .probability, .margin, .prediction: columns > 1 && kind != .prediction || threshold != nil
    }
  }

  /// Adds a row.
  /// - Parameters:
  ///   - key: its keys.
  ///   - old: its scores before; nil if there were none.
  ///   - new: its scores; nil is NULL.
  public mutating func add(key: [String], old: [String?]?, new: [String?]) {
    rows += 1
    let numbers = new.map(ScoreDifference.number)
    if numbers.count == 1, let number = numbers[0], number.isFinite, kind != .label { after.append(number) }
    guard let old else {
      added += 1
      return
    }
    let wasEmpty = old.allSatisfy { $0 == nil }
    let isEmpty = new.allSatisfy { $0 == nil }
    if wasEmpty != isEmpty { if isEmpty { vanished += 1 } else { appeared += 1 } }
    let earlier = old.map(ScoreDifference.number)
    if label(old, earlier) != label(new, numbers) { flips += 1 }
    guard kind != .label, kind != .leaf else {
      if ScoreDifference.isSame(old, new) { equal += 1 } else { note(key, old: old, new: new, size: 0) }
      return
    }
    compare(key, old: old, new: new, earlier: earlier, numbers: numbers)
  }

  private mutating func compare(
    _ key: [String], old: [String?], new: [String?], earlier: [Double?], numbers: [Double?]
  ) {
    let changes = zip(earlier, numbers).compactMap { one, other in one.flatMap { one in other.map { $0 - one } } }
    // Between infinite numbers, and across the whole range, it is more than a number holds.
    let size = min(changes.map(abs).max() ?? 0, .greatestFiniteMagnitude)
    if ScoreDifference.isSame(old, new) || size == 0 && changes.count == old.count { equal += 1 }
    if changes.count == old.count { sizes.append(size) }
    if numbers.count == 1, let one = earlier[0], one.isFinite, let change = changes.first {
      before.append(one)
      sum += change
    }
    if size > 0 { note(key, old: old, new: new, size: size) }
  }

  private mutating func note(_ key: [String], old: [String?], new: [String?], size: Double) {
    guard largest.count < 10 || size > largest[9].size else { return }
    func text(_ cells: [String?]) -> String { cells.map { ($0 ?? "NULL").prefix(40) }.joined(separator: " ") }
    let place = largest.firstIndex { $0.size < size } ?? largest.count
    largest.insert(
      Change(key: key.map { String($0.prefix(80)) }, before: text(old), after: text(new), size: size), at: place)
    if largest.count > 10 { largest.removeLast() }
  }

  /// What the scores say of a row: a text to compare. Nil and NULL are labels too.
  private func label(_ cells: [String?], _ numbers: [Double?]) -> String? {
    guard tellsLabels(columns: cells.count) else { return nil }
    if kind == .label { return cells.map { $0 ?? "\u{0}" }.joined(separator: "\u{1}") }
    guard numbers.count == 1 else {
      let known = numbers.map { $0 ?? -.infinity }
      return known.max().flatMap { known.firstIndex(of: $0) }.map { "\($0)" }
    }
    return numbers[0].map { $0 >= (threshold ?? 0) ? "1" : "0" }
  }

  /// NaN is a score that is none.
  private static func number(_ cell: String?) -> Double? { cell.flatMap { Double($0) }.flatMap { $0.isNaN ? nil : $0 } }

  /// The same texts, or the same numbers in other digits.
  private static func isSame(_ old: [String?], _ new: [String?]) -> Bool {
    guard old.count == new.count else { return false }
    return zip(old, new).allSatisfy { one, other in one == other || number(one).map { $0 == number(other) } ?? false }
  }

  /// The distributions before and after, and that of the changes.
  public var quantiles: [Quantile] {
    let sorted = [before, after, sizes].map { $0.sorted() }
    guard sorted.contains(where: { !$0.isEmpty }) else { return [] }
    return [0, 0.01, 0.25, 0.5, 0.75, 0.99, 1].map { point in
      let values = sorted.map { list in list.isEmpty ? nil : list[Int((Double(list.count - 1) * point).rounded())] }
      return Quantile(at: point, before: values[0], after: values[1], change: values[2])
    }
  }
}

/// How much scores may change for a new version to be installed.
public struct ScoreLimits: Sendable {
  /// The largest change of a number.
  public var change: Double?
  /// The part of rows that may have another label, from 0 to 1.
  public var flips: Double?

  /// No limits.
  public init() {}

  /// Whether there are none.
  public var isEmpty: Bool { change == nil && flips == nil }

  /// Why a difference is too large; nil if it is not.
  public func refusal(of difference: ScoreDifference) -> String? {
    if let change {
      let lost = difference.appeared + difference.vanished
      if lost > 0 {
        return "\(lost) rows had a score and have none, or the other way round, and --max-change is \(change)"
      }
      if difference.largestChange > change {
        return "a score changes by \(difference.largestChange), and --max-change is \(change)"
      }
    }
    if let flips, difference.flipShare > flips {
      return "\(difference.flips) of \(difference.compared) rows get another label, and --max-flips is \(flips)"
    }
    return nil
  }
}
