/// What the values of a model's columns may be, and what becomes of those that are not: checked in front of every
/// predictor, whatever the protocol.
public struct Contract: Sendable, Equatable {
  /// The most columns.
  public static let mostColumns = 10_000
  /// The most categories of a column.
  public static let mostCategories = 10_000

  public var columns: [Column]

  /// A contract; of two columns of one name, the first counts.
  public init(_ columns: [Column] = []) { self.columns = columns }

  /// What becomes of a value that breaks a rule.
  public enum Action: String, Sendable, CaseIterable {
    /// The request is refused.
    case reject
    /// The value becomes the bound that it is beyond. What is no bound is refused.
    case clip
    /// The value goes to the model as it is, and the answer says so.
    case flag
  }

  /// Who says a rule.
  public enum Source: String, Sendable, CaseIterable {
    /// `serve.contract` of opz.yaml.
    case written
    /// The inputs that the model announces.
    case signature
    /// The training data: `monitor.data` of opz.yaml.
    case profile
  }

  /// What a column has, beyond the datatypes of a protocol.
  public enum Kind: String, Sendable, CaseIterable {
    case number
    /// Numbers without a fraction.
    case integer
    /// True and false, or 1 and 0.
    case boolean
    case text
  }

  /// A rule of a column: what it demands, what becomes of values that break it, and who says so.
  public struct Rule<Value: Sendable & Equatable>: Sendable, Equatable {
    public var value: Value
    public var action: Action
    public var source: Source

    /// A rule.
    public init(_ value: Value, _ action: Action, from source: Source = .written) {
      self.value = value
      self.action = action
      self.source = source
    }
  }

  /// The rules of one column; nil demands nothing.
  public struct Column: Sendable, Equatable {
    public var name: String
    public var kind: Rule<Kind>?
    /// The least number.
    public var least: Rule<Double>?
    /// The greatest number.
    public var most: Rule<Double>?
    /// All values that there may be, as texts.
    public var categories: Rule<[String]>?
    /// Whether a value may be missing; a rule that says true demands nothing, and no other source fills its place.
    public var missing: Rule<Bool>?

    /// A column without rules.
    public init(_ name: String) { self.name = name }

    /// Takes the rules of another source where this column has none of that sort. Categories and a range exclude each
    /// other, and what is written goes before the rest.
    mutating func fill(from other: Column) {
      kind = kind ?? other.kind
      let isFree = categories == nil && least == nil && most == nil
      if categories == nil {
        least = least ?? other.least
        most = most ?? other.most
      }
      if isFree { categories = other.categories }
      missing = missing ?? other.missing
    }
  }

  /// This contract with the rules of another source where it has none; columns that only the other has come last.
  public func filled(from other: Contract) -> Contract {
    var result = self
    var places = Dictionary(columns.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    for column in other.columns {
      if let place = places[column.name] {
        result.columns[place].fill(from: column)
      } else {
        places[column.name] = result.columns.count
        result.columns.append(column)
      }
    }
    return result
  }
}

/// Why a value breaks a contract.
public enum ContractReason: String, Sendable, CaseIterable {
  case type, missing, min, max, category
}

/// How many values of a request's column broke a rule, and what became of them.
public struct ContractViolation: Sendable, Hashable {
  public let column: String
  public let reason: ContractReason
  public let action: Contract.Action
  public var count: Int

  /// Values that broke one rule.
  public init(_ column: String, _ reason: ContractReason, as action: Contract.Action, count: Int = 1) {
    self.column = column
    self.reason = reason
    self.action = action
    self.count = count
  }
}
