import OpzJSON
import OpzModel
import OpzOCI

/// Sends an example that has to be answered, whatever the answer is: the image starts, loads the model and predicts.
struct ExampleCheck: Sendable {
  private let request: [UInt8]?
  private let signature: TestSignature

  /// - Parameter request: an Open Inference Protocol request; nil for a row of the signature's columns.
  init(_ request: [UInt8]?, _ signature: TestSignature) {
    self.request = request
    self.signature = signature
  }

  func run(_ server: ServerRunner) async throws -> TestReport.Check {
    var check = TestReport.Check(name: TestFiles.example)
    guard request != nil || !signature.inputs.isEmpty else { return check }
    let answer: ServerRunner.Answer =
      if let request { try await server.infer(request) } else { try await server.infer(row) }
    for output in answer.outputs { check.values += output.data.count }
    if check.values == 0 { check.fail("the response has no values") }
    return check
  }

  /// One row with a value in each column that any model takes: 1, and a text.
  private var row: JSONValue {
    let inputs = signature.inputs.map { column in
      let value: JSONValue =
        switch column.datatype {
        case "BYTES": .string("a")
        case "BOOL": .bool(true)
        case "FP64", "FP32", "FP16": .number(1)
        default: .integer(1)
        }
      return JSONValue.object([
        "name": .string(column.name), "shape": .array([.integer(1)]), "datatype": .string(column.datatype),
        "data": .array([value]),
      ])
    }
    return .object(["inputs": .array(inputs)])
  }
}
