/// The rules of a column of numbers, in the type in which the model or the client has them: `0.1` of a contract is the
/// float nearest to it where the column is float32.
struct NumberRules<Number: BinaryFloatingPoint & Sendable>: Sendable {
  let column: Contract.Column
  private let least: Number
  private let most: Number
  /// Nil where any number may be.
  private let known: Set<Number>?
  private let isWhole: Bool
  private let isBoolean: Bool
  private let mayBeMissing: Bool

  /// - Parameter rounded: a bound in the column's type.
  init(_ column: Contract.Column, rounded: (Double) -> Number = { Number($0).clamped }) {
    self.column = column
    least = column.least.map { rounded($0.value) } ?? -.infinity
    most = column.most.map { rounded($0.value) } ?? .infinity
    known = column.categories.map { rule in
      Set(rule.value.compactMap { NumberRules.number($0).map { rounded($0) } })
    }
    isWhole = column.kind?.value == .integer
    isBoolean = column.kind?.value == .boolean
    mayBeMissing = column.missing?.value ?? true
  }

  private static func number(_ text: String) -> Double? {
    switch text {
    case "true", "True": 1
    case "false", "False": 0
    default: Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
  }

  /// Whether there is anything to check.
  var hasRules: Bool {
    least > -.infinity || most < .infinity || known != nil || isWhole || isBoolean || !mayBeMissing
  }

  /// What is wrong with a number; nil for nothing. NaN is missing.
  @inline(__always)
  func reason(_ value: Number) -> ContractReason? {
    if value >= least && value <= most && known == nil && !isWhole && !isBoolean { return nil }
    return slowReason(value)
  }

  private func slowReason(_ value: Number) -> ContractReason? {
    if value.isNaN { return mayBeMissing ? nil : .missing }
    if isWhole, value != value.rounded(.towardZero) { return .type }
    if isBoolean, value != 0, value != 1 { return .type }
    if value < least { return .min }
    if value > most { return .max }
    if let known, !known.contains(value) { return .category }
    return nil
  }

  /// The number that takes the place of one that is beyond a bound.
  func clipped(_ reason: ContractReason) -> Number { reason == .min ? least : most }

  /// What is said of a number that is refused.
  func text(_ reason: ContractReason, _ value: Number) -> String {
    column.text(reason, "\(value)")
  }
}

extension BinaryFloatingPoint {
  /// The nearest finite number, which a bound has to be.
  var clamped: Self { min(max(self, -Self.greatestFiniteMagnitude), Self.greatestFiniteMagnitude) }
}

extension Contract.Column {
  /// What becomes of a value that breaks a rule.
  func action(_ reason: ContractReason) -> Contract.Action {
    switch reason {
    case .min: least?.action ?? .flag
    case .max: most?.action ?? .flag
    // Nothing is nearest to a value that is not a number, or not one of some.
    case .category: categories?.action == .clip ? .reject : categories?.action ?? .flag
    case .type: kind?.action == .clip ? .reject : kind?.action ?? .flag
    case .missing: missing?.action == .clip ? .reject : missing?.action ?? .flag
    }
  }

  /// What is said of a value that is refused.
  func text(_ reason: ContractReason, _ value: String) -> String {
    switch reason {
    case .min: "\(value) is less than \(least?.value ?? 0)"
    case .max: "\(value) is more than \(most?.value ?? 0)"
    case .type: "\(value.prefix(100)) is not of the type \(kind?.value.rawValue ?? "")"
    case .missing: "the value is missing"
    case .category:
      "'\(value.prefix(100))' is not one of "
        + (categories?.value ?? []).prefix(20).map { String($0.prefix(100)) }.joined(separator: ", ")
        + ((categories?.value.count ?? 0) > 20 ? ", and \((categories?.value.count ?? 0) - 20) more" : "")
    }
  }
}

/// Counts of the values of one column that broke rules, and the first of each.
struct ColumnFindings {
  private var found: [(reason: ContractReason, count: Int, row: Int, text: String)] = []
  let column: Contract.Column

  init(_ column: Contract.Column) { self.column = column }

  /// Notes one value.
  /// - Parameter text: what is said of it if it is refused.
  mutating func add(_ reason: ContractReason, row: Int, count: Int = 1, _ text: @autoclosure () -> String) {
    if let place = found.firstIndex(where: { $0.reason == reason }) {
      found[place].count += count
    } else {
      found.append((reason, count, row, column.action(reason) == .reject ? text() : ""))
    }
  }

  func report(to report: inout ContractReport) {
    for one in found {
      report.add(
        ContractViolation(column.name, one.reason, as: column.action(one.reason), count: one.count), row: one.row,
        one.text)
    }
  }
}
