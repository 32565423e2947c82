import OpzJSON
import OpzModel

/// Rows of named cells: KServe's v1 protocol (`:predict`) and MLflow's scoring server (`/invocations`), in their JSON
/// forms or as CSV. The answer is `{"predictions": [..]}` with the first output, a value or a list for each row.
package struct RowsDialect: InferenceDialect {
  package enum Form: Sendable {
    /// `{"instances": [..]}`, or one of MLflow's forms.
    case json
    /// A header with the columns' names, and a record for each row.
    case csv
  }

  private let form: Form

  package init(_ form: Form) { self.form = form }

  package var valueBytes: Int { form == .csv ? 1 : 2 }

  package func request(_ body: [UInt8], _ context: InferenceContext) throws -> InferenceRequest {
    switch form {
    case .csv: try CSVRows(context).request(body)
    case .json: try JSONRows(context).request(body)
    }
  }

  package func response(_ answer: InferenceAnswer) throws -> InferenceBody {
    guard let output = answer.outputs.first else { throw RequestFailure(500, "the model has no outputs") }
    var json = JSONWriter(capacity: output.count.times(output.textBytes).plus(64))
    json.raw("{\"predictions\":")
    output.writeRows(to: &json)
    json.raw("}")
    return InferenceBody(json.bytes)
  }
}

extension OutputTensor {
  /// The values as a JSON array with a value or a list for each row.
  fileprivate func writeRows(to json: inout JSONWriter) {
    let columns = shape.dropFirst().reduce(1) { $0.times($1) }
    guard shape.count > 1 else { return writeData(to: &json) }
    guard case .scored(let storage) = values, columns > 0 else { return writeNested(to: &json, columns) }
    json.list(0..<(count / columns)) { json, row in
      let range = row * columns..<row * columns + columns
      switch storage {
      case .float32(let values): json.list(values[range]) { $0.number($1) }
      case .float64(let values): json.list(values[range]) { $0.number($1) }
      case .texts(let values):
        json.list(values[range]) { json, text in
          if let text { json.string(text) } else { json.raw("null") }
        }
      }
    }
  }

  private func writeNested(to json: inout JSONWriter, _ columns: Int) {
    guard case .raw(let bytes, let missing) = values else { return json.raw("[]") }
    RawElements(datatype, bytes, missing: missing).write(to: &json, rowsOf: max(1, columns))
  }
}

/// Reads a table of CSV with a header.
private struct CSVRows {
  private var table: TableBuilder
  private let context: InferenceContext

  init(_ context: InferenceContext) {
    self.context = context
    table = TableBuilder(context)
  }

  /// What pandas, and so MLflow's server, takes for missing.
  private static let missing: Set<String> = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
  ]

  func request(_ body: [UInt8]) throws -> InferenceRequest {
    var table = table
    do {
      var records = CSVRecords(body, line: 1, .standard)
      var fields: [String] = []
      guard try records.next(into: &fields) else { throw RequestFailure.bad("the table is empty") }
      let columns = try fields.map { try table.column($0) }
      guard Set(columns).count == columns.count else { throw RequestFailure.bad("the header has a column twice") }
      let isText = fields.map { name in context.model.inputs.first { $0.name == name }?.datatype == .bytes }
      while try records.next(into: &fields) {
        guard fields.count == columns.count else {
          throw RequestFailure.bad("line \(records.line): \(fields.count) fields, the header has \(columns.count)")
        }
        for (index, field) in fields.enumerated() {
          if CSVRows.missing.contains(field) {
            table.appendMissing(columns[index])
          } else if !isText[index], let number = Double(field) {
            try table.append(number, columns[index])
          } else {
            try table.append(field, columns[index])
          }
        }
        try table.endRow()
      }
    } catch let error as ModelError {
      throw RequestFailure.bad("the table is not valid CSV: \(error.subject): \(error.reason)")
    }
    return try table.request()
  }
}
