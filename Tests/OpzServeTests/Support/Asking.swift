import FoundationEssentials
import NIOCore
import OpzHTTPServer

@testable import OpzInference
@testable import OpzServe

extension InferenceServer {
  /// A server with the sample model.
  static func sample(_ limits: ServerLimits = ServerLimits()) -> InferenceServer {
    InferenceServer(.sample, limits: limits, version: "0.0.0", cores: 2)
  }

  func ask(_ method: String, _ path: String, body: String = "", headers: HTTPFields = [:]) async -> Response {
    await ask(method, path, bytes: Array(body.utf8), headers: headers)
  }

  func ask(_ method: String, _ path: String, bytes: [UInt8], headers: HTTPFields = [:]) async -> Response {
    let framing: Request.Framing =
      headers.first("transfer-encoding") != nil ? .chunked : bytes.isEmpty ? .none : .length(UInt64(bytes.count))
    do {
      return try await respond(to: Request(method, path, fields: headers, framing: framing), BytesBody(bytes))
    } catch {
      return Response(599, body: .bytes(Array("\(error)".utf8)))
    }
  }
}

/// A body in memory, delivered in pieces of 1,000 bytes.
private final class BytesBody: RequestBody {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  func next() async throws -> ByteBuffer? {
    defer { rest = rest.dropFirst(1000) }
    return rest.isEmpty ? nil : ByteBuffer(bytes: rest.prefix(1000))
  }
}

extension Response {
  var bytes: [UInt8] {
    guard case .bytes(let bytes) = body else { return [] }
    return bytes
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The text of `{"error": ..}`; nil when the body is anything else.
  var error: String? { try? JSONDecoder().decode([String: String].self, from: Data(bytes))["error"] }

  func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(bytes))
  }
}

/// The response to an inference request, read with another parser.
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
