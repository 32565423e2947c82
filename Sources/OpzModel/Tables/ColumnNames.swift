extension Model {
  /// The columns that `INPUT=COLUMN` options name, by the index of the input.
  ///
  /// An input's name may contain `=`, so the split is where an input's name ends. Whether there is such a column is for
  /// the table's reader to say: a header may have an empty name.
  /// - Throws: `ModelError.badOption` for a text without `=`, for an input that the model does not have, and for an
  ///   input that is named twice.
  public func columnNames(_ pairs: [String]) throws -> [Int: String] {
    try Model.columnNames(pairs, of: inputs)
  }

  static func columnNames(_ pairs: [String], of inputs: [Input]) throws -> [Int: String] {
    let indexes = Dictionary(inputs.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { one, _ in one })
    var result: [Int: String] = [:]
    for pair in pairs {
      let splits = pair.indices.filter { pair[$0] == "=" }
      guard let split = splits.first(where: { indexes[String(pair[..<$0])] != nil }),
        let input = indexes[String(pair[..<split])]
      else {
        throw ModelError(
          .badOption, "--columns",
          reason: splits.isEmpty
            ? "'\(pair.prefix(80))' is not INPUT=COLUMN"
            : "the model has no input '\(pair.prefix { $0 != "=" }.prefix(80))'",
          hint: "the model has \(TableColumns.list(inputs.map(\.name)))")
      }
      let column = String(pair[pair.index(after: split)...])
      guard result.updateValue(column, forKey: input) == nil else {
        throw ModelError(.badOption, "--columns", reason: "it names two columns for the input '\(inputs[input].name)'")
      }
    }
    return result
  }
}
