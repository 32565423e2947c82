import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("SARIF 2.1.0: levels, runs and external parts")
struct SARIFTests {
  func read(_ text: String) throws -> [ScanVerdict] {
    try ScanVerdict.read(StrictJSON.read(Array(text.utf8), subject: "x"), subject: "x")
  }

  /// The verdict of a run with the rules `bad` (error), `mild` (note), `plain` (no level), and an extension whose `bad`
  /// is a note.
  func verdict(_ results: String, _ more: String = "") throws -> ScanVerdict {
    let rules = """
      [{"id":"bad","guid":"AAAA","defaultConfiguration":{"level":"error"}},
      {"id":"mild","defaultConfiguration":{"level":"note"}},{"id":"plain"}]
      """
    let text = """
      {"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","guid":"D","rules":\(rules),
      "notifications":[{"id":"crash","defaultConfiguration":{"level":"error"}},{"id":"hm"}]},
      "extensions":[{"name":"more","guid":"E","rules":[{"id":"own","defaultConfiguration":{"level":"error"}},
      {"id":"bad","defaultConfiguration":{"level":"note"}}]}]},"results":\(results)\(more)}]}
      """
    return try #require(try read(text).first)
  }

  enum Is { case clean, error, contradiction }

  private func compare(_ verdict: ScanVerdict, _ wanted: Is, what: String) {
    switch wanted {
    case .clean: #expect(verdict.problem == nil, "\(what)")
    case .error: #expect(verdict.errors == 1 && verdict.failure == nil, "\(what): \(verdict.failure ?? "")")
    case .contradiction: #expect(verdict.failure?.isEmpty == false, "\(what)")
    }
  }

