import OpzIO
public import OpzOCI

/// What an audit of a registry found.
public struct FsckReport: Sendable {
  /// Something in the registry that is damaged, missing or inconsistent.
  public struct Problem: Sendable, Hashable, Codable {
    /// A path below the registry's root, a digest, or `churn@1.0.0`.
    public let subject: String
    public let reason: String
    /// What to do; nil if `opz fsck --repair` may help.
    public let hint: String?
  }

  public var models = 0
  public var versions = 0
  public var events = 0
  /// Events of kinds that this opz does not know, by kind. They are kept, and nothing is wrong with them.
  public var unknown: [String: Int] = [:]
  public var blobs = 0
  /// Blobs that are only in container registries.
  public var elsewhere = 0
  /// Hashed bytes.
  public var bytes: UInt64 = 0
  public var problems: [Problem] = []
  /// Blobs that should be here and are missing or corrupt.
  public var lost: [Descriptor] = []

  mutating func add(_ subject: String, _ reason: String, hint: String? = nil) {
    problems.append(Problem(subject: subject, reason: reason, hint: hint))
  }

  mutating func add(_ subject: String, _ error: any Error) {
    let explained = error as? any ExplainedError
    let text = explained.map { $0.subject == subject ? $0.reason : "\($0.subject): \($0.reason)" }
    add(subject, text ?? "\(error)", hint: explained?.hint)
  }

  mutating func merge(_ other: FsckReport) {
    models += other.models
    versions += other.versions
    events += other.events
    unknown.merge(other.unknown, uniquingKeysWith: +)
    blobs += other.blobs
    elsewhere += other.elsewhere
    bytes &+= other.bytes
    problems += other.problems
    let known = Set(lost.map(\.digest))
    lost += other.lost.filter { !known.contains($0.digest) }
  }
}
