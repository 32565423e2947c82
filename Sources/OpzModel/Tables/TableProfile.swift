public import OpzIO

/// What a table of training data has in each column: the range of its numbers or its texts, and how much is missing.
public struct TableProfile: Codable, Sendable, Hashable {
  /// The most texts of a column that are kept; a column with more has none.
  public static let mostCategories = 1000

  /// What one column has.
  public struct Column: Codable, Sendable, Hashable {
    public let name: String
    /// Rows without a value.
    public let missing: Int
    /// The least and the greatest number; nil for a column of texts, and for one without values.
    public let least: Double?
    public let most: Double?
    /// The texts, by their bytes; nil for a column of numbers, and for one that has more than `mostCategories`.
    public let categories: [String]?
  }

  public let rows: Int
  public let columns: [Column]

  /// Reads a table.
  /// - Parameters:
  ///   - source: CSV with a header, or an Arrow file or stream.
  ///   - inputs: the model's, whose columns alone are read; nil for all columns, by what is in them.
  /// - Throws: `ModelError.badRows` with line or row and column for what is no table, and for a value that is none of its
  ///   input's.
  public init(_ source: any ByteSource, inputs: [Model.Input]?) throws {
    let source = try PeekedSource(source, 4)
    let isArrow = ArrowReader.isArrow(source.head)
    self = isArrow ? try TableProfile(arrow: source, inputs) : try TableProfile(csv: source, inputs)
  }

  private init(csv source: any ByteSource, _ inputs: [Model.Input]?) throws {
    var reader = RecordReader(source, .standard, chunk: 1 << 20, limit: TableProfile.recordLimit)
    guard let names = try reader.header(isRow: false) else {
      throw ModelError(.badRows, "line 1", reason: "no header line", hint: "begin with the names of the columns")
    }
    var columns = try ProfileColumns(names, inputs, place: "line 1")
    var (fields, rows) = ([String](), 0)
    while let chunk = try reader.next() {
      var records = CSVRecords(Array(chunk.bytes.prefix(chunk.count)), line: chunk.line, .standard)
      while try records.next(into: &fields) {
        guard fields.count == names.count else {
          throw ModelError(
            .badRows, "line \(records.line)", reason: "\(fields.count) fields, the header has \(names.count)")
        }
        for place in columns.builders.indices {
          do {
            try columns.builders[place].add(text: fields[columns.builders[place].field])
          } catch let problem as ProfileColumns.Problem {
            throw problem.error("line \(records.line)", columns.builders[place].name)
          }
        }
        rows += 1
      }
    }
    self.init(rows: rows, columns.builders.map { $0.column(rows: rows) })
  }

  private static let recordLimit = 16 << 20

  private init(arrow source: any ByteSource, _ inputs: [Model.Input]?) throws {
    var reader = try ArrowReader(source)
    var columns = try ProfileColumns(reader.fields.map(\.name), inputs, place: "the schema")
    var rows = 0
    while let batch = try reader.next() {
      for place in columns.builders.indices {
        let name = columns.builders[place].name
        guard let values = batch.columns[columns.builders[place].field] else {
          // Of a table whose columns nobody knows, one that is neither is no column of the model's.
          if inputs == nil { continue }
          throw ModelError(
            .badRows, "column \(name)", reason: "the Arrow type of the column is neither numbers nor texts",
            hint: "cast it before the table is written")
        }
        do {
          for row in 0..<batch.count { try columns.builders[place].add(values, row: row) }
        } catch let problem as ProfileColumns.Problem {
          throw problem.error("row \(columns.builders[place].seen)", name)
        }
      }
      rows += batch.count
    }
    self.init(rows: rows, columns.builders.map { $0.column(rows: rows) })
  }

  private init(rows: Int, _ columns: [Column]) {
    self.rows = rows
    self.columns = columns
  }
}

/// The columns of a table that are profiled.
private struct ProfileColumns {
  /// A value that a column cannot have.
  struct Problem: Error {
    let reason: String
    let hint: String?

