/// Maps the columns of a table to the columns of a model.
struct TableColumns: Sendable {
  /// For each field of a record, the index of the model's column; nil for other fields.
  let modelColumns: [Int?]
  /// Fields copied to the output unchanged.
  let kept: [Int]
  let header: [String]

  /// - Throws: `ModelError.badRows` that lists the unknown, missing and repeated columns.
  init(header: [String], signature: Signature, options: BatchScoring.Options) throws {
    self.header = header
    let positions = Dictionary(
      signature.inputs.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { one, _ in one })
    let passed = Set(options.keep + options.ignore)
    modelColumns = header.map { positions[$0] }
    let absent = options.keep.filter { !header.contains($0) }
    let missing = signature.inputs.map(\.name).filter { !header.contains($0) }
    let unknown = header.filter { positions[$0] == nil && !passed.contains($0) }
    let repeated = Set(header.filter { name in header.count { $0 == name } > 1 }).sorted()
    var problems: [String] = []
    if !missing.isEmpty { problems.append("missing: \(missing.joined(separator: ", "))") }
    if !unknown.isEmpty { problems.append("unknown: \(unknown.joined(separator: ", "))") }
    if !repeated.isEmpty { problems.append("duplicate: \(repeated.joined(separator: ", "))") }
    if !absent.isEmpty { problems.append("to keep, but missing: \(absent.joined(separator: ", "))") }
    guard problems.isEmpty else {
      throw ModelError(
        .badRows, "header", "the columns do not fit the model; \(problems.joined(separator: "; "))",
        hint: unknown.isEmpty
          ? "the model has \(signature.inputs.map(\.name).joined(separator: ", "))"
          : "--keep NAME copies a column to the output, --ignore NAME ignores it")
    }
    kept = options.keep.compactMap { header.firstIndex(of: $0) }
  }
}
