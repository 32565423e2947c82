import OpzHTTPServer
import OpzInference
import Synchronization

/// What is known of a request, for the log.
struct RequestRecord: Sendable {
  /// What an inference took.
  struct Parts: Sendable {
    /// Of the body, decoded.
    var bytes: Int
    var rows: Int
    var decoding: Duration
    var scoring: Duration
    var encoding: Duration
  }

  let start = ContinuousClock.now
  let version: String
  let method: String
  let path: Substring
  /// The client's `X-Request-ID`, or one of ours where there is a log.
  let id: String?
  /// The `id` in an inference request.
  var ownID: String?
  var inference: Parts?

  /// - Parameter makesID: whether a request without an id gets one.
  init(_ request: Request, makesID: Bool) {
    version = request.isHTTP2 ? "HTTP/2" : request.isHTTP10 ? "HTTP/1.0" : "HTTP/1.1"
    method = request.method
    path = request.path
    id = request.field("x-request-id").flatMap(RequestRecord.checked) ?? (makesID ? RequestRecord.made() : nil)
  }

  /// Learns what an inference took.
  mutating func learn(_ inference: Inference, _ bytes: Int) {
    ownID = inference.id
    self.inference = Parts(
      bytes: bytes, rows: inference.rows, decoding: inference.decoding, scoring: inference.scoring,
      encoding: inference.encoding)
  }

  /// A message of a stream, as a request by itself.
  init(messageOf stream: RequestRecord) {
    (version, method, path, id) = (stream.version, stream.method, stream.path, stream.id)
  }

  /// An id of a client: it comes back in a header, and in the logs of others.
  private static func checked(_ id: String) -> String? {
    (1...128).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7e).contains($0) } ? id : nil
  }

  private static func made() -> String {
    String(UInt64.random(in: .min ... .max), radix: 16) + String(UInt64.random(in: .min ... .max), radix: 16)
  }
}

/// Notes a call with a stream of answers when it ends, also where the client leaves.
final class StreamNote: Sendable {
  private let log: RequestLog
  private let record: RequestRecord
  /// Cancelled, unless the call ends otherwise.
  private let code = Atomic(GRPCStatus.Code.cancelled.rawValue)

  init(_ log: RequestLog, _ record: RequestRecord) {
    self.log = log
    self.record = record
  }

  deinit { log.note(record, status: 200, grpc: code.load(ordering: .acquiring)) }

  /// The call ended with these fields.
  func end(_ trailers: [(name: String, value: String)]) {
    if let text = trailers.first(where: { $0.name == "grpc-status" })?.value, let number = Int(text) {
      code.store(number, ordering: .releasing)
    }
  }
}
