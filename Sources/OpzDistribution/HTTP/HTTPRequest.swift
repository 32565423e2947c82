import OpzIO

/// One HTTP exchange with one address. Redirects, retries and authorization are built from several of them.
struct HTTPRequest: Sendable {
  enum Method: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// Opened again for each attempt, and never held in memory as a whole.
    case blob(any Blob)

    var size: UInt64 {
      switch self {
      case .none: 0
      case .bytes(let bytes): UInt64(bytes.count)
      case .blob(let blob): blob.size
      }
    }
  }

  var method: Method
  var address: WebAddress
  var headers: [(name: String, value: String)] = []
  /// The value of the `Authorization` header, which is valid for the address's origin only.
  var authorization: String?
  var body: Body = .none
  /// The largest response body in bytes. A longer one is an error for a 2xx response, and truncated otherwise.
  var limit = 4 << 20
  /// Seconds for the whole exchange; 0 for a large body, to which only the low-speed limit applies.
  var timeout = 60
  /// Seconds without data after which the transfer fails.
  var idle = 60
  /// The same limit after the last byte of the request body has been sent.
  var commit = HTTPRequest.commitIdle
  /// The body's source may block, so it is read on a separate thread.
  var readsAhead = false
  /// Use a new connection, because the last one broke.
  var isFresh = false
  /// The body of a 2xx response is not collected but read from `HTTPResponse.reader` as it arrives.
  var isStreamed = false

  /// Seconds that a remote registry may take to respond after the last byte of a large body, which it may hash or
  /// copy first.
  static let commitIdle = 600

  /// Returns the request with its timeouts scaled from the default `RetryPolicy.idle` of 60 s to another one.
  func limited(to idle: Int) -> HTTPRequest {
    var request = self
    let scaled = { (seconds: Int) in seconds == 0 ? 0 : max(1, seconds &* min(max(idle, 1), 86_400) / 60) }
    request.timeout = scaled(timeout)
    request.idle = scaled(self.idle)
    request.commit = scaled(commit)
    return request
  }

  /// The first header with this name, ignoring case.
  func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}
