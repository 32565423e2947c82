public import OpzIO
import OpzJSON
import OpzOCI
public import OpzRegistry
import OpzStore
import OpzYAML
public import SystemPackage

/// The contents of a registry's `policy.yaml`: the gates before each alias, and how long versions are kept.
///
///     opz: 1
///     promote:
///       production:
///         from: staging                # that alias names the version, and moved there through its own gates
///         metrics: {auc: ">= 0.9"}     # thresholds for the version's metrics
///         better: {auc: 0.002}         # gain over the version that the alias names now; -0.01: a drop of 0.01
///         tests: true                  # the last opz test passed
///         clean: true                  # built from a commit without local changes
///         approvals: 2                 # by people other than the promoter; {count: 2, keys: [..]}: signed
///         signature: {keys: [keys/release.pub]}   # relative to policy.yaml; match: all (default) or any
///         sbom: true                   # a CycloneDX document is attached; {keys: [..]}: signed by one of them
///         scan: clean                  # by each scanner; {tools: [opz], days: 30, keys: [..], allow: [package.Name]}
///         sql: verified                # opz sql verify passed; {engines: [postgresql], days: 30, keys: [..]}
///     retention: {last: 10, days: 90, tagged: true, aliased: true}
public struct RegistryPolicy: Sendable, Equatable {
  /// A bound on one of the version's own metrics: an entry of `metrics`.
  public struct Threshold: Sendable, Equatable, Encodable {
    public let metric: String
    /// `<`, `<=`, `=`, `>=` or `>`.
    public let comparison: String
    public let value: Double
  }

  /// The least gain in a metric over the version that the alias names now: an entry of `better`.
  public struct Gain: Sendable, Equatable, Encodable {
    public let metric: String
    /// If negative, the metric must drop by at least as much.
    public let least: Double
  }

  /// The gates before an alias.
  public struct Gates: Sendable, Equatable, Encodable {
    public var from: String?
    public var metrics: [Threshold] = []
    public var better: [Gain] = []
    public var tests = false
    public var clean = false
    public var approvals: Approvals?
    public var signature: Signature?
    public var sbom: Attested?
    public var scan: Scan?
    public var sql: SQL?

    /// Creates an empty set of gates, which every version passes.
    public init() {}

    public var isEmpty: Bool { self == Gates() }

    /// The gates that a rollback must pass: those about the version itself, without comparisons and approvals.
    var forRollback: Gates {
      var gates = self
      (gates.from, gates.better, gates.approvals) = (nil, [], nil)
      return gates
    }

    /// Identifies this set of gates; a move through other gates does not count for it.
    func digest() throws -> Digest { Digest.of(try CanonicalJSON.encode(self)) }

    /// All files with public keys.
    var keys: [String] {
      (signature?.keys ?? []) + (sbom?.keys ?? []) + (scan?.keys ?? []) + (sql?.keys ?? []) + (approvals?.keys ?? [])
    }
  }

  /// How many people must have approved.
  public struct Approvals: Sendable, Equatable, Encodable {
    public var count: Int
    /// Files with public keys. If there are any, only approvals signed with one of them count.
    public var keys: [String]
  }

  /// Who must have signed the image.
  public struct Signature: Sendable, Equatable, Encodable {
    /// Files with public keys, relative to policy.yaml.
    public var keys: [String]
    /// Whether one of the keys is enough.
    public var any: Bool
  }

  /// A document that must be attached.
  public struct Attested: Sendable, Equatable, Encodable {
    /// Keys one of which must have signed it; empty accepts unsigned documents.
    public var keys: [String]
  }

  /// The required scan results.
  public struct Scan: Sendable, Equatable, Encodable {
    public var keys: [String] = []
    /// The maximum age of a verdict, in days.
    public var days: Int?
    /// Scanners that must each have a verdict.
    public var tools: [String] = []
    /// Names that `opz scan --allow` may have allowed.
    public var allow: [String] = []
  }

  /// The required results of `opz sql verify`.
  public struct SQL: Sendable, Equatable, Encodable {
    public var keys: [String] = []
    /// The maximum age of a result, in days.
    public var days: Int?
    /// The engines that must each have a result: `postgresql`; empty for any one.
    public var engines: [String] = []
  }

  /// Which versions `opz gc` keeps: the `retention` part of `policy.yaml`, with the same rules as `RetentionRules`.
  public struct Retention: Sendable, Equatable {
    public var last: Int?
    public var days: Int?
    public var tagged = true
    public var aliased = true
  }

  public var promote: [AliasName: Gates] = [:]
  public var retention: Retention?
  /// The directory that its key files are relative to.
  public var directory: FilePath?
  /// The digest of the file's bytes.
  public var digest: Digest?

  /// Creates an empty policy: no alias has gates, and every version is kept.
  public init() {}

  /// The policy of a registry: its `policy.yaml`, or an empty policy if there is no such file.
  /// - Throws: `ConfigError` with all problems; `IOFailure` for a broken symlink, which must not count as no policy.
  public static func of(_ registry: Registry) throws -> RegistryPolicy {
    let path = place(registry)
    try refuseOtherNames(in: registry.root)
    return try FileStatus.find(path, followLinks: false) == nil ? RegistryPolicy() : read(path)
  }

  /// The digest of a registry's `policy.yaml`; nil if there is none.
  static func digest(of registry: Registry) throws -> Digest? {
    let path = place(registry)
    guard try FileStatus.find(path, followLinks: false) != nil else { return nil }
    return Digest.of(try SmallFile.read(path, limit: YAMLRules.settings.bytes))
  }

  /// Whoever writes `policy.yml` believes that its gates stand.
  private static func refuseOtherNames(in root: FilePath) throws {
    let names = try Directory.entries(root).map(\.string)
    let other = names.first { ["policy.yaml", "policy.yml"].contains($0.lowercased()) && $0 != "policy.yaml" }
    guard let other else { return }
    throw ConfigError(
      root.appending(other).string, "a policy of this name is not read", hint: "name the file policy.yaml")
  }

  private static func place(_ registry: Registry) -> FilePath { registry.root.appending("policy.yaml") }

  /// - Throws: `ConfigError` with all problems.
  public static func read(_ path: FilePath) throws -> RegistryPolicy {
    let bytes = try SmallFile.read(path, limit: YAMLRules.settings.bytes)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigError(path.string, "the text is not UTF-8", hint: "save the file as UTF-8")
    }
    var policy = try read(text, file: path.lastComponent?.string ?? "policy.yaml")
    policy.directory = path.removingLastComponent()
    policy.digest = Digest.of(bytes)
    return policy
  }

  /// - Parameter file: the file name for errors: `policy.yaml`.
  public static func read(_ text: String, file: String) throws -> RegistryPolicy {
    let reader = PolicyReader(file: file)
    let root = try ConfigError.reading(file) { () throws(YAMLProblem) in try YAMLReader.readOne(text, .settings) }
    let policy = reader.policy(root)
    guard reader.problems.all.isEmpty else { throw ConfigError(reader.problems.all) }
    return policy
  }
}
