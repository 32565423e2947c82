public import OpzIO
public import OpzJSON
public import OpzOCI

/// One scanner's verdict on an image: its runs in one document, combined (SARIF 2.1.0).
public struct ScanVerdict: Sendable, Hashable {
  public static let mediaType = MediaType("application/sarif+json")

  public let tool: String
  /// Results of level `error` that count: neither suppressed nor absent.
  public private(set) var errors: Int
  public private(set) var warnings: Int
  /// When the earliest of the runs ended, if the scanner says so.
  public private(set) var ended: Timestamp?
  /// Why it does not count as a verdict: the scanner failed, or contradicts itself.
  public private(set) var failure: String?
  /// For opz's own verdicts: the names that were allowed by `opz scan --allow`.
  public private(set) var allowed: [String]
  /// For opz's own verdicts: the image that was scanned.
  public private(set) var image: Digest?
  /// The message of the first error, for display.
  private var example: String

  /// Why the image is not clean; nil if it is.
  public var problem: String? {
    if let failure { return failure }
    guard errors > 0 else { return nil }
    return
      "\(errors) result\(errors == 1 ? "" : "s") of the level error\(example.isEmpty ? "" : ", the first: \(example)")"
  }

  /// Reads the verdicts in a document, one for each tool: the runs of a tool are combined.
  /// - Throws: `TrustError.malformed` for a document that is not SARIF 2.1.0, or has no runs.
  public static func read(_ document: JSONValue, subject: String) throws -> [ScanVerdict] {
    try StrictJSON.check(document, .sarif, subject: subject)
    guard case .object(let members) = document, members["version"] == .string("2.1.0"),
      case .array(let runs)? = members["runs"]
    else { throw TrustError(.malformed, subject, reason: "it is not SARIF 2.1.0") }
    guard !runs.isEmpty else { throw TrustError(.malformed, subject, reason: "it has no run: nothing was scanned") }
    var verdicts: [ScanVerdict] = []
    for run in runs {
      var verdict = try ScanVerdict(run, subject)
      if members["inlineExternalProperties"].map({ $0 != .array([]) && $0 != .null }) == true {
        verdict.failure = verdict.failure ?? "parts of its runs are outside of them (inlineExternalProperties)"
      }
      if let index = verdicts.firstIndex(where: { $0.tool == verdict.tool }) {
        verdicts[index].join(verdict)
      } else {
        verdicts.append(verdict)
      }
    }
    return verdicts
  }

  private init(_ run: JSONValue, _ subject: String) throws {
    guard case .object(let members) = run, let tool = SARIFTool(members["tool"], policies: members["policies"]) else {
      throw TrustError(.malformed, subject, reason: "a run does not name its tool")
    }
    self.tool = tool.driver.name
    let invocations = SARIFInvocations(members, tool)
    (errors, warnings, example, ended) = (0, 0, "", invocations.ended)
    (allowed, image) = ([], nil)
    failure = invocations.failure ?? ScanVerdict.externalParts(members["externalPropertyFileReferences"])
    failure = failure ?? ScanVerdict.externalParts(members["externalPropertyFiles"])
    guard case .array(let results)? = members["results"] else {
      // Unlike an empty list, this means that the scanner did not get that far.
      failure = failure ?? "the run has no results"
      return
    }
    for result in results {
      guard case .object(let result) = result else {
        throw TrustError(.malformed, subject, reason: "a result is not an object")
      }
      count(result, tool, invocations: invocations)
    }
    failure = failure ?? invocations.problem(forResultCount: results.count)
    if tool.driver.name == ScanReport.tool { readOwnProperties(members["properties"]) }
  }

  private mutating func count(_ result: [String: JSONValue], _ tool: SARIFTool, invocations: SARIFInvocations) {
    do throws(SARIFContradiction) {
      switch try SARIFResult(result).level(tool, invocations) {
      case .error:
        errors += 1
        if example.isEmpty { example = ScanVerdict.text(result) }
      case .warning: warnings += 1
      case .note, .unrated: break
      }
    } catch {
      failure = failure ?? "a result contradicts itself: \(error.reason)"
    }
  }

  /// Reads what opz itself writes into the properties of its runs.
  private mutating func readOwnProperties(_ properties: JSONValue?) {
    guard case .object(let members)? = properties else { return }
    if let value = members["allowed"] {
      guard case .array(let items) = value else {
        failure = failure ?? "the names that it allowed cannot be read"
        return
      }
      for item in items {
        guard case .string(let name) = item else {
          failure = failure ?? "the names that it allowed cannot be read"
          return
        }
        allowed.append(name)
      }
    }
    if case .string(let text)? = members["image"] { image = Digest(text) }
    if members["image"] != nil, image == nil { failure = failure ?? "the image that it read is not named by a digest" }
  }

  private mutating func join(_ other: ScanVerdict) {
    errors += other.errors
    warnings += other.warnings
    ended = [ended, other.ended].compactMap(\.self).min()
    failure = failure ?? other.failure
    allowed += other.allowed.filter { !allowed.contains($0) }
    if image != other.image { failure = failure ?? "its runs are about different images" }
    if example.isEmpty { example = other.example }
  }

  /// Parts of a run that affect its verdict but are in other files (SARIF 2.1.0, 3.14.2), which are unsigned and cannot
  /// be read here.
  private static func externalParts(_ references: JSONValue?) -> String? {
    guard let references, references != .null else { return nil }
    guard case .object(let members) = references else { return "its references to other files cannot be read" }
    let deciding = [
      "conversion", "driver", "extensions", "externalizedProperties", "invocations", "policies", "results",
    ]
    let found = deciding.filter { members[$0].map { $0 != .null && $0 != .array([]) } == true }
    return found.isEmpty ? nil : "its \(found.joined(separator: ", ")) are in other files"
  }

  private static func text(_ result: [String: JSONValue]) -> String {
    guard case .object(let message)? = result["message"], case .string(let text)? = message["text"] else { return "" }
    let line = text.prefix { $0 != "\n" }
    return line.count > 160 ? "\(line.prefix(160)).." : String(line)
  }
}
