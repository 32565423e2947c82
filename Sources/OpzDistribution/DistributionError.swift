package import OpzHTTP
public import OpzIO
public import OpzStore

/// A request to a remote registry or web server that failed, was refused, or got an unexpected response.
///
/// The text contains nothing secret: no headers, no URL query, no token.
public struct DistributionError: ExplainedError {
  /// The kind of failure.
  public enum Code: Sendable {
    /// There was no connection, or it broke.
    case connection
    /// The peer's certificate could not be verified, or the TLS handshake failed.
    case tls
    case timeout
    /// 401 after all available credentials were tried.
    case unauthorized
    /// A 403 response.
    case denied
    case notFound
    /// 429 for longer than the retry budget.
    case rateLimited
    /// 413, or a response that exceeds its limit.
    case tooLarge
    /// A 5xx response after all attempts.
    case server
    /// Another status, or a response that the distribution-spec does not allow.
    case badResponse
    /// A redirect, `Location` or token realm that is not followed.
    case refusedAddress
    /// Configured credentials that cannot be used.
    case credentials
    /// A file of mirrors that cannot be read or understood.
    case configuration
    /// An image that must not be pulled, as podman's configuration says.
    case blocked
    case wrongDigest
    case wrongSize
    /// A manifest refers to a blob or manifest that the remote registry does not have.
    case missingContent
  }

  public let code: Code
  public let subject: String
  public let reason: String
  public let hint: String?
  /// The HTTP status of the response, if there was one.
  public let status: Int?
  /// The number of bytes of the blob that the remote registry has confirmed; the next push resumes after them.
  public internal(set) var bytesSafe: UInt64?
  /// The status is normally permanent, but this peer is known to return it by mistake.
  var isWorthRepeating = false
  /// The source that caused it is put aside, and there is another one.
  public internal(set) var hasOtherSource = false
  /// The number of seconds that the peer asked to wait.
  package internal(set) var retryAfter: Double?

  /// Creates an error.
  /// - Parameters:
  ///   - subject: what the error is about, such as a reference, a URL without its query, or a path.
  ///   - reason: what went wrong, as a clause that follows `subject: `.
  ///   - hint: what the user can do about it.
  ///   - status: the HTTP status of the response.
  public init(_ code: Code, _ subject: String, reason: String, hint: String? = nil, status: Int? = nil) {
    self.code = code
    self.subject = subject
    self.reason = reason
    self.hint = hint
    self.status = status
  }

  public var category: ErrorCategory {
    switch code {
    case .notFound: .notFound
    case .wrongDigest, .wrongSize: .verification
    case .configuration: .failed
    case .blocked: .refused
    default: .network
    }
  }

  /// Whether the same request may succeed later.
  package var isTransient: Bool {
    switch code {
    case .connection, .timeout, .rateLimited, .server: true
    default: isWorthRepeating
    }
  }
}

extension DistributionError {
  /// The error with what was learned about connections to a host, for one that they caused.
  /// - Parameters:
  ///   - attempt: what a connection was to do last, such as `send 1.0 MiB`.
  func explained(by limit: ConnectionLimit, to host: String, attempt: String) -> DistributionError {
    var error = DistributionError(
      code, subject, reason: reason,
      hint: "connections to \(host) broke after \(limit.text), and one that was to \(attempt) broke too: "
        + "a proxy, load balancer or firewall on the way limits them; ask who runs it for more", status: status)
    error.retryAfter = retryAfter
    error.isWorthRepeating = isWorthRepeating
    return error
  }
}

extension DistributionError: RetryableError {
  /// A failure of the HTTP client below. Its subject is the URL, which names the remote registry.
  init(_ error: HTTPError) {
    let (code, status): (Code, Int?) =
      switch error.code {
      case .connection: (.connection, nil)
      case .tls: (.tls, nil)
      case .timeout: (.timeout, nil)
      case .certificates: (.credentials, nil)
      case .refusedAddress: (.refusedAddress, nil)
      case .status(let status, _): (RetryPolicy.isTransient(status) ? .server : .badResponse, status)
      case .badResponse: (.badResponse, nil)
      case .tooLarge: (.tooLarge, nil)
      case .wrongDigest: (.wrongDigest, nil)
      case .wrongSize: (.wrongSize, nil)
      }
    self.init(code, error.subject, reason: error.reason, hint: error.hint, status: status)
    retryAfter = error.retryAfter
  }

  /// Runs `body`, and throws its `HTTPError`s as `DistributionError`s.
  static func mapping<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as HTTPError { throw DistributionError(error) }
  }
}

extension HTTPClient {
  /// Sends a request to a remote registry or its token server.
  /// - Parameter onSent: called on libcurl's thread as the body is sent.
  /// - Throws: `DistributionError`; `CancellationError` where the task was canceled.
  func exchange(
    _ request: HTTPRequest, onSent: @escaping @Sendable (SendEvent) -> Void = { _ in }
  ) async throws -> HTTPResponse {
    do {
      return try await send(request, onSent: onSent)
    } catch let error as HTTPError {
      throw DistributionError(error)
    }
  }
}

extension DistributionError: OtherSourceError {}

extension DistributionError {
  /// The same error with another reason.
  func with(reason: String) -> DistributionError {
    var error = DistributionError(code, subject, reason: reason, hint: hint, status: status)
    error.retryAfter = retryAfter
    error.isWorthRepeating = isWorthRepeating
    error.bytesSafe = bytesSafe
    error.hasOtherSource = hasOtherSource
    return error
  }
}

extension DistributionError: MissingContentError {
  public var isAboutMissingContent: Bool { code == .missingContent }

  public var mayDependOnOrder: Bool { !isTransient && [.missingContent, .notFound, .badResponse].contains(code) }
}
