/// A database's SQL as a value: how it quotes, casts and compares, what it computes exactly, and its limits.
public struct SQLDialect: Sendable {
  /// What stands before and after an operand.
  struct Around: Sendable {
    let before: String
    let after: String

    init(_ before: String = "", _ after: String = "") {
      self.before = before
      self.after = after
    }
  }

  /// How NaN is told from other numbers.
  enum NaNs: Sendable {
    /// There is none.
    case none
    /// It equals this number, and nothing else does.
    case equal(to: String)
    /// This function is true for it.
    case tested(by: String)
  }

  /// How identifiers are quoted.
  enum Quotes: Sendable { case double, backtick, brackets }

  /// How apostrophes and backslashes stand in a text.
  enum Escapes: Sendable {
    /// An apostrophe is doubled, a backslash is itself.
    case doubled
    /// An apostrophe is doubled, and so is a backslash.
    case doubledBoth
    /// Both stand behind a backslash.
    case backslash
  }

  /// What keeps the planner from copying the columns of a subquery into each place where they are used.
  enum Barrier: Sendable {
    case none
    /// `AS MATERIALIZED`.
    case materialized
    /// `OFFSET 0`, which PostgreSQL does not flatten and does not store.
    case offset
    /// A `LIMIT` of 2^63 - 1, which MariaDB does not merge.
    case limit
  }

  /// The name on the command line.
  public let name: String
  /// The oldest version that the text is for.
  public let version: String
  /// Whether the tests run the text in the database itself.
  public let isProven: Bool
  let quotes: Quotes
  let escapes: Escapes
  let types: [SQLType: String]
  /// The types of a table's columns, where they are others.
  let columnTypes: [SQLType: String]
  /// What stands around the digits of a number.
  let numbers: [SQLType: Around]
  let functions: [SQLFunction: String]
  /// Whether a sum of float32 numbers is rounded to float32 after each addition.
  let keepsFloat32: Bool
  /// Whether it does so only where a cast stands around the addition: the sum of two float32 numbers is a float64 number.
  let widensSums: Bool
  /// Whether FLOOR and CEIL give whole numbers of 64 bits, and fail for what is greater.
  let floorsToIntegers: Bool
  /// Whether IN compares the bits of numbers, so that -0 is not 0.
  let findsByBits: Bool
  let bytes: Around
  let nans: NaNs
  let barrier: Barrier
  /// What stands between the name and `AS` of `CREATE TABLE .. AS`; nil where there is no such statement.
  let tableAs: String?
  let limits: SQLLimits

  /// Whether a subquery may begin with `WITH`.
  var nestsTables: Bool { name != "sqlserver" }

  /// Whether a statement can create a table of a query's rows.
  public var createsTableAs: Bool { tableAs != nil }

  init(
    name: String, version: String, isProven: Bool = false, quotes: Quotes = .double, escapes: Escapes = .doubled,
    types: [SQLType: String], columnTypes: [SQLType: String] = [:], numbers: [SQLType: Around] = [:],
    functions: [SQLFunction: String] = [:], keepsFloat32: Bool = false, widensSums: Bool = false,
    floorsToIntegers: Bool = false, findsByBits: Bool = false, bytes: Around = Around(), nans: NaNs = .none,
    barrier: Barrier = .none,
    tableAs: String? = "", limits: SQLLimits
  ) {
    self.name = name
    self.version = version
    self.isProven = isProven
    self.quotes = quotes
    self.escapes = escapes
    self.types = types
    self.columnTypes = columnTypes
    self.numbers = numbers
    self.functions = functions
    self.keepsFloat32 = keepsFloat32
    self.widensSums = widensSums
    self.floorsToIntegers = floorsToIntegers
    self.findsByBits = findsByBits
    self.bytes = bytes
    self.nans = nans
    self.barrier = barrier
    self.tableAs = tableAs
    self.limits = limits
  }

  /// The name of a column's type.
  public func name(of type: SQLType) -> String { types[type] ?? "" }

  /// The type of a table's column; the others are those of `CAST`.
  public func columnType(_ type: SQLType) -> String { columnTypes[type] ?? name(of: type) }

  func name(of function: SQLFunction) -> String {
    if let name = functions[function] { return name }
    return switch function {
    case .absolute: "ABS"
    case .exp: "EXP"
    case .ln: "LN"
    case .sqrt: "SQRT"
    case .floor: "FLOOR"
    case .ceiling: "CEIL"
    case .power: "POWER"
    case .coalesce: "COALESCE"
    }
  }

  /// A name as an identifier, whatever its characters.
  public func quoted(_ name: String) -> String {
    let isPlain = name.utf8.allSatisfy { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") || $0 >= 48 && $0 <= 57 }
    switch quotes {
    case .double where isPlain: return "\"\(name)\""
    case .backtick where isPlain: return "`\(name)`"
    default: return quotedAny(name)
    }
  }

  private func quotedAny(_ name: String) -> String {
    switch quotes {
    case .double: "\"\(name.replacing("\"", with: "\"\""))\""
    case .backtick where escapes == .backslash:
      "`\(name.replacing("\\", with: "\\\\").replacing("`", with: "\\`"))`"
    case .backtick: "`\(name.replacing("`", with: "``"))`"
    case .brackets: "[\(name.replacing("]", with: "]]"))]"
    }
  }

  /// A text as a literal, whatever its characters.
  public func literal(_ text: String) -> String {
    switch escapes {
    case .doubled: "'\(text.replacing("'", with: "''"))'"
    case .doubledBoth: "'\(text.replacing("\\", with: "\\\\").replacing("'", with: "''"))'"
    case .backslash: "'\(text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }
  }

  /// A text that is compared by its bytes.
  public func bytes(of expression: String) -> String { bytes.before + expression + bytes.after }
}

/// What a database accepts at most. A text that has more is not written.
struct SQLLimits: Sendable {
  /// Levels of expressions inside one another, long sums included.
  var depth: Int
  /// Levels of `CASE` inside one another.
  var caseDepth: Int
  /// Bytes of a statement.
  var bytes: Int
  /// Bytes of a statement unless a setting says more; nil where no setting is in the way.
  var usualBytes: Int?
  /// Columns of a query.
  var columns: Int
  /// Bytes of an identifier.
  var identifier: Int
  /// Queries in one `WITH`.
  var stages = 1000
  /// The parts of a table's name: catalog, schema and table, where the database has all three.
  var nameParts = 3
}
