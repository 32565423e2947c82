/// Maps the columns of a table to the inputs of a model.
struct TableColumns: Sendable {
  /// What a table's field is read for.
  struct Field: Sendable {
    /// The index of the model's input; nil for other fields.
    var input: Int?
    /// The place among the columns that are copied to the output.
    var kept: Int?
  }

  let names: [String]
  private(set) var fields: [Field]
  /// The names of the columns that are copied to the output.
  let kept: [String]

  private let inputs: [Model.Input]
  private let options: BatchScoring.Options
  /// The column that each input is read from, by the input's index, where an option names it.
  private let renamed: [Int: String]

  /// - Parameter first: the table's first record.
  /// - Throws: `ModelError.badRows` that lists the unknown, missing and repeated columns; `ModelError.badOption` for an
  ///   option that names an input or a column that does not exist.
  init(first: [String], inputs: [Model.Input], options: BatchScoring.Options) throws {
    names = options.header == .first ? first : first.indices.map { String($0 + 1) }
    self.inputs = inputs
    self.options = options
    kept = options.keep
    renamed = try Model.columnNames(options.columns, of: inputs)
    fields = Array(repeating: Field(), count: names.count)
    if options.header == .none || isNameless { try matchPositions() } else { try matchNames() }
    try placeKept()
  }

  // MARK: By name

  /// Whether the names of the inputs are the ones that libraries make up, and the table has none of them.
  private var isNameless: Bool {
    guard renamed.isEmpty, !inputs.isEmpty else { return false }
    let own = Set(names)
    return ["f", "Column_", "x"].contains { prefix in
      inputs.enumerated().allSatisfy { $1.name == "\(prefix)\($0)" && !own.contains($1.name) }
    }
  }

  private mutating func matchNames() throws {
    var places: [String: [Int]] = [:]
    for (index, name) in names.enumerated() { places[name, default: []].append(index) }
    var missing: [String] = []
    for (index, input) in inputs.enumerated() {
      let column = renamed[index] ?? input.name
      guard let place = places[column]?.first else {
        missing.append(renamed[index].map { "\($0) (for \(input.name))" } ?? input.name)
        continue
      }
      guard fields[place].input == nil else {
        throw ModelError(.badOption, "--columns", reason: "the column '\(column)' is read for two inputs")
      }
      fields[place].input = index
    }
    let passed = Set(options.keep + options.ignore)
    let unknown = names.indices.filter { fields[$0].input == nil && !passed.contains(names[$0]) }.map { names[$0] }
    let repeated = places.filter { $1.count > 1 }.keys.sorted()
    let absent = options.keep.filter { places[$0] == nil }
    try check(missing: missing, unknown: unknown, repeated: repeated, absent: absent)
  }

  private func check(missing: [String], unknown: [String], repeated: [String], absent: [String]) throws {
    var problems: [String] = []
    if !missing.isEmpty { problems.append("missing: \(TableColumns.list(missing))") }
    if !unknown.isEmpty { problems.append("unknown: \(TableColumns.list(unknown))") }
    if !repeated.isEmpty { problems.append("duplicate: \(TableColumns.list(repeated))") }
    if !absent.isEmpty { problems.append("to keep, but missing: \(TableColumns.list(absent))") }
    guard !problems.isEmpty else { return }
    let hint =
      if names.count == 1, inputs.count > 1 {
        "the header is one column: --delimiter names another character than the comma"
      } else if !missing.isEmpty, !unknown.isEmpty {
        "--columns INPUT=COLUMN reads an input from a column of another name; --keep NAME copies a column to the output, "
          + "--ignore NAME ignores it"
      } else if !unknown.isEmpty {
        "--keep NAME copies a column to the output, --ignore NAME ignores it"
      } else {
        "the model has \(TableColumns.list(inputs.map(\.name)))"
      }
    throw ModelError(
      .badRows, "header", reason: "the columns do not fit the model; \(problems.joined(separator: "; "))", hint: hint)
  }

  // MARK: By position

  /// Columns that are neither named for an input, nor ignored, are the other inputs in their order. Kept ones are inputs
  /// too where there would be too few otherwise.
  private mutating func matchPositions() throws {
    for name in options.keep + options.ignore + renamed.values.sorted() where !names.contains(name) {
      throw ModelError(
        .badOption, "--keep, --ignore or --columns", reason: "there is no column '\(name.prefix(80))'",
        hint: options.header == .none
          ? "without a header, columns are named by their position: 1 to \(names.count)"
          : "the table has \(TableColumns.list(names))")
    }
    for (input, column) in renamed.sorted(by: { $0.key < $1.key }) {
      guard let place = names.firstIndex(of: column), fields[place].input == nil else {
        throw ModelError(.badOption, "--columns", reason: "the column '\(column)' is read for two inputs")
      }
      fields[place].input = input
    }
    let rest = inputs.indices.filter { renamed[$0] == nil }
    let (ignored, copied) = (Set(options.ignore), Set(options.keep))
    let all = names.indices.filter { fields[$0].input == nil && !ignored.contains(names[$0]) }
    let places = all.count == rest.count ? all : all.filter { !copied.contains(names[$0]) }
    guard places.count == rest.count else {
      throw ModelError(
        .badRows, options.header == .none ? "line 1" : "header",
        reason: "\(places.count) columns for the model's \(rest.count) inputs, which are matched by position",
        hint: names.count == 1
          ? "--delimiter names another character than the comma" : "--ignore leaves a column out")
    }
    for (place, input) in zip(places, rest) { fields[place].input = input }
  }

  var hasHeader: Bool { options.header == .first }

  /// The name of the input that a field is read for.
  func inputName(ofField index: Int) -> String? {
    guard fields.indices.contains(index), let input = fields[index].input else { return nil }
    return inputs[input].name
  }

  // MARK: Kept columns

  private mutating func placeKept() throws {
    for (slot, name) in kept.enumerated() {
      guard let place = names.firstIndex(of: name), fields[place].kept == nil else {
        throw ModelError(.badOption, "--keep", reason: "the column '\(name.prefix(80))' is named twice")
      }
      fields[place].kept = slot
    }
  }

  /// Names for a message, not more than a person reads.
  static func list(_ names: [String]) -> String {
    let shown = names.prefix(50).map { String($0.prefix(100)) }.joined(separator: ", ")
    return names.count > 50 ? "\(shown), and \(names.count - 50) more" : shown
  }
}