    func error(_ place: String, _ column: String) -> ModelError {
      ModelError(.badRows, "\(place), column \(column)", reason: reason, hint: hint)
    }
  }

  var builders: [ProfileColumn]

  init(_ names: [String], _ inputs: [Model.Input]?, place: String) throws {
    var positions: [String: Int] = [:]
    for (index, name) in names.enumerated() {
      guard positions.updateValue(index, forKey: name) == nil else {
        throw ModelError(.badRows, place, reason: "the column '\(name.prefix(100))' is there twice")
      }
    }
    guard let inputs else {
      builders = names.enumerated().map { ProfileColumn($1, field: $0, .any) }
      return
    }
    builders = inputs.compactMap { input in
      positions[input.name].map { ProfileColumn(input.name, field: $0, ProfileColumn.Values(input.kind)) }
    }
    guard !builders.isEmpty || inputs.isEmpty else {
      throw ModelError(
        .badRows, place, reason: "the table has none of the model's columns",
        hint: "the model has \(TableColumns.list(inputs.map(\.name)))")
    }
  }
}

/// Collects what one column has.
private struct ProfileColumn {
  enum Values {
    case numbers, texts
    /// Numbers if all are.
    case any

    init(_ kind: Model.Kind) {
      switch kind {
      case .number: self = .numbers
      case .text, .categorical: self = .texts
      }
    }
  }

  let name: String
  /// The column's place in the table.
  let field: Int
  private var values: Values
  private var missing = 0
  /// Rows so far.
  private(set) var seen = 0
  private var range: ClosedRange<Double>?
  /// Nil for more than are kept.
  private var texts: Set<String>? = []

  /// The most bytes of a text that is kept.
  private static let textLimit = 1000

  init(_ name: String, field: Int, _ values: Values) {
    self.name = name
    self.field = field
    self.values = values
  }

  mutating func add(text: String) throws {
    seen += 1
    if CSVTable.missing.contains(text) {
      missing += 1
      return
    }
    if values == .numbers || values == .any {
      if let number = ProfileColumn.number(text) {
        try add(number, text)
      } else if values == .numbers {
        throw ProfileColumns.Problem(
          reason: "'\(text.prefix(100))' is not a number, and the model's input is one",
          hint: "give the table that the model was trained with")
      } else {
        values = .texts
      }
    }
    if values != .numbers { keep(text) }
  }

  mutating func add(_ column: ArrowColumn, row: Int) throws {
    if let bytes = column.text(row) {
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw ProfileColumns.Problem(reason: "a text that is not UTF-8", hint: nil)
      }
      return try add(text: text)
    }
    let number = column.number(row)
    guard !number.isNaN else { return try add(text: "") }
    // A category that is a number is written as whole numbers are.
    if values == .texts { return try add(text: Int64(exactly: number).map(String.init) ?? "\(number)") }
    seen += 1
    values = .numbers
    try add(number, "\(number)")
  }

  private mutating func add(_ number: Double, _ text: String) throws {
    guard number.isFinite else {
      throw ProfileColumns.Problem(
        reason: "'\(text.prefix(100))' is not a finite number, so the column has no range",
        hint: "leave the value out, or remove the row")
    }
    range = range.map { min($0.lowerBound, number)...max($0.upperBound, number) } ?? number...number
  }

  private mutating func keep(_ text: String) {
    guard texts?.contains(text) == false else { return }
    texts?.insert(text)
    if (texts?.count ?? 0) > TableProfile.mostCategories || text.utf8.count > ProfileColumn.textLimit { texts = nil }
  }

  private static func number(_ text: String) -> Double? {
    switch text {
    case "true", "True", "TRUE": 1
    case "false", "False", "FALSE": 0
    default: Double(text).flatMap { $0.isNaN ? nil : $0 }
    }
  }

  func column(rows: Int) -> TableProfile.Column {
    let isText = values == .texts
    let sorted = texts.map { $0.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
    return TableProfile.Column(
      name: name, missing: missing, least: isText ? nil : range?.lowerBound, most: isText ? nil : range?.upperBound,
      categories: isText && sorted?.isEmpty == false ? sorted : nil)
  }
}
