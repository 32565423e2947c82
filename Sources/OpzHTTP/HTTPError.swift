public import OpzIO

/// A request that failed, was refused, or got a response that cannot be used.
///
/// The text contains nothing secret: no headers, no URL query, no token.
public typealias HTTPError = Failure<HTTPErrorCode>

/// The kinds of failure of a request.
public enum HTTPErrorCode: FailureCode {
  /// There was no connection, or it broke.
  case connection
  /// The peer's certificate could not be verified, or the TLS handshake failed.
  case tls
  case timeout
  /// A certificate directory that cannot be used.
  case certificates
  /// A redirect or `Location` that `AddressPolicy` does not allow, or a URL that is not requested at all.
  case refusedAddress
  /// A response with this status where content was wanted; `retryAfter` is how many seconds the peer asked to wait.
  case status(Int, retryAfter: Double? = nil)
  /// A response that HTTP does not allow here.
  case badResponse
  /// A response that exceeds its limit.
  case tooLarge
  case wrongDigest, wrongSize

  /// A 404 is about a name, other content than announced is failed verification, and all else is about the network.
  public var category: ErrorCategory {
    switch self {
    case .status(404, _): .notFound
    case .wrongDigest, .wrongSize: .verification
    default: .network
    }
  }
}

/// An error of a request after which the same request may succeed later.
package protocol RetryableError: ExplainedError {
  /// Whether it is worth trying again.
  var isTransient: Bool { get }
  /// The number of seconds that the peer asked to wait.
  var retryAfter: Double? { get }
}

extension Failure: RetryableError where Kind == HTTPErrorCode {
  /// Whether it is about the connection, or a status that may differ the next time.
  package var isTransient: Bool {
    switch code {
    case .connection, .timeout: true
    case .status(let status, _): RetryPolicy.isTransient(status)
    default: false
    }
  }

  /// The seconds of the response's `Retry-After` header.
  package var retryAfter: Double? {
    if case .status(_, let seconds) = code { seconds } else { nil }
  }
}
