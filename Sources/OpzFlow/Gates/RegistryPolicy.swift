public import OpzIO
import OpzJSON
import OpzOCI
import OpzPackage
public import OpzRegistry
import OpzStore
import OpzYAML
public import SystemPackage

/// What a registry's `policy.yaml` asks for: the gates before each alias, and how long versions are kept.
///
///     opz: 1
///     promote:
///       production:
///         from: staging                # that alias names the version, and moved through its own gates
///         metrics: {auc: ">= 0.9"}     # compared with the version's own
///         better: {auc: 0.002}         # than the one whose place it takes, by so much; -0.01: lower by so much
///         tests: true                  # the last opz test passed
///         clean: true                  # made from a commit without changes
///         approvals: 2                 # by others than the one who promotes; {count: 2, keys: [..]}: signed ones
///         signature: {keys: [keys/release.pub]}   # beside policy.yaml; match: any takes one of them, all is the rule
///         sbom: true                   # CycloneDX is attached; {keys: [..]}: signed by one of them
///         scan: clean                  # of each scanner; {tools: [opz], days: 30, keys: [..], allow: [package.Name]}
///     retention: {last: 10, days: 90, tagged: true, aliased: true}
public struct RegistryPolicy: Sendable, Equatable {
  /// A bound that one of the version's own metrics must satisfy: an entry of `metrics`.
  public struct Threshold: Sendable, Equatable, Encodable {
    public let metric: String
    /// `<`, `<=`, `=`, `>=` or `>`.
    public let comparison: String
    public let value: Double
  }

  /// The least difference in a metric to the version that the alias names now: an entry of `better`.
  public struct Gain: Sendable, Equatable, Encodable {
    public let metric: String
    /// A negative one asks for a loss.
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

    /// Creates an empty set of gates, which every version passes.
    public init() {}

    public var isEmpty: Bool { self == Gates() }

    /// What a roll-back has to pass: what the version is, and not how it compares with the one in place or who was for it when it came.
    var atRollBack: Gates {
      var gates = self
      (gates.from, gates.better, gates.approvals) = (nil, [], nil)
      return gates
    }

    /// Which gates these are: an alias that moved through others did not move through these.
    func digest() throws -> Digest { Digest.of(try CanonicalJSON.encode(self)) }

    /// All files with keys.
    var keys: [String] {
      (signature?.keys ?? []) + (sbom?.keys ?? []) + (scan?.keys ?? []) + (approvals?.keys ?? [])
    }
  }

  /// How many people must have been for it.
  public struct Approvals: Sendable, Equatable, Encodable {
    public var count: Int
    /// Files with public keys; where there are any, each approval is a statement that one of them signed.
    public var keys: [String]
  }

  /// Who must have signed the image.
  public struct Signature: Sendable, Equatable, Encodable {
    /// Files with public keys, from where policy.yaml is.
    public var keys: [String]
    /// Whether one of the keys is enough.
    public var any: Bool
  }

  /// A document that must be attached.
  public struct Attested: Sendable, Equatable, Encodable {
    /// One of these must have signed it; empty where nobody need have.
    public var keys: [String]
  }

  /// What scanners must have said.
  public struct Scan: Sendable, Equatable, Encodable {
    public var keys: [String] = []
    /// The oldest that a verdict may be.
    public var days: Int?
    /// Scanners that must have given one.
    public var tools: [String] = []
    /// What `opz scan --allow` may have let pass.
    public var allow: [String] = []
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
  /// Where its keys are looked up.
  public var directory: FilePath?
  /// Of the file's bytes.
  public var digest: Digest?

  /// Creates an empty policy: no alias has gates, and every version is kept.
  public init() {}

  /// The policy of a registry: `policy.yaml` in it, or an empty one where there is none.
  /// - Throws: `ConfigError` with all that is wrong; `IOFailure` for a link that leads nowhere, which is not the same as no policy.
  public static func of(_ registry: Registry) throws -> RegistryPolicy {
    let path = place(registry)
    return try FileStatus.find(path, followLinks: false) == nil ? RegistryPolicy() : read(path)
  }

  /// The digest of a registry's `policy.yaml`; nil where there is none.
  static func digest(of registry: Registry) throws -> Digest? {
    let path = place(registry)
    guard try FileStatus.find(path, followLinks: false) != nil else { return nil }
    return Digest.of(try SmallFile.read(path, limit: YAMLRules.settings.bytes))
  }

  private static func place(_ registry: Registry) -> FilePath { registry.root.appending("policy.yaml") }

  /// - Throws: `ConfigError` with all that is wrong.
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

  /// - Parameter file: for messages: `policy.yaml`.
  public static func read(_ text: String, file: String) throws -> RegistryPolicy {
    let reader = PolicyReader(file: file)
    let root = try ConfigError.reading(file) { () throws(YAMLProblem) in try YAMLReader.readOne(text, .settings) }
    let policy = reader.policy(root)
    guard reader.problems.all.isEmpty else { throw ConfigError(reader.problems.all) }
    return policy
  }
}
