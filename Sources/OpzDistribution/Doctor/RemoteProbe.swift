import OpzIO

/// The result of `opz doctor`: what a remote registry supports, with a verdict on each check. It contains nothing
/// secret.
public struct RemoteProbe: Codable, Sendable, Hashable {
  /// The outcome of one check.
  public enum Verdict: String, Codable, Sendable {
    case ok, warn, fail
    /// Not checked, for the reason in `found`.
    case skipped
  }

  /// The result of one check.
  public struct Finding: Codable, Sendable, Hashable {
    /// The name of the check, such as `tls` or `uploads`.
    public let check: String
    public let verdict: Verdict
    /// What was found, as a phrase.
    public let found: String
    /// What opz does about it, or what the user can do; may be empty.
    public let action: String

    /// Creates a finding. What was found is shortened and made printable.
    public init(_ check: String, _ verdict: Verdict, found: String, action: String = "") {
      (self.check, self.verdict, self.action) = (check, verdict, action)
      self.found = PrintableText.brief(found)
    }
  }

  /// A certificate of the chain that the remote registry presented.
  public struct Certificate: Codable, Sendable, Hashable {
    public let subject: String
    public let issuer: String
    /// An RFC 3339 timestamp.
    public let expires: String?
  }

  /// The version of the JSON format that `format` states.
  public static let currentFormat = 1

  public var format = RemoteProbe.currentFormat
  /// The origin of the remote registry.
  public let registry: String
  /// The repository that was checked; nil where only the connection and the login were.
  public let repository: String?
  public var findings: [Finding] = []

  // In the following properties nil means unknown.
  /// `none`, `basic` or `bearer`.
  public var authentication: String?
  /// `1.0`, `1.1`, `2` or `3`.
  public var httpVersion: String?
  /// The server's own certificate comes first.
  public var certificates: [Certificate] = []
  /// The proxy's address without user name and password.
  public var proxy: String?
  /// Seconds by which the remote registry's clock is ahead of this machine's.
  public var clockSkew: Int64?
  /// Whether chunked uploads work.
  public var chunks: Bool?
  /// The smallest size of every chunk but the last, in bytes.
  public var chunkMinimum: UInt64?
  /// The smallest chunk that was refused although a monolithic body of its size was not, in bytes: blobs then have to
  /// be monolithic uploads.
  public var chunkRefused: UInt64?
  /// The largest body that was accepted, in bytes.
  public var largestTaken: UInt64?
  /// The smallest body that was refused for its size, in bytes.
  public var smallestRefused: UInt64?
  /// Whether blobs can be mounted from other repositories.
  public var mounts: Bool?
  /// Whether the referrers API exists.
  public var referrers: Bool?
  /// The largest manifest that was accepted, in bytes.
  public var manifestTaken: UInt64?
  /// Whether a part of a blob can be read, which a broken pull needs to resume.
  public var ranges: Bool?
  /// Whether manifests can be deleted.
  public var deletes: Bool?
  /// The number of uploads that could not be canceled; they expire on their own.
  public var left = 0
  /// The total bytes of the bodies that were sent.
  public var sent: UInt64 = 0

  init(registry: String, repository: String?) {
    self.registry = registry
    self.repository = repository
  }

  /// Whether no check failed.
  public var isHealthy: Bool { !findings.contains { $0.verdict == .fail } }

  mutating func note(_ check: String, _ verdict: Verdict, found: String, action: String = "") {
    findings.append(Finding(check, verdict, found: found, action: action))
  }

  mutating func take(_ size: UInt64) { largestTaken = max(largestTaken ?? 0, size) }
  mutating func refuse(_ size: UInt64) { smallestRefused = min(smallestRefused ?? .max, size) }
}