  @Test(
    "a result has the level of its rule, however it references the rule",
    arguments: [
      (#"{"ruleId":"bad"}"#, Is.error), (#"{"ruleId":"bad/part"}"#, .error), (#"{"ruleId":"badly"}"#, .clean),
      (#"{"ruleIndex":0}"#, .error), (#"{"ruleIndex":1}"#, .clean), (#"{"ruleIndex":-1}"#, .clean),
      (#"{"ruleId":"bad","ruleIndex":0}"#, .error), (#"{"ruleId":"bad/x","ruleIndex":0}"#, .error),
      (#"{"rule":{"index":0}}"#, .error), (#"{"rule":{"id":"bad"}}"#, .error), (#"{"rule":{"guid":"aaaa"}}"#, .error),
      (#"{"ruleId":"own"}"#, .error), (#"{"rule":{"index":0,"toolComponent":{"index":0}}}"#, .error),
      (#"{"rule":{"index":1,"toolComponent":{"index":0}}}"#, .clean),
      (#"{"rule":{"id":"bad","toolComponent":{"guid":"e"}}}"#, .clean),
      (#"{"rule":{"id":"bad","toolComponent":{"name":"more"}}}"#, .clean),
      (#"{"rule":{"id":"bad","toolComponent":{"name":"t"}}}"#, .error),
      (#"{"ruleIndex":0,"rule":{"toolComponent":{"index":0}}}"#, .error),
      (#"{"ruleId":"bad","level":"warning"}"#, .clean), (#"{"ruleId":"unknown"}"#, .clean),
      (#"{"ruleIndex":3}"#, .contradiction), (#"{"ruleIndex":-2}"#, .contradiction),
      (#"{"ruleIndex":"0"}"#, .contradiction), (#"{"ruleIndex":0.5}"#, .contradiction),
      (#"{"ruleIndex":99999999999999999999}"#, .contradiction),
      (#"{"ruleId":"mild","ruleIndex":0}"#, .contradiction),
      (#"{"ruleId":"bad","ruleIndex":1,"level":"note"}"#, .contradiction),
      (#"{"ruleIndex":0,"rule":{"index":1}}"#, .contradiction),
      (#"{"ruleId":"bad","rule":{"id":"mild"}}"#, .contradiction),
      (#"{"rule":{"guid":"none"}}"#, .contradiction), (#"{"rule":{"guid":"AAAA","id":"mild"}}"#, .contradiction),
      (#"{"rule":{"index":1,"guid":"AAAA"}}"#, .contradiction),
      (#"{"rule":{"index":0,"toolComponent":{"index":1}}}"#, .contradiction),
      (#"{"rule":{"index":0,"toolComponent":{"guid":"F"}}}"#, .contradiction),
      (#"{"rule":{"index":0,"toolComponent":{"index":0,"guid":"D"}}}"#, .contradiction),
      (#"{"rule":{"index":0,"toolComponent":{"index":0,"name":"t"}}}"#, .contradiction),
      (#"{"rule":"bad"}"#, .contradiction), (#"{"ruleId":1}"#, .contradiction),
    ])
  func rules(_ result: String, _ wanted: Is) throws { compare(try verdict("[\(result)]"), wanted, what: result) }

  @Test(
    "kind, level, baselineState and suppressions decide whether a result counts",
    arguments: [
      (#"{"level":"error"}"#, Is.error), (#"{"kind":"fail","level":"error"}"#, .error), (#"{"kind":"fail"}"#, .clean),
      (#"{"kind":"fail","ruleId":"bad"}"#, .error), (#"{"kind":"pass","ruleId":"bad"}"#, .clean),
      (#"{"kind":"review","ruleId":"bad"}"#, .clean), (#"{"kind":"pass","level":"none"}"#, .clean),
      (#"{"kind":"pass","level":"error"}"#, .contradiction), (#"{"kind":"open","level":"note"}"#, .contradiction),
      (#"{"kind":"fail","level":"none"}"#, .contradiction), (#"{"kind":"Pass","ruleId":"bad"}"#, .contradiction),
      (#"{"kind":false,"ruleId":"bad"}"#, .contradiction), (#"{"level":"fatal"}"#, .error), (#"{"level":3}"#, .error),
      (#"{"level":"error","baselineState":"absent"}"#, .clean), (#"{"level":"error","baselineState":"new"}"#, .error),
      (#"{"level":"error","baselineState":"unchanged"}"#, .error),
      (#"{"level":"error","baselineState":"gone"}"#, .contradiction),
      (#"{"level":"error","suppressions":[{"kind":"inSource"}]}"#, .clean),
      (#"{"level":"error","suppressions":[{"kind":"external","status":"accepted"}]}"#, .clean),
      (#"{"level":"error","suppressions":[{"kind":"external","status":"rejected"}]}"#, .error),
      (#"{"level":"error","suppressions":[{"status":"accepted"}]}"#, .error),
      (#"{"level":"error","suppressions":[{"kind":"external"},{"kind":"external","status":"underReview"}]}"#, .error),
      (#"{"level":"error","suppressions":null}"#, .error), (#"{"level":"error","suppressions":[]}"#, .error),
      (#"{"level":"error","suppressions":{}}"#, .contradiction),
      (#"{"level":"error","suppressions":[1]}"#, .contradiction),
    ])
  func counting(_ result: String, _ wanted: Is) throws { compare(try verdict("[\(result)]"), wanted, what: result) }

  static let override =
    #""ruleConfigurationOverrides":[{"descriptor":{"id":"plain"},"configuration":{"level":"error"}}]"#
  static let milder =
    #""ruleConfigurationOverrides":[{"descriptor":{"index":0},"configuration":{"level":"note"}}]"#

  @Test(
    "an invocation may override levels",
    arguments: [
      (#"{"ruleId":"plain","provenance":{"invocationIndex":0}}"#, override, Is.error),
      (#"{"ruleIndex":2,"provenance":{"invocationIndex":0}}"#, override, .error),
      (#"{"ruleId":"plain"}"#, override, .error), (#"{"ruleId":"mild"}"#, override, .clean),
      (#"{"ruleId":"plain","level":"note"}"#, override, .clean),
      (#"{"ruleId":"bad","provenance":{"invocationIndex":0}}"#, milder, .clean),
      // The result does not say which invocation found it, so no override lowers its level.
      (#"{"ruleId":"bad"}"#, milder, .error),
      (#"{"ruleId":"bad","provenance":{"invocationIndex":-1}}"#, milder, .error),
      (#"{"ruleId":"bad","provenance":{"invocationIndex":1}}"#, milder, .contradiction),
      (
        #"{"ruleId":"bad"}"#,
        #""ruleConfigurationOverrides":[{"descriptor":{"index":9},"configuration":{"level":"note"}}]"#, .contradiction
      ),
      (#"{"ruleId":"bad"}"#, #""ruleConfigurationOverrides":[{}]"#, .contradiction),
      (#"{"ruleId":"bad"}"#, #""ruleConfigurationOverrides":{}"#, .contradiction),
    ])
  func overrides(_ result: String, _ told: String, wanted: Is) throws {
    let more = #","invocations":[{"executionSuccessful":true,\#(told)}]"#
    compare(try verdict("[\(result)]", more), wanted, what: "\(result) \(told)")
  }

  @Test("a policy's level applies to the rule of the same name")
  func policies() throws {
    let policy = #","policies":[{"name":"p","rules":[{"id":"mild","defaultConfiguration":{"level":"error"}}]}]"#
    #expect(try verdict(#"[{"ruleId":"mild"}]"#, policy).errors == 1)
    #expect(try verdict(#"[{"ruleId":"mild"}]"#).problem == nil)
  }

  @Test(
    "a run that did not complete is not a verdict",
    arguments: [
      (#"{"executionSuccessful":true}"#, true), (#"{"executionSuccessful":true,"exitCode":0}"#, true),
      (#"{"executionSuccessful":false}"#, false), (#"{"executionSuccessful":"true"}"#, false), ("{}", false),
      ("1", false), (#"{"exitCode":0}"#, false), (#"{"executionSuccessful":true,"exitCode":137}"#, false),
      (#"{"executionSuccessful":true,"exitCode":"0"}"#, false),
      (#"{"executionSuccessful":true,"exitSignalNumber":9}"#, false),
      (#"{"executionSuccessful":true,"exitSignalName":"SIGKILL"}"#, false),
      (#"{"executionSuccessful":true,"processStartFailureMessage":"no such file"}"#, false),
      (#"{"executionSuccessful":true,"toolExecutionNotifications":[{"level":"error"}]}"#, false),
      (#"{"executionSuccessful":true,"toolConfigurationNotifications":[{"level":"error"}]}"#, false),
      (#"{"executionSuccessful":true,"toolExecutionNotifications":[{"level":"warning"}]}"#, true),
      (#"{"executionSuccessful":true,"toolExecutionNotifications":[{"level":"fatal"}]}"#, false),
      (#"{"executionSuccessful":true,"toolExecutionNotifications":[{}]}"#, true),
      (#"{"executionSuccessful":true,"toolExecutionNotifications":[{"descriptor":{"id":"crash"}}]}"#, false),
      (#"{"executionSuccessful":true,"toolExecutionNotifications":[{"descriptor":{"index":0}}]}"#, false),
      (#"{"executionSuccessful":true,"toolExecutionNotifications":[{"descriptor":{"id":"hm"}}]}"#, true),
      (#"{"executionSuccessful":true,"toolExecutionNotifications":[{"descriptor":{"index":7}}]}"#, false),
      (#"{"executionSuccessful":true,"toolExecutionNotifications":{}}"#, false),
      (
        #"{"executionSuccessful":true,"toolExecutionNotifications":[{"descriptor":{"id":"hm"}}],"notificationConfigurationOverrides":[{"descriptor":{"id":"hm"},"configuration":{"level":"error"}}]}"#,
        false
      ),
      (#"{"executionSuccessful":true,"endTimeUtc":"yesterday"}"#, false),
      (
        #"{"executionSuccessful":true,"startTimeUtc":"2026-01-02T00:00:00Z","endTimeUtc":"2026-01-01T00:00:00Z"}"#,
        false
      ),
    ])
  func invocations(_ invocation: String, _ isClean: Bool) throws {
    #expect(try (verdict("[]", #","invocations":[\#(invocation)]"#).problem == nil) == isClean, "\(invocation)")
    // One failed invocation invalidates the run.
    let both = #","invocations":[{"executionSuccessful":true},\#(invocation)]"#
    #expect(try (verdict("[]", both).problem == nil) == isClean)
  }

  @Test("a scanner may exit with a nonzero code because of its findings")
  func exitCode() throws {
    let more = #","invocations":[{"executionSuccessful":true,"exitCode":1}]"#
    #expect(try verdict(#"[{"level":"note"}]"#, more).problem == nil)
    #expect(try verdict("[]", more).problem?.contains("exited with 1") == true)
    #expect(try verdict("[]", #","conversion":{"invocation":{"executionSuccessful":false}}"#).problem != nil)
  }

  @Test(
    "a run with parts in other files is not accepted",
    arguments: [
      #""externalPropertyFileReferences":{"results":[{"location":{"uri":"r.sarif-external-properties"}}]}"#,
      #""externalPropertyFileReferences":{"driver":{"location":{"uri":"r"}}}"#,
      #""externalPropertyFileReferences":{"invocations":[{"guid":"x"}]}"#,
      #""externalPropertyFileReferences":{"policies":[{"guid":"x"}]}"#, #""externalPropertyFileReferences":7"#,
      #""externalPropertyFiles":{"results":[{}]}"#,
    ])
  func external(_ key: String) throws { #expect(try verdict("[]", ",\(key)").failure != nil) }

  @Test("inline parts outside a run are not accepted either, and two runs of a tool are one verdict")
  func runs() throws {
    let run = #"{"tool":{"driver":{"name":"t"}},"results":[]}"#
    let bad = #"{"tool":{"driver":{"name":"t"}},"results":[{"level":"error"}]}"#
    func document(_ runs: String, _ more: String = "") -> String { #"{"version":"2.1.0","runs":[\#(runs)]\#(more)}"# }
    #expect(try read(document(run, #","inlineExternalProperties":[{"results":[]}]"#))[0].failure != nil)
    #expect(try read(document(run, #","inlineExternalProperties":[]"#))[0].problem == nil)
    for runs in ["\(run),\(bad)", "\(bad),\(run)"] {
      let verdicts = try read(document(runs))
      #expect(verdicts.count == 1 && verdicts[0].errors == 1)
    }
    #expect(
      try read(document("\(bad),\(run.replacing("\"t\"", with: "\"u\""))")).map(\.problem).count { $0 == nil } == 1)
    #expect(try verdict("[]", #","externalPropertyFileReferences":{"artifacts":[{}]}"#).problem == nil)
  }

  @Test("opz's own log says what it allowed and what it covered, and can be read back")
  func own() throws {
    func own(_ properties: String) throws -> ScanVerdict {
      try read(
        #"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"opz"}},"results":[],"properties":\#(properties)}]}"#)[0]
    }
    #expect(try own(#"{"allowed":["a.B","c.*"]}"#).allowed == ["a.B", "c.*"])
    #expect(try own(#"{"image":"\#(Digest.of([1]))"}"#).image == Digest.of([1]))
    for text in [#"{"allowed":"a.B"}"#, #"{"allowed":[1]}"#, #"{"image":"latest"}"#, #"{"image":7}"#] {
      #expect(try own(text).failure != nil, "\(text)")
    }
    #expect(throws: TrustError.self) { try own(#"{"allowed":[],"Allowed":["a.B"]}"#) }
  }

  @Test("any document is read or refused, within limits, and no added byte makes a bad one clean")
  func mutants() throws {
    var generator = SeededGenerator(seed: 14)
    let text = Array(
      #"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","rules":[{"id":"a","defaultConfiguration":{"level":"error"}}]}},"results":[{"ruleId":"a","ruleIndex":0,"rule":{"index":0}}],"invocations":[{"executionSuccessful":true,"exitCode":0}]}]}"#
        .utf8)
    for _ in 0..<2_000 {
      var bytes = text
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 32...126, using: &generator)
      }
      guard let document = try? StrictJSON.read(bytes, subject: "x") else { continue }
      _ = try? ScanVerdict.read(document, subject: "x")
    }
  }
}
