import OpzIO
import OpzRegistry
import OpzTestKit
import OpzTrust
import Testing

@testable import OpzFlow

@Suite("The gate sql")
struct SQLGateTests {
  typealias Model = GatedModel

  /// A result of `opz sql verify`.
  static func result(
    _ engine: String, values: Int = 100, differing: Int = 0, passed: Bool = true, problem: String? = nil,
    ended: Timestamp? = nil
  ) -> String {
    let problem = problem.map { ",\"problem\":\"\($0)\"" } ?? ""
    let ended = ended.map { ",\"ended\":\"\($0.seconds)\"" } ?? ""
    return
      #"{"engine":"\#(engine)","engineVersion":"15.8","database":"","model":"m","passed":\#(passed)\#(ended),"#
      + #""parts":[{"name":"boundary rows","rows":9,"left":[],"checks":[{"kind":"margin","promise":"exact","values":\#(values),"#
      + #""equal":0,"ties":0,"differing":\#(differing),"largestDifference":0,"examples":[]\#(problem)}]}]}"#
  }

  private func attach(
    _ model: Model, _ result: String, from source: ModelState.Attachment.Source? = .here, at: Timestamp = .now()
  ) throws {
    try model.registry().attach(
      Array(result.utf8), SQLVerdict.mediaType, to: model.find("1.1.0"), from: source,
      by: Author(actor: "mallory", at: at))
  }

  private static func ago(_ days: Int64) -> Timestamp {
    Timestamp(milliseconds: Timestamp.now().milliseconds - days * 86_400_000)
  }

  @Test("a good result counts if it was attached here, and a bad one wherever it is from")
  func unsigned() async throws {
    let model = try await Model(policy: "{sql: verified}")
    let missing = try #require(try await model.failing().first)
    #expect(missing.gate == "sql" && missing.evidence.contains("no result"))
    #expect(missing.hint == "opz sql verify crm/weights@1.1.0 --database URL")
    for source in [nil, ModelState.Attachment.Source.pull] {
      try attach(model, Self.result("sqlite", values: source == nil ? 1 : 2), from: source)
    }
    #expect(try await model.failing().count == 1)
    try attach(model, Self.result("sqlite"))
    #expect(try await model.failing() == [])
    let evidence = try #require(try await model.move("1.1.0").check(model.registry()).first?.evidence)
    #expect(evidence.contains("sqlite 15.8, 100 values") && evidence.contains("not signed, attached here"))
    try attach(model, Self.result("sqlite", differing: 3, passed: false), from: .pull)
    #expect(try await model.failing().first?.evidence.contains("3 of 100 values differ") == true)
  }

  @Test(
    "what contradicts itself, or compared nothing, proves nothing",
    arguments: [
      (result("sqlite", passed: false), "did not pass"), (result("sqlite", differing: 1), "1 of 100"),
      (result("sqlite", values: 0), "no value was compared"),
      (result("sqlite", problem: "gone"), "did not compute"),
    ])
  func contradictions(_ result: String, reason: String) async throws {
    let model = try await Model(policy: "{sql: {engines: [sqlite]}}")
    try attach(model, result)
    #expect(try await model.failing().first?.evidence.contains(reason) == true)
  }

  @Test("each engine that the policy names must have a result, and no other one a bad one")
  func engines() async throws {
    let model = try await Model(policy: "{sql: {engines: [postgresql, sqlite]}}")
    try attach(model, Self.result("sqlite"))
    let failing = try #require(try await model.failing().first)
    #expect(
      failing.evidence.contains("postgresql") && failing.hint?.contains("postgresql://USER@HOST/DATABASE") == true)
    try attach(model, Self.result("PostgreSQL"))
    #expect(try await model.failing() == [])
    try attach(model, Self.result("duckdb", differing: 1, passed: false))
    #expect(try await model.failing().first?.evidence.contains("duckdb") == true)
    try attach(model, Self.result("duckdb"))
    #expect(try await model.failing() == [])
  }

  @Test("a result is as old as it says, or as its event if that is older")
  func age() async throws {
    for (ended, attached, passes) in [
      (Self.ago(3), Self.ago(0), true), (nil, Self.ago(3), true), (Self.ago(40), Self.ago(0), false),
      (nil, Self.ago(40), false), (Self.ago(-1), Self.ago(0), false), (nil, Self.ago(-1), false),
      (Self.ago(0), Self.ago(40), false),
    ] as [(Timestamp?, Timestamp, Bool)] {
      let model = try await Model(policy: "{sql: {days: 30}}")
      try attach(model, Self.result("sqlite", ended: ended), at: attached)
      #expect(try await model.failing().isEmpty == passes, "\(ended?.seconds ?? "-") \(attached.seconds)")
    }
  }

  @Test("with keys, the last result that one of them signed counts")
  func signed() async throws {
    let model = try await Model(policy: "{sql: {keys: [release.pub]}}")
    let (key, other) = (try model.key(), try model.key("other"))
    func sign(_ result: String, _ key: PrivateKey) async throws {
      _ = try await AttestVersion(model.find("1.1.0"), in: model.project.session).run(
        .sqlVerification, Array(result.utf8), with: key, subject: "x", registry: model.registry())
    }
    try attach(model, Self.result("sqlite"))
    try await sign(Self.result("sqlite"), other)
    #expect(try await model.failing().first?.evidence.contains("that release.pub signed") == true)
    #expect(try await model.failing().first?.hint?.hasSuffix("--key FILE") == true)
    try await sign(Self.result("sqlite"), key)
    #expect(try await model.failing() == [])
    try attach(model, Self.result("sqlite", differing: 1, passed: false))
    #expect(try await model.failing() == [])
    try await sign(Self.result("sqlite", differing: 1, passed: false), key)
    #expect(try await model.failing().count == 1)
  }

  @Test("a document that is no result is not attached as one")
  func malformed() async throws {
    let model = try await Model()
    for text in [
      "{}", "[]", "{\"engine\":\"sqlite\",\"engineVersion\":\"3\",\"passed\":true,\"parts\":[{}]}",
      Self.result("sqlite", values: -1), Self.result("sqlite", values: 1, differing: 2),
      Self.result("sqlite", ended: Self.ago(-2)),
    ] {
      await #expect(throws: TrustError.self, "\(text)") {
        _ = try await AttestVersion(model.find("1.1.0"), in: model.project.session).run(
          .sqlVerification, Array(text.utf8), with: nil, subject: "x", registry: model.registry())
      }
    }
  }
}
