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

  /// - Parameter infer: sends a request to the image's server.
  /// - Throws: `FlowError`; of category `notFound` where there is no request to go by: a model that says no columns, or
  ///   that refuses the row that was made up.
  func run(_ infer: ([UInt8]) async throws -> ServerRunner.Answer) async throws -> TestReport.Check {
    var check = TestReport.Check(name: TestFiles.example)
    let answer = if let request { try await infer(request) } else { try await made(infer) }
    for output in answer.outputs { check.values += output.data.count }
    if check.values == 0 { check.fail("the response has no values") }
    return check
  }

  private func made(_ infer: ([UInt8]) async throws -> ServerRunner.Answer) async throws -> ServerRunner.Answer {
    guard !signature.inputs.isEmpty else {
      throw ExampleCheck.missing(
        "nothing was sent to the model: it does not say its columns, so no row could be made up")
    }
    let body = try CanonicalJSON.encode(row)
    do { return try await infer(body) } catch let error as FlowError where error.code == .verification {
      throw ExampleCheck.missing("a row that opz made up of the model's columns was refused: \(error.reason)")
    }
  }

  private static func missing(_ reason: String) -> FlowError {
    FlowError(
      .notFound, TestFiles.example, reason: reason,
      hint: "write a request that the model answers into \(TestFiles.example), next to the model")
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
