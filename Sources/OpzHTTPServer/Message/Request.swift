/// The head of a request, already checked to be well-formed by RFC 9112.
public struct Request: Sendable {
  /// How the body ends (RFC 9112, section 6).
  public enum Framing: Sendable, Equatable {
    case none
    /// Bytes; above 0.
    case length(UInt64)
    case chunked
  }

  public var method: String
  /// Path and query as the client sent them, in origin form: an absolute target is reduced to it. `*` for `OPTIONS
  /// *`.
  public let target: String
  /// The target without its query, still percent-encoded.
  public let path: Substring
  /// What follows the question mark.
  public let query: Substring
  public var fields: HTTPFields
  /// The requested authority: of the target if that is absolute, else of the Host field. Nil when an HTTP/1.0 client
  /// sends none.
  public let host: String?
  public let framing: Framing
  /// The client speaks HTTP/1.0.
  public let isHTTP10: Bool
  /// The client speaks HTTP/2, so that a response may have trailers and be a stream.
  public let isHTTP2: Bool
  /// The client wants to reuse the connection.
  public let keepsAlive: Bool

  init(
    method: String, target: String, fields: HTTPFields, host: String?, framing: Framing, isHTTP10: Bool,
    keepsAlive: Bool, isHTTP2: Bool = false
  ) {
    self.method = method
    self.target = target
    let question = target.utf8.firstIndex(of: UInt8(ascii: "?"))
    path = target[..<(question ?? target.endIndex)]
    query = question.map { target[target.index(after: $0)...] } ?? ""
    self.fields = fields
    self.host = host
    self.framing = framing
    self.isHTTP10 = isHTTP10
    self.isHTTP2 = isHTTP2
    self.keepsAlive = keepsAlive
  }

  /// Creates a request without a connection.
  public init(
    _ method: String, _ target: String, fields: HTTPFields = [:], framing: Framing = .none, isHTTP2: Bool = false
  ) {
    self.init(
      method: method, target: target, fields: fields, host: fields.first("host"), framing: framing, isHTTP10: false,
      keepsAlive: true, isHTTP2: isHTTP2)
  }

  /// The first field of this name.
  public func field(_ name: String) -> String? { fields.first(name) }

  /// Bytes of the body; nil where it is chunked.
  public var length: UInt64? {
    switch framing {
    case .none: 0
    case .length(let count): count
    case .chunked: nil
    }
  }

  public var hasBody: Bool { framing != .none }

  /// The client waits for 100 Continue before it sends its body (RFC 9110, section 10.1.1).
  var expectsContinue: Bool { hasBody && !isHTTP10 && fields.list("expect").contains("100-continue") }
}
