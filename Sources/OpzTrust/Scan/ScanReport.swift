public import OpzIO
public import OpzJSON
import OpzOCI

/// The result of scanning an image's files.
public struct ScanReport: Sendable {
  /// The tool's name in SARIF and in policies.
  public static let tool = "opz"

  /// How serious a finding is, named as in SARIF (2.1.0, section 3.27.10).
  public enum Level: String, Sendable, Codable, Comparable {
    case note, warning, error

    /// Orders levels by severity: `note`, `warning`, `error`.
    public static func < (one: Level, other: Level) -> Bool { one.rank < other.rank }
    private var rank: Int { self == .note ? 0 : self == .warning ? 1 : 2 }
  }

  /// Something that a rule found in one file.
  public struct Finding: Sendable, Hashable, Codable {
    public let rule: Rule
    public let level: Level
    /// The path in the image; members of archives follow `!/`: `models/model.pt!/archive/data.pkl`.
    public let path: String
    /// The byte offset in the file, if the finding is at one place.
    public let offset: UInt64?
    public let text: String
  }

  /// What a scan looks for.
  public enum Rule: String, Sendable, Codable, CaseIterable {
    case pickleCall = "pickle-call"
    case pickleBroken = "pickle-broken"
    case archive = "archive"
    case kerasCode = "keras-code"
    case templateCode = "template-code"
    case yamlTag = "yaml-tag"
    case namedCode = "named-code"
    case operatorCode = "operator"
    case rCode = "r-code"
    case outsidePath = "outside-path"
    case modelCode = "own-code"
    case secret = "secret"
    case unread = "unread"

    public var description: String {
      switch self {
      case .pickleCall: "A pickle that, when loaded, uses a name that is not on the allowlist."
      case .pickleBroken: "A pickle that cannot be followed to its end, so what loading it does is unknown."
      case .archive: "An archive that two readers would read differently."
      case .kerasCode: "A Keras model with code of its own."
      case .templateCode: "A template that does more than a chat template needs."
      case .yamlTag: "A YAML document whose tags create a program's objects."
      case .namedCode:
        "A configuration that makes a program import and call something not on the allowlist."
      case .operatorCode:
        "A graph with an operator that reads, writes or calls something, or that needs a library of its own."
      case .rCode: "R objects that run code beyond what models need when they are read or used."
      case .outsidePath: "A model that reads files outside its own directory."
      case .modelCode: "Code of the model's own, which a person has to review."
      case .secret: "A private key or an access token."
      case .unread: "A file that was not scanned."
      }
    }
  }

  public private(set) var findings: [Finding] = []
  private var notes = 0
  public internal(set) var files = 0
  public internal(set) var bytes: UInt64 = 0
  /// Pickles that were followed, including those in archives.
  public internal(set) var pickles = 0
  /// Files scanned as each format, by the format's name, including members of archives: what a verdict covers.
  public private(set) var covered: [String: Int] = [:]
  /// The name under which files of no known format are counted. They were searched for pickles, archives, keys, tokens
  /// and passwords only.
  public static let unknownFormatName = "files of no form that opz knows"
  /// The digests of the layers that were read.
  public internal(set) var layers: [Digest] = []
  /// Python names that the user allowed in addition.
  public let allowed: [String]

  /// Creates an empty report.
  ///
  /// - Parameter allowed: Python names that the user allowed in addition to the allowlist.
  public init(allowed: [String] = []) { self.allowed = allowed }

  private static let maximumCount = 10_000

  /// Adds a finding. In a file from a wheel it becomes a note, unless it is a secret.
  mutating func add(_ finding: Finding, _ origin: ScanOrigin) {
    let level = origin == .wheel && finding.rule != .secret ? .note : finding.level
    let isNote = level == .note
    let count = isNote ? notes : findings.count - notes
    guard count <= ScanReport.maximumCount else { return }
    if isNote { notes += 1 }
    guard count < ScanReport.maximumCount else {
      // Says that the limit was reached, at the level of what may have been left out.
      return findings.append(
        Finding(
          rule: .unread, level: isNote ? .note : .error, path: finding.path, offset: nil,
          text: "more than \(ScanReport.maximumCount) \(isNote ? "notes" : "findings"): the rest are left out"))
    }
    findings.append(
      Finding(rule: finding.rule, level: level, path: finding.path, offset: finding.offset, text: finding.text))
  }

  /// Counts a file that was scanned as a format.
  mutating func cover(_ form: String) { covered[form, default: 0] += 1 }

  /// What a verdict covers: the number of files by format, and of pickles wherever they are.
  public var coverage: [String: Int] {
    pickles == 0 ? covered : covered.merging(["pickles": pickles]) { $1 }
  }

  public var isClean: Bool { !findings.contains { $0.level == .error } }

  /// The report as SARIF 2.1.0; the same findings and time give the same document.
  /// - Parameters:
  ///   - tool: name and version: `opz 0.1.0`.
  ///   - end: when the scan ended.
  public func sarif(about image: Digest, name: String, tool: String, at end: Timestamp) -> JSONValue {
    let version = tool.split(separator: " ").last.map(String.init) ?? tool
    return SARIFLog(
      schema: .oasis, driver: ["name": .string(ScanReport.tool), "version": .string(version)],
      run: [
        "artifacts": .array([.object(["location": .object(["uri": .string("pkg:oci/\(name)@\(image)")])])]),
        "invocations": .array([
          .object(["executionSuccessful": .bool(true), "endTimeUtc": .string(end.description)])
        ]),
        "columnKind": .string("utf16CodeUnits"),
        "properties": .object([
          "image": .string(image.description), "files": .integer(Int64(files)),
          "bytes": .integer(Int64(clamping: bytes)), "pickles": .integer(Int64(pickles)),
          "layers": .array(layers.map { .string($0.description) }), "allowed": .array(allowed.map { .string($0) }),
          "covered": .object(coverage.mapValues { .integer(Int64($0)) }),
        ]),
      ],
      rules: Rule.allCases.map { SARIFLog.Rule(id: $0.rawValue, title: $0.description) },
      results: findings.map(ScanReport.result)
    ).json
  }

  private static func result(_ finding: Finding) -> SARIFLog.Result {
    var result = SARIFLog.Result(
      rule: finding.rule.rawValue, level: finding.level.rawValue, message: "\(finding.path): \(finding.text)",
      uri: PercentCoding.encode(finding.path, keeping: "/!"))
    result.region = finding.offset.map { .byte($0) }
    return result
  }
}
