import OpzHTTPServer
import OpzIO
import OpzInference

/// How a call ended (gRPC, "Status codes and their use").
struct GRPCStatus: Error, Equatable {
  enum Code: Int {
    case ok = 0
    case cancelled = 1
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case unimplemented = 12
    case `internal` = 13
    case unavailable = 14
    case unauthenticated = 16
  }

  let code: Code
  let message: String

  init(_ code: Code, _ message: String = "") {
    self.code = code
    self.message = message
  }

  static let ok = GRPCStatus(.ok)

  /// The status that says what an HTTP status would.
  init(_ failure: RequestFailure) {
    let code: Code =
      switch failure.status {
      case 401: .unauthenticated
      case 403: .permissionDenied
      case 404: .notFound
      case 408, 504: .deadlineExceeded
      case 413, 429: .resourceExhausted
      case 422: .failedPrecondition
      case 405, 415, 501: .unimplemented
      case 503: .unavailable
      case ..<500: .invalidArgument
      default: .internal
      }
    self.init(code, failure.message)
  }

  /// The fields after a response, or in place of one.
  var fields: [(name: String, value: String)] {
    var fields = [(name: "grpc-status", value: "\(code.rawValue)")]
    if !message.isEmpty { fields.append((name: "grpc-message", value: percentEncoded)) }
    return fields
  }

  /// Printable ASCII but `%` stands for itself, and the message is not longer than clients' headers.
  private var percentEncoded: String {
    var (text, room) = (String.UnicodeScalarView(), 2000)
    for scalar in message.unicodeScalars {
      room -= UTF8.width(scalar)
      guard room >= 0 else { break }
      text.append(scalar)
    }
    return PercentCoding.encode(String(text), keeping: GRPCStatus.plain)
  }

  private static let plain = String(decoding: (0x20...0x7e).filter { $0 != UInt8(ascii: "%") }, as: UTF8.self)
}

extension Response {
  /// A call's end without a message.
  static func grpc(_ status: GRPCStatus) -> Response {
    Response(200, [("Content-Type", "application/grpc")] + status.fields)
  }

  /// The one message of a call that went well.
  static func grpc(message: [UInt8]) -> Response {
    var response = Response(200, [("Content-Type", "application/grpc")], body: .bytes(GRPCMessages.frame(message)))
    response.trailers = GRPCStatus.ok.fields
    return response
  }
}
