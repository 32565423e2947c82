public import SystemPackage

/// A response to a request, and how it is sent.
public struct Response: Sendable {
  /// The content of a response: bytes in memory, or a byte range of a file, which is read as it is sent.
  public enum Body: Sendable {
    case bytes([UInt8])
    case file(FilePath, from: UInt64, count: UInt64)

    /// The size in bytes.
    public var count: UInt64 {
      switch self {
      case .bytes(let bytes): UInt64(bytes.count)
      case .file(_, _, let count): count
      }
    }
  }

  /// A part of a body that is made while it is sent.
  public enum StreamPiece: Sendable {
    case bytes([UInt8])
    /// The end of the body, with fields after it.
    case end(trailers: [(name: String, value: String)])
  }

  public var status: Int
  /// Without the framing headers and Date, which the server adds.
  public var headers: [(name: String, value: String)]
  public var body: Body
  /// Over HTTP/2, what follows `body`: pulled until an end, one piece after the other. Nil for nothing.
  public var stream: (@Sendable () async -> StreamPiece)?
  /// Over HTTP/2, fields after the body; nil for none.
  public var trailers: [(name: String, value: String)]?
  public var delivery = Delivery()
  /// Held until the response is sent or dropped: the reservation that its memory was counted against.
  public var lease: (any Sendable)?

  /// Creates a response with a status code, headers in order, and a body.
  public init(_ status: Int, _ headers: [(name: String, value: String)] = [], body: Body = .bytes([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The first header with this name; setting it removes all others with the name.
  public subscript(_ name: String) -> String? {
    get { headers.first { isSameName($0.name, name) }?.value }
    set {
      headers.removeAll { isSameName($0.name, name) }
      if let newValue { headers.append((name, newValue)) }
    }
  }

  /// No body goes with 1xx, 204 and 304, whatever `Content-Length` says (RFC 9110, section 6.4.1).
  public var mayHaveBody: Bool { status != 204 && status != 304 && status >= 200 }

  /// The response to OPTIONS (RFC 9110, section 9.3.7).
  /// - Parameter methods: the allowed methods without OPTIONS.
  public static func options(_ methods: [String]) -> Response { Response(204, [("Allow", allow(methods))]) }

  /// The value of `Allow`.
  /// - Parameter methods: without OPTIONS.
  public static func allow(_ methods: [String]) -> String { (methods + ["OPTIONS"]).joined(separator: ", ") }

  var reason: String {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 416: "Range Not Satisfiable"
    case 417: "Expectation Failed"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 499: "Client Closed Request"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    case 507: "Insufficient Storage"
    default: "Status"
    }
  }
}
