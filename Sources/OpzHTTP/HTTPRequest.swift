package import OpzIO

/// One HTTP exchange with one address. Redirects, retries and authorization are built from several of them.
package struct HTTPRequest: Sendable {
  /// The method (RFC 9110, section 9; RFC 5789).
  package enum Method: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  /// What is sent with the request.
  package enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// Opened again for each attempt, and never held in memory as a whole.
    case blob(any Blob)

    /// The number of bytes.
    package var size: UInt64 {
      switch self {
      case .none: 0
      case .bytes(let bytes): UInt64(bytes.count)
      case .blob(let blob): blob.size
      }
    }
  }

  package var method: Method
  package var address: WebAddress
  package var headers: [(name: String, value: String)]
  /// The value of the `Authorization` header, which is valid for the address's origin only.
  package var authorization: String?
  package var body: Body
  /// The largest response body in bytes. A longer one is an error for a 2xx response, and truncated otherwise.
  package var limit: Int
  /// Seconds for the whole exchange; 0 for a large body, to which only the low-speed limit applies.
  package var timeout: Int
  /// Seconds without data after which the transfer fails.
  package var idle: Int
  /// The same limit after the last byte of the request body has been sent.
  package var commit = HTTPRequest.commitIdle
  /// The body's source may block, so it is read on a separate thread.
  package var readsAhead: Bool
  /// Use a new connection, because the last one broke.
  package var isFresh: Bool
  /// A large body is sent or expected, so the request has a connection of its own. A large request body implies it.
  package var isBulk: Bool {
    get { expectsBulk || body.size > HTTPRequest.bulkSize }
    set { expectsBulk = newValue }
  }
  private var expectsBulk = false
  /// The body of a 2xx response is not collected but read from `HTTPResponse.reader` as it arrives.
  package var isStreamed: Bool

  /// Seconds that a server may take to respond after the last byte of a large body, which it may hash or copy first.
  package static let commitIdle = 600

  /// Bodies of more bytes have a connection of their own.
  package static let bulkSize: UInt64 = 1 << 20

  /// Describes a request; nothing is sent. The parameters are as the properties.
  package init(
    method: Method, address: WebAddress, headers: [(name: String, value: String)] = [], body: Body = .none,
    limit: Int = 4 << 20, timeout: Int = 60, idle: Int = 60, readsAhead: Bool = false, isFresh: Bool = false,
    isStreamed: Bool = false
  ) {
    self.method = method
    self.address = address
    self.headers = headers
    self.body = body
    self.limit = limit
    self.timeout = timeout
    self.idle = idle
    self.readsAhead = readsAhead
    self.isFresh = isFresh
    self.isStreamed = isStreamed
  }

  /// Returns the request with its timeouts scaled from the default `RetryPolicy.idle` of 60 s to another one.
  package func limited(to idle: Int) -> HTTPRequest {
    var request = self
    let scaled = { (seconds: Int) in seconds == 0 ? 0 : max(1, seconds &* min(max(idle, 1), 86_400) / 60) }
    request.timeout = scaled(timeout)
    request.idle = scaled(self.idle)
    request.commit = scaled(commit)
    return request
  }

  /// Returns the value of an `Authorization` header for a user's password (RFC 7617).
  package static func basicAuthorization(user: String, password: String) -> String {
    "Basic " + Base64.encode("\(user):\(password)".utf8)
  }
}

/// The status and headers of a response.
package struct HTTPHead: Sendable {
  package var status: Int
  /// In order of arrival, with names in lower case.
  package var headers: [(name: String, value: String)]

  /// A head; the names of the headers are in lower case.
  package init(status: Int = 0, headers: [(name: String, value: String)] = []) {
    self.status = status
    self.headers = headers
  }

  /// The first header with this name, which must be in lower case.
  package subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

  /// All headers with this name, which must be in lower case.
  package func all(_ name: String) -> [String] { headers.lazy.filter { $0.name == name }.map(\.value) }

  /// Whether the status is 2xx.
  package var isSuccess: Bool { (200..<300).contains(status) }
}

/// A complete response, or the head of one whose body is still arriving.
package struct HTTPResponse: Sendable {
  package var head: HTTPHead
  package var body: [UInt8]
  /// The address that responded, after redirects.
  package var address: WebAddress?
  /// The body of a 2xx response to a streamed request.
  package var reader: BodyReader?

  /// A response; `reader` is set for a body that is still arriving.
  package init(head: HTTPHead, body: [UInt8] = [], reader: BodyReader? = nil) {
    self.head = head
    self.body = body
    self.reader = reader
  }

  package var status: Int { head.status }
  /// The first header with this name, which must be in lower case.
  package subscript(name: String) -> String? { head[name] }
}
