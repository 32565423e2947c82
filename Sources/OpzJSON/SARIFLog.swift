/// A SARIF 2.1.0 log with one run (OASIS, 2020), as opz writes it for code hosts and for its own gates.
public struct SARIFLog: Sendable {
  /// What a result may be about (section 3.49).
  public struct Rule: Sendable {
    public let id: String
    public let title: String
    /// Why the rule exists.
    public var description: String?
    /// What to do about a result, as plain text and as Markdown.
    public var help: (text: String, markdown: String)?
    /// The level of results that have none: `note`, `warning` or `error`.
    public var level: String?

    /// Creates a rule with nothing but a title.
    public init(id: String, title: String) {
      self.id = id
      self.title = title
    }

    var json: JSONValue {
      var members: [String: JSONValue] = ["id": .string(id), "shortDescription": SARIFLog.text(title)]
      if let description { members["fullDescription"] = SARIFLog.text(description) }
      if let help { members["help"] = .object(["text": .string(help.text), "markdown": .string(help.markdown)]) }
      if let level { members["defaultConfiguration"] = .object(["level": .string(level)]) }
      return .object(members)
    }
  }

  /// The part of a file that a result is about (section 3.30).
  public enum Region: Sendable {
    /// A line and a column, both starting at 1.
    case line(Int, column: Int)
    /// One byte, by its offset.
    case byte(UInt64)

    var json: JSONValue {
      switch self {
      case .line(let line, let column):
        .object(["startLine": .integer(Int64(line)), "startColumn": .integer(Int64(column))])
      case .byte(let offset): .object(["byteOffset": .integer(Int64(clamping: offset)), "byteLength": .integer(1)])
      }
    }
  }

  /// What a rule found in one file (section 3.27).
  public struct Result: Sendable {
    public let rule: String
    /// `note`, `warning` or `error`.
    public let level: String
    public let message: String
    /// The file as a relative reference (RFC 3986, section 4.2), already percent-encoded.
    public let uri: String
    public var region: Region?
    /// The object in the file, such as `Deployment crm/churn`.
    public var object: String?
    /// The reason that the source gives for allowing the result.
    public var justification: String?

    /// Creates a result about a whole file.
    public init(rule: String, level: String, message: String, uri: String) {
      self.rule = rule
      self.level = level
      self.message = message
      self.uri = uri
    }

    func json(_ indexes: [String: Int]) -> JSONValue {
      var place: [String: JSONValue] = ["artifactLocation": .object(["uri": .string(uri)])]
      if let region { place["region"] = region.json }
      var location: [String: JSONValue] = ["physicalLocation": .object(place)]
      if let object {
        location["logicalLocations"] = .array([
          .object(["fullyQualifiedName": .string(object), "kind": .string("object")])
        ])
      }
      var members: [String: JSONValue] = [
        "ruleId": .string(rule), "level": .string(level), "message": SARIFLog.text(message),
        "locations": .array([.object(location)]),
      ]
      if let index = indexes[rule] { members["ruleIndex"] = .integer(Int64(index)) }
      if let justification {
        members["suppressions"] = .array([
          .object(["kind": .string("inSource"), "justification": .string(justification)])
        ])
      }
      return .object(members)
    }
  }

  /// The schema that a log names; both are the schema of SARIF 2.1.0.
  public enum Schema: String, Sendable {
    case oasis = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    case schemaStore = "https://json.schemastore.org/sarif-2.1.0.json"
  }

  /// The log as a document.
  public let json: JSONValue

  /// Creates a log.
  ///
  /// - Parameters:
  ///   - driver: the members of the tool (section 3.19) other than its rules: `name` and a version.
  ///   - run: the members of the run (section 3.14) other than its tool and results: `columnKind`, `invocations`,
  ///     `properties`.
  ///   - indexed: whether each result says the index of its rule.
  public init(
    schema: Schema, driver: [String: JSONValue], run: [String: JSONValue], rules: [Rule], results: [Result],
    indexed: Bool = false
  ) {
    let indexes =
      indexed ? Dictionary(rules.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { one, _ in one }) : [:]
    var (driver, run) = (driver, run)
    driver["rules"] = .array(rules.map(\.json))
    run["tool"] = .object(["driver": .object(driver)])
    run["results"] = .array(results.map { $0.json(indexes) })
    json = .object([
      "$schema": .string(schema.rawValue), "version": .string("2.1.0"), "runs": .array([.object(run)]),
    ])
  }

  private static func text(_ text: String) -> JSONValue { .object(["text": .string(text)]) }
}
