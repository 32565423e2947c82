import OpzIO

/// One request to one address. Redirects, retries and authorisation are made of several.
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
    /// Read again from the start for each attempt, never held in memory.
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
  /// The whole value of the Authorization header. It belongs to the address's origin alone.
  var authorization: String?
  var body: Body = .none
  /// The body of an answer past this is an error (2xx) or thrown away (all others).
  var limit = 4 << 20
  /// Seconds for the whole exchange; 0 for a large body, which has the low-speed limit instead.
  var timeout = 60
  /// Seconds without a byte after which the peer is given up.
  var idle = 60
  /// The same after the last byte of the body.
  var commit = HTTPRequest.commitIdle
  /// The body's source may wait: it is read on a thread of its own.
  var readsAhead = false
  /// Takes a new connection: the last one broke.
  var isFresh = false
  /// The body of a 2xx answer is not collected but read from `HTTPResponse.reader` while it arrives.
  var isStreamed = false

  /// Seconds that a registry has to answer after the last byte of a large body: it may hash or copy it first.
  static let commitIdle = 600

  /// The same with other limits of time: all of them are made for `RetryPolicy.idle` of 60 s.
  func limited(to idle: Int) -> HTTPRequest {
    var request = self
    let scaled = { (seconds: Int) in seconds == 0 ? 0 : max(1, seconds &* min(max(idle, 1), 86_400) / 60) }
    request.timeout = scaled(timeout)
    request.idle = scaled(self.idle)
    request.commit = scaled(commit)
    return request
  }

  /// The first value with this name, whose case does not matter.
  func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}
