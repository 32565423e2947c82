import OpzYAML

/// The part `contract` of the section `serve`: what callers may send in each column of the model, as it is written.
/// What is not written comes from the signature and the training data.
public struct ContractSection: Sendable, Hashable {
  /// What a column has.
  public enum Kind: String, Sendable, CaseIterable {
    case number, integer, boolean, text
  }

  /// Whether a value may be missing.
  public enum Missing: String, Sendable, CaseIterable {
    case allow, reject
  }

  /// What becomes of a value that breaks a rule.
  public enum Action: String, Sendable, CaseIterable {
    case reject, clip, flag
  }

  /// One column; nil is not written.
  public struct Column: Sendable, Hashable {
    public var name: String
    public var type: Kind?
    public var least: Double?
    public var most: Double?
    public var categories: [String]?
    public var missing: Missing?
    /// Where nothing is written, values are refused.
    public var then = Action.reject

    /// A column of which nothing is written.
    public init(_ name: String) { self.name = name }
  }

  /// In the order of opz.yaml.
  public var columns: [Column]

  /// The keys of one column.
  public static let columnKeys = ["type", "min", "max", "categories", "missing", "then"]
  /// The most columns.
  public static let mostColumns = 10_000
  /// The most categories of a column.
  public static let mostCategories = 10_000

  /// A contract of these columns.
  public init(_ columns: [Column]) { self.columns = columns }

  /// Reads `serve.contract`; nil if it is not there.
  static func read(_ serve: YAMLScope) -> ContractSection? {
    guard serve.has("contract"), let node = serve.node("contract") else { return nil }
    guard case .map(let members) = node.value else {
      serve.fail(
        "contract", "\(node.kind) where a mapping of columns belongs",
        hint: "write contract: {COLUMN: {min: 0, then: reject}}")
      return nil
    }
    guard members.count <= mostColumns else {
      serve.fail("contract", "\(members.count) columns; at most \(mostColumns) are allowed")
      return nil
    }
    let names = serve.mapping("contract", keys: [], isOpen: true)
    return ContractSection(
      members.map { member in
        if member.key.isEmpty { names.fail(member.key, "a column without a name") }
        return column(member.key, names.mapping(member.key, keys: columnKeys))
      })
  }

  private static func column(_ name: String, _ scope: YAMLScope) -> Column {
    var column = Column(name)
    column.type = scope.choice("type")
    column.least = bound("min", scope)
    column.most = bound("max", scope)
    column.categories = categories(scope)
    column.missing = scope.choice("missing")
    column.then = scope.choice("then") ?? .reject
    check(column, scope)
    return column
  }

  /// A number that every value can be compared with.
  private static func bound(_ key: String, _ scope: YAMLScope) -> Double? {
    guard scope.has(key), let node = scope.node(key) else { return nil }
    switch node.value {
    case .integer, .number:
      if let number = node.written.flatMap(Double.init), number.isFinite { return number }
      scope.fail(
        key, "\(node.written?.prefix(40) ?? "") is not a finite number", hint: "leave \(key) out for no bound")
    default: scope.fail(key, "\(node.kind) where a number belongs", hint: "write \(key): 0")
    }
    return nil
  }

  private static func categories(_ scope: YAMLScope) -> [String]? {
    guard scope.has("categories") else { return nil }
    if case .list(let items)? = scope.node("categories")?.value, items.count > mostCategories {
      scope.fail(
        "categories", "\(items.count) categories; at most \(mostCategories) are allowed",
        hint: "leave them out, and check such a column where it is made")
      return nil
    }
    let texts = scope.texts("categories", numbers: true)
    if texts.isEmpty { scope.fail("categories", "the list is empty, so no value would pass", hint: "leave it out") }
    var seen: Set<String> = []
    for (index, text) in texts where !seen.insert(text).inserted {
      scope.fail("categories", at: index, "\"\(text.prefix(80))\" is there twice")
    }
    return texts.isEmpty ? nil : texts.map(\.text)
  }

  private static func check(_ column: Column, _ scope: YAMLScope) {
    let bounds = [("min", column.least), ("max", column.most)].filter { $0.1 != nil }
    if let least = column.least, let most = column.most, least > most {
      scope.fail("min", "\(least) is more than max, \(most), so no value would pass", hint: "exchange the two")
    }
    if let first = bounds.first, column.type == .text || column.type == .boolean {
      scope.fail(
        first.0, "a column of the type \(column.type?.rawValue ?? "") has no bounds",
        hint: "write categories, or type: number")
    }
    for (key, bound) in bounds where column.type == .integer && bound != bound?.rounded() {
      scope.fail(key, "\(bound ?? 0) is not whole, and the type is integer", hint: "write a whole number")
    }
    if let first = bounds.first, column.categories != nil {
      scope.fail("categories", "the column has \(first.0) too", hint: "keep one of the two")
    }
    if column.then == .clip, bounds.isEmpty, scope.has("then") {
      scope.fail(
        "then", "clip needs min or max: no value is nearest to one that is beyond nothing",
        hint: "write then: reject or then: flag, or a bound")
    }
  }
}
