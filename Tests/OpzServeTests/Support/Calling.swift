import NIOCore
import OpzHTTPServer
import OpzWire

@testable import OpzServe

/// The answers of a call, and how it ended.
struct CallResult {
  var messages: [[UInt8]] = []
  var status: Int?
  var text = ""
}

extension InferenceServer {
  /// Calls a method with messages whose bytes come in pieces of this size.
  func call(
    _ path: String, _ messages: [[UInt8]], fields: HTTPFields = [:], piece: Int = 1000
  ) async -> CallResult {
    await call(path, bytes: messages.flatMap { GRPCMessages.frame($0) }, fields: fields, piece: piece)
  }

  func call(_ path: String, bytes: [UInt8], fields: HTTPFields = [:], piece: Int = 1000) async -> CallResult {
    var all: HTTPFields = ["content-type": "application/grpc", "te": "trailers"]
    for field in fields.all { all.append(field.name, field.value) }
    let request = Request("POST", path, fields: all, framing: .chunked, isHTTP2: true)
    guard let response = try? await respond(to: request, PiecesBody(bytes, piece)) else { return CallResult() }
    return await CallResult(response)
  }
}

extension CallResult {
  init(_ response: Response) async {
    var bytes = response.bytes
    var trailers = response.trailers ?? response.headers
    if let stream = response.stream {
      loop: while true {
        switch await stream() {
        case .bytes(let more): bytes += more
        case .end(let end):
          trailers = end
          break loop
        }
      }
    }
    while bytes.count >= 5 {
      let count = bytes[1..<5].reduce(0) { $0 << 8 | Int($1) }
      messages.append(Array(bytes[5..<(5 + count)]))
      bytes.removeFirst(5 + count)
    }
    status = trailers.first { $0.name == "grpc-status" }.flatMap { Int($0.value) }
    text = trailers.first { $0.name == "grpc-message" }?.value ?? ""
  }
}

/// A body in memory, in pieces of one size.
final class PiecesBody: RequestBody {
  private var rest: ArraySlice<UInt8>
  private let size: Int

  init(_ bytes: [UInt8], _ size: Int) {
    rest = bytes[...]
    self.size = size
  }

  func next() async throws -> ByteBuffer? {
    defer { rest = rest.dropFirst(size) }
    return rest.isEmpty ? nil : ByteBuffer(bytes: rest.prefix(size))
  }
}

/// A `ModelInferRequest`, written by hand.
struct InferMessage {
  var writer = WireWriter()
  private var raw: [[UInt8]] = []

  init(model: String = "team/score", version: String? = nil, id: String? = nil) {
    writer.put(1, string: model)
    if let version { writer.put(2, string: version) }
    if let id { writer.put(3, string: id) }
  }

  /// Adds an input with the elements of its type's field, or raw.
  mutating func add(
    _ name: String, _ datatype: String, shape: [Int64], raw bytes: [UInt8]? = nil,
    contents: (inout WireWriter) -> Void = { _ in }
  ) {
    var (tensor, elements) = (WireWriter(), WireWriter())
    tensor.put(1, string: name)
    tensor.put(2, string: datatype)
    tensor.put(3, packed: shape)
    contents(&elements)
    if !elements.bytes.isEmpty { tensor.put(5, message: elements) }
    writer.put(5, message: tensor)
    if let bytes { raw.append(bytes) }
  }

  mutating func ask(_ output: String) {
    var message = WireWriter()
    message.put(1, string: output)
    writer.put(6, message: message)
  }

  var bytes: [UInt8] {
    var writer = writer
    for bytes in raw { writer.put(7, bytes: bytes) }
    return writer.bytes
  }
}

/// A `ModelInferResponse`: of each output its name, its FP32 elements and whether they are raw.
struct InferReply {
  var id = ""
  var names: [String] = []
  var typed: [[Float]] = []
  var raw: [[UInt8]] = []

  init(_ bytes: [UInt8]) throws {
    var reader = try WireReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 3: id = try reader.string(field)
      case 5:
        var tensor = try reader.message(field)
        while let field = try tensor.next() {
          switch field.number {
          case 1: names.append(try tensor.string(field))
          case 5:
            var contents = try tensor.message(field)
            var values: [Float] = []
            while let field = try contents.next() { try contents.append(floats: &values, field) }
            typed.append(values)
          default: try tensor.skip(field)
          }
        }
      case 6: raw.append(Array(bytes[try reader.range(field)]))
      default: try reader.skip(field)
      }
    }
  }
}
