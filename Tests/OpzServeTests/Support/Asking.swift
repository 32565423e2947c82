import FoundationEssentials
import HTTPTypes
import Hummingbird

@testable import OpzServe

extension InferenceServer {
  /// A server of the sample model.
  static func sample(_ limits: ServerLimits = ServerLimits()) -> InferenceServer {
    InferenceServer(.sample, limits: limits, version: "0.0.0", cores: 2)
  }

  func ask(
    _ method: HTTPRequest.Method, _ path: String, _ body: String = "", headers: HTTPFields = [:]
  ) async -> Answer {
    await ask(method, path, bytes: Array(body.utf8), headers: headers)
  }

  func ask(
    _ method: HTTPRequest.Method, _ path: String, bytes: [UInt8], headers: HTTPFields = [:]
  ) async -> Answer {
    let head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path, headerFields: headers)
    return await answer(Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: bytes))))
  }
}

extension Answer {
  var text: String { String(decoding: body, as: UTF8.self) }

  /// The text of `{"error": ..}`; nil when the body is anything else.
  var error: String? { try? JSONDecoder().decode([String: String].self, from: Data(body))["error"] }

  func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(body))
  }
}

/// The answer of an inference, read by a parser that is not ours.
struct InferenceDocument: Decodable {
  struct Tensor: Decodable {
    let name: String
    let datatype: String
    let shape: [Int]
    let data: [Float?]
  }

  let model_name: String
  let model_version: String
  let id: String?
  let outputs: [Tensor]
}
