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

  /// An empty object and a comma are a row. A record of CSV has a delimiter for each value.
  package func sparseRows(ofBytes count: Int) -> Int? { form == .csv ? nil : count / 3 }

  /// Each row that may leave out values is an object or a list.
  package func sparseRows(of body: [UInt8]) -> Int? {
    guard form == .json else { return nil }
    return body.withUnsafeBufferPointer { bytes in
      // Adding is faster than branching.
      bytes.reduce(into: 0) { $0 &+= $1 | 0x20 == UInt8(ascii: "{") ? 1 : 0 }
    }
  }

  package func request(_ body: [UInt8], _ context: InferenceContext) throws -> InferenceRequest {
    var request =
      switch form {
      case .csv: try CSVRows(context).request(body)
      case .json: try JSONRows(context).request(body)
      }
    // The answer has the first output alone.
    let outputs = context.model.outputs
    if outputs.count > 1 { request.outputs = [RequestedOutput(outputs[0].name)] }
    return request
  }

  package func response(_ answer: InferenceAnswer) throws -> InferenceBody {
    guard let output = answer.outputs.first else { throw RequestFailure(500, "the model has no outputs") }
    var json = JSONWriter(capacity: responseBytes(answer))
    json.raw("{\"predictions\":")
    if output.shape.count > 1 { output.writeRows(to: &json) } else { output.writeData(to: &json) }
    json.raw("}")
    return InferenceBody(json.bytes)
  }

  package func responseBytes(_ answer: InferenceAnswer) -> Int {
    guard let output = answer.outputs.first else { return 64 }
    // Each row has brackets and a comma.
    return output.jsonBytes.plus((output.shape.first ?? 0).times(3)).plus(64)
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

  func request(_ body: [UInt8]) throws -> InferenceRequest {
    var table = table
    do {
      var records = CSVRecords(body, line: 1, .standard, mostFields: context.mostColumns)
      var fields: [String] = []
      guard try records.next(into: &fields) else { throw RequestFailure.bad("the table is empty") }
      let columns = try fields.map { try table.column($0) }
      guard Set(columns).count == columns.count else { throw RequestFailure.bad("the header has a column twice") }
      let isText = columns.map { table.isText($0) }
      while try records.next(into: &fields) {
        guard fields.count == columns.count else {
          throw RequestFailure.bad("line \(records.line): \(fields.count) fields, the header has \(columns.count)")
        }
        for (index, field) in fields.enumerated() {
          if CSVTable.missing.contains(field) {
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
