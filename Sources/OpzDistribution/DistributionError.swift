public import OpzIO
public import OpzStore

/// A container registry that could not be reached, did not let us in, or answered something else than it should.
///
/// Nothing secret is in the text: no header, no query of a URL, no token.
public struct DistributionError: ExplainedError {
  public enum Code: Sendable {
    /// No connection, or it broke.
    case connection
    /// The peer's certificate does not prove who it is.
    case tls
    case timeout
    /// 401 after all that we had.
    case unauthorized
    /// 403.
    case denied
    case notFound
    /// 429, longer than we wait.
    case rateLimited
    /// 413, or an answer that is over its limit.
    case tooLarge
    /// 5xx after all attempts.
    case server
    /// Another status, or an answer that the distribution-spec does not allow.
    case badResponse
    /// A redirect, Location or realm that leads where nothing of ours may go.
    case refusedAddress
    /// Credentials that are configured and cannot be used.
    case credentials
    case wrongDigest
    case wrongSize
    /// A manifest names a blob or a manifest that the registry says it does not have.
    case missingContent
  }

  public let code: Code
  public let subject: String
  public let reason: String
  public let hint: String?
  /// The HTTP status, where there was one.
  public let status: Int?
  /// Bytes of the blob that the registry has and that the next push of it goes on after, where there are some.
  public internal(set) var bytesSafe: UInt64?
  /// The answer is one that does not change, but of a peer that is known to change its mind.
  var isWorthRepeating = false
  /// Seconds that the peer asked to wait.
  var retryAfter: Double?

  public init(_ code: Code, _ subject: String, _ reason: String, hint: String? = nil, status: Int? = nil) {
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
    default: .network
    }
  }

  /// Whether the same request may succeed later.
  var isTransient: Bool {
    switch code {
    case .connection, .timeout, .rateLimited, .server: true
    default: isWorthRepeating
    }
  }

  /// Text of a peer as it may be shown: one line of at most 256 characters.
  static func clean(_ text: some StringProtocol) -> String { PrintableText.line(text, limit: 256) }
}

extension DistributionError: MissingContentError {
  public var isAboutMissingContent: Bool { code == .missingContent }
}
