import OpzHTTPServer
import OpzWire

/// `grpc.reflection.v1.ServerReflection/ServerReflectionInfo`, and v1alpha's, which has the same messages: what services
/// and messages there are, for tools such as grpcurl.
final class ReflectionStream: AnswerStream, @unchecked Sendable {
  private let server: InferenceServer
  private var messages: GRPCMessages

  init(_ server: InferenceServer, _ messages: GRPCMessages) {
    self.server = server
    self.messages = messages
  }

  func next() async throws -> WireWriter? {
    guard try await server.hasNext(&messages), let message = try await messages.next() else { return nil }
    return try ReflectionStream.answer(message)
  }

  /// An answer by the number of its field in `ServerReflectionResponse`.
  private typealias Reply = (number: Int, message: WireWriter)

  /// `ServerReflectionResponse`: the host and request as they came, and one of the answers.
  static func answer(_ message: [UInt8]) throws -> WireWriter {
    var reader = try WireReader(message)
    var host = ""
    var reply = error(.invalidArgument, "the request asks for nothing")
    while let field = try reader.next() {
      switch field.number {
      case 1: host = try reader.string(field)
      case 3:
        let name = try reader.string(field)
        reply = file(ProtoFile.all.first { $0.name == name })
      case 4:
        let name = try reader.string(field)
        reply = file(ProtoFile.all.first { $0.defines(name) })
      // Extensions, which these messages have not.
      case 5, 6:
        try reader.skip(field)
        reply = error(.notFound, "there are no extensions")
      case 7:
        try reader.skip(field)
        reply = services()
      default: try reader.skip(field)
      }
    }
    var answer = WireWriter()
    if !host.isEmpty { answer.put(1, string: host) }
    answer.put(2, bytes: message)
    answer.put(reply.number, message: reply.message)
    return answer
  }

  private static func file(_ file: ProtoFile?) -> Reply {
    guard let file else { return error(.notFound, "there is no such file or symbol") }
    var message = WireWriter()
    message.put(1, bytes: file.descriptor)
    return (4, message)
  }

  private static func services() -> Reply {
    var message = WireWriter()
    for file in ProtoFile.all {
      for service in file.services {
        var entry = WireWriter()
        entry.put(1, string: "\(file.package).\(service.name)")
        message.put(1, message: entry)
      }
    }
    return (6, message)
  }

  private static func error(_ code: GRPCStatus.Code, _ text: String) -> Reply {
    var message = WireWriter()
    message.put(1, int64: Int64(code.rawValue))
    message.put(2, string: text)
    return (7, message)
  }
}
