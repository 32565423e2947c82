/// What a container registry was found to do: facts, and a verdict on each. Nothing secret is in it.
public struct RegistryProbe: Codable, Sendable, Hashable {
  public enum Verdict: String, Codable, Sendable {
    case ok, warn, fail
    /// Not looked at, for the reason that is said.
    case skipped
  }

  /// One thing that was looked at.
  public struct Finding: Codable, Sendable, Hashable {
    public let check: String
    public let verdict: Verdict
    /// What was found.
    public let found: String
    /// What opz does about it, or a person can.
    public let action: String
  }

  public struct Certificate: Codable, Sendable, Hashable {
    public let subject: String
    public let issuer: String
    /// RFC 3339.
    public let expires: String?
  }

  public static let currentFormat = 1

  public var format = RegistryProbe.currentFormat
  /// The registry's origin.
  public let registry: String
  public let repository: String?
  public var findings: [Finding] = []

  // Nil means that it is not known.
  /// `none`, `basic` or `bearer`.
  public var authentication: String?
  public var httpVersion: String?
  /// The peer's own certificate first.
  public var certificates: [Certificate] = []
  /// Without user and password.
  public var proxy: String?
  /// Seconds that the registry's clock is before ours.
  public var clockSkew: Int64?
  /// Whether a blob can be sent in several requests.
  public var chunks: Bool?
  /// Bytes that each chunk but the last must have.
  public var chunkMinimum: UInt64?
  /// The smallest chunk that was refused though a body of its size is not: one request has to do for a blob.
  public var chunkRefused: UInt64?
  /// The largest body that was taken, in bytes.
  public var largestTaken: UInt64?
  /// The smallest body that was refused for its size, in bytes.
  public var smallestRefused: UInt64?
  public var mounts: Bool?
  public var referrers: Bool?
  /// The largest manifest that was taken, in bytes.
  public var manifestTaken: UInt64?
  public var ranges: Bool?
  /// Whether manifests can be deleted.
  public var deletes: Bool?
  /// Uploads that could not be cancelled; a registry drops such by itself.
  public var left = 0
  /// Bytes of bodies that were sent.
  public var sent: UInt64 = 0

  init(registry: String, repository: String?) {
    self.registry = registry
    self.repository = repository
  }

  public var isHealthy: Bool { !findings.contains { $0.verdict == .fail } }

  mutating func note(_ check: String, _ verdict: Verdict, _ found: String, _ action: String = "") {
    findings.append(Finding(check: check, verdict: verdict, found: DistributionError.clean(found), action: action))
  }

  mutating func take(_ size: UInt64) { largestTaken = max(largestTaken ?? 0, size) }
  mutating func refuse(_ size: UInt64) { smallestRefused = min(smallestRefused ?? .max, size) }
}
