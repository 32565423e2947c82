public import OpzIO
public import OpzJSON
import OpzOCI

/// What a scan of an image's files found.
public struct ScanReport: Sendable {
  /// The name that its verdict has in policies.
  public static let tool = "opz"

  /// How serious a finding is, with the names of SARIF's levels (SARIF 2.1.0, section 3.27.10).
  public enum Level: String, Sendable, Codable, Comparable {
    case note, warning, error

    /// Orders levels by severity: `note`, `warning`, `error`.
    public static func < (one: Level, other: Level) -> Bool { one.rank < other.rank }
    private var rank: Int { self == .note ? 0 : self == .warning ? 1 : 2 }
  }

  /// Something in one file of the image that a rule found.
  public struct Finding: Sendable, Hashable, Codable {
    public let rule: Rule
    public let level: Level
    /// In the image, a member of an archive after `!/`: `models/model.pt!/archive/data.pkl`.
    public let path: String
    /// In the file.
    public let offset: UInt64?
    public let text: String
  }

  /// What is looked for.
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
    case ownCode = "own-code"
    case secret = "secret"
    case unread = "unread"

    public var description: String {
      switch self {
      case .pickleCall: "A pickle that, when it is loaded, uses something that is not on the list of what models need."
      case .pickleBroken: "A pickle that cannot be followed to its end, so nobody knows what loading it does."
      case .archive: "An archive that two readers would read differently."
      case .kerasCode: "A Keras model that brings code of its own."
      case .templateCode: "A template that does more than a chat's template needs."
      case .yamlTag: "A YAML document whose tags make objects of a program's."
      case .namedCode:
        "A configuration that names what is imported and called, and is not on the list of what models need."
      case .operatorCode: "A graph with an operator that reads, writes or calls, or that a library of its own runs."
      case .rCode: "Objects of R that run code, when they are read or used, beyond what models need."
      case .outsidePath: "A model that reads files outside of its own directory."
      case .ownCode: "Code of the model's own, which people have to judge."
      case .secret: "A private key or an access token."
      case .unread: "A file that was not looked into."
      }
    }
  }

  public private(set) var findings: [Finding] = []
  private var notes = 0
  public internal(set) var files = 0
  public internal(set) var bytes: UInt64 = 0
  /// Pickles that were followed, those in archives included.
  public internal(set) var pickles = 0
  /// Files of each form that were looked into, members of archives included, by the form's name: what a verdict covers.
  public private(set) var covered: [String: Int] = [:]
  /// Files that are of none of the forms: they were searched for pickles, archives, keys, tokens and passwords only.
  public static let unknownForm = "files of no form that opz knows"
  /// Layers that were read.
  public internal(set) var layers: [Digest] = []
  /// What the user allowed besides.
  public let allowed: [String]

  /// Creates an empty report.
  ///
  /// - Parameter allowed: names in Python that the user allowed beyond the list of what models need.
  public init(allowed: [String] = []) { self.allowed = allowed }

  private static let most = 10_000

  /// Adds a finding: of a file of a wheel as a note.
  mutating func add(_ finding: Finding, _ origin: ScanOrigin) {
    let level = origin == .wheel && finding.rule != .secret ? .note : finding.level
    let isNote = level == .note
    let count = isNote ? notes : findings.count - notes
    guard count <= ScanReport.most else { return }
    if isNote { notes += 1 }
    guard count < ScanReport.most else {
      // A limit that is reached is said, and is an error where one may have been left out.
      return findings.append(
        Finding(
          rule: .unread, level: isNote ? .note : .error, path: finding.path, offset: nil,
          text: "more than \(ScanReport.most) \(isNote ? "notes" : "findings"): from here on they are left out"))
    }
    findings.append(
      Finding(rule: finding.rule, level: level, path: finding.path, offset: finding.offset, text: finding.text))
  }

  /// A file of a form was looked into.
  mutating func cover(_ form: String) { covered[form, default: 0] += 1 }

  /// What a verdict covers, with the numbers, the pickles among it.
  public var coverage: [String: Int] {
    pickles == 0 ? covered : covered.merging(["pickles": pickles]) { $1 }
  }

  public var isClean: Bool { !findings.contains { $0.level == .error } }

  /// The document for other tools, the same for the same findings and time.
  /// - Parameters:
  ///   - tool: `opz 0.1.0`.
  ///   - end: when the scan ended.
  public func sarif(about image: Digest, name: String, tool: String, at end: Timestamp) -> JSONValue {
    let version = tool.split(separator: " ").last.map(String.init) ?? tool
    let driver: [String: JSONValue] = [
      "name": .string(ScanReport.tool), "version": .string(version),
      "rules": .array(
        Rule.allCases.map {
          .object(["id": .string($0.rawValue), "shortDescription": .object(["text": .string($0.description)])])
        }),
    ]
    let run: [String: JSONValue] = [
      "tool": .object(["driver": .object(driver)]),
      "artifacts": .array([.object(["location": .object(["uri": .string("pkg:oci/\(name)@\(image)")])])]),
      "results": .array(findings.map(ScanReport.result)),
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
    ]
    return .object([
      "$schema": .string("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"),
      "version": .string("2.1.0"), "runs": .array([.object(run)]),
    ])
  }

  private static func result(_ finding: Finding) -> JSONValue {
    var place: [String: JSONValue] = [
      "artifactLocation": .object(["uri": .string(uri(finding.path))])
    ]
    if let offset = finding.offset {
      place["region"] = .object(["byteOffset": .integer(Int64(clamping: offset)), "byteLength": .integer(1)])
    }
    return .object([
      "ruleId": .string(finding.rule.rawValue), "level": .string(finding.level.rawValue),
      "message": .object(["text": .string("\(finding.path): \(finding.text)")]),
      "locations": .array([.object(["physicalLocation": .object(place)])]),
    ])
  }

  /// A relative reference (RFC 3986, 4.2).
  private static func uri(_ path: String) -> String { PercentCoding.encode(path, keeping: "/!") }
}
