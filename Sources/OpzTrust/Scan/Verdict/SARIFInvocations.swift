import OpzIO
import OpzJSON

/// How a run's tool was invoked: whether it finished, and how its rules were configured (SARIF 2.1.0, 3.20).
struct SARIFInvocations {
  /// A level that an invocation configured for a rule (3.51).
  private struct Override {
    let places: [SARIFTool.Place]
    let id: String?
    let level: SARIFLevel
  }

  private let overrides: [[Override]]
  /// Why nothing in the run counts.
  let failure: String?
  /// When the last invocation ended.
  let ended: Timestamp?
  /// A nonzero exit code of an invocation that claims to have succeeded.
  private let exitCode: Int64?

  /// The number of invocations.
  var count: Int { overrides.count }

  init(_ run: [String: JSONValue], _ tool: SARIFTool) {
    var overrides: [[Override]] = []
    var (ended, exitCode): (Timestamp?, Int64?) = (nil, nil)
    do throws(SARIFContradiction) {
      for item in try SARIFInvocations.list(run["invocations"], "invocations") {
        guard case .object(let members) = item else { throw SARIFContradiction("an invocation is not an object") }
        try SARIFInvocations.check(members, tool)
        exitCode = exitCode ?? SARIFInvocations.exitCode(members)
        ended = [ended, try SARIFInvocations.end(members)].compactMap(\.self).max()
        overrides.append(try SARIFInvocations.overrides(members["ruleConfigurationOverrides"], tool, kind: .rules))
      }
      if case .object(let conversion)? = run["conversion"], case .object(let members)? = conversion["invocation"] {
        try SARIFInvocations.check(members, tool)
      }
      failure = nil
    } catch {
      failure = error.reason
    }
    (self.overrides, self.ended, self.exitCode) = (overrides, ended, exitCode)
  }

  /// A tool may exit with a nonzero code because of what it found (3.20.9), but not if it found nothing.
  func problem(forResultCount results: Int) -> String? {
    guard let exitCode, results == 0 else { return nil }
    return "the scanner exited with \(exitCode) and has no results"
  }

  /// The level that an invocation configured for a rule; the worst if it did so more than once.
  func override(in index: Int, _ places: [SARIFTool.Place], _ id: String?) -> SARIFLevel? {
    SARIFInvocations.level(overrides[index], places, id: id)
  }

  func worstOverride(_ places: [SARIFTool.Place], _ id: String?) -> SARIFLevel? {
    overrides.compactMap { SARIFInvocations.level($0, places, id: id) }.max()
  }

  private static func level(_ all: [Override], _ places: [SARIFTool.Place], id: String?) -> SARIFLevel? {
    all.filter { one in
      one.places.contains(where: places.contains) || (one.id != nil && one.id == id && one.places.isEmpty)
    }.map(\.level).max()
  }

  // MARK: One invocation

  private static func list(_ value: JSONValue?, _ name: String) throws(SARIFContradiction) -> [JSONValue] {
    guard let value, value != .null else { return [] }
    guard case .array(let items) = value else { throw SARIFContradiction("its \(name) is not a list") }
    return items
  }

  /// Checks that an invocation ran to its end.
  /// - Throws: why the invocation's results may be incomplete.
  private static func check(_ members: [String: JSONValue], _ tool: SARIFTool) throws(SARIFContradiction) {
    guard case .bool(let successful)? = members["executionSuccessful"] else {
      throw SARIFContradiction("the scanner does not say whether it was successful")
    }
    guard successful else { throw SARIFContradiction("the scanner says that it failed") }
    for key in ["exitSignalName", "exitSignalNumber"] where members[key].map({ $0 != .null }) == true {
      throw SARIFContradiction("the scanner was killed by a signal")
    }
    if members["processStartFailureMessage"].map({ $0 != .null }) == true {
      throw SARIFContradiction("the scanner could not be started")
    }
    switch members["exitCode"] {
    case nil, .null, .integer: break
    default: throw SARIFContradiction("the scanner's exit code is not a whole number")
    }
    let told = try overrides(members["notificationConfigurationOverrides"], tool, kind: .notifications)
    for key in ["toolExecutionNotifications", "toolConfigurationNotifications"] {
      for item in try list(members[key], key) where try level(ofNotification: item, told, tool) == .error {
        throw SARIFContradiction("the scanner reports an error of its own\(text(item))")
      }
    }
  }

  private static func exitCode(_ members: [String: JSONValue]) -> Int64? {
    if case .integer(let code)? = members["exitCode"], code != 0 { code } else { nil }
  }

  private static func end(_ members: [String: JSONValue]) throws(SARIFContradiction) -> Timestamp? {
    var times: [String: Timestamp] = [:]
    for key in ["startTimeUtc", "endTimeUtc"] {
      guard let text = try JSONValue.sarifText(members[key], key) else { continue }
      guard let time = Timestamp(text) else { throw SARIFContradiction("its \(key) is not a time") }
      times[key] = time
    }
    if let start = times["startTimeUtc"], let end = times["endTimeUtc"], end < start {
      throw SARIFContradiction("it ended before it began")
    }
    return times["endTimeUtc"]
  }

  private static func overrides(
    _ value: JSONValue?, _ tool: SARIFTool, kind: SARIFTool.List
  ) throws(SARIFContradiction) -> [Override] {
    var found: [Override] = []
    for item in try list(value, "overrides") {
      guard case .object(let members) = item, case .object(let descriptor)? = members["descriptor"],
        case .object(let configuration)? = members["configuration"]
      else { throw SARIFContradiction("an override names no rule or no configuration") }
      let named = try tool.find(descriptor, kind)
      if let level = SARIFLevel(configuration["level"]) {
        found.append(Override(places: named.places, id: named.id, level: level))
      }
    }
    return found
  }

  /// A notification's level, found like a result's: its own, else the invocation's, else the descriptor's, else
  /// `warning` (3.58.6).
  private static func level(
    ofNotification item: JSONValue, _ told: [Override], _ tool: SARIFTool
  ) throws(SARIFContradiction) -> SARIFLevel {
    guard case .object(let members) = item else { throw SARIFContradiction("a notification is not an object") }
    if let own = SARIFLevel(members["level"]) { return own }
    guard case .object(let descriptor)? = members["descriptor"] else { return .warning }
    let named = try tool.find(descriptor, .notifications)
    return level(told, named.places, id: named.id)
      ?? named.places.compactMap { tool.descriptor($0, .notifications).level }.max() ?? .warning
  }

  private static func text(_ notification: JSONValue) -> String {
    guard case .object(let members) = notification, case .object(let message)? = members["message"],
      case .string(let text)? = message["text"]
    else { return "" }
    return ": \(text.prefix { $0 != "\n" }.prefix(120))"
  }
}
