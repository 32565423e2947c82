import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzTestKit
import OpzTrust
import Testing

@testable import OpzFlow

@Suite("The gates that rely on the record")
struct RecordGateTests {
  static let gates = #"metrics: {auc: ">= 0.9"}, better: {auc: 0.005}, tests: true"#

  func test(_ model: GatedModel, passed: Bool = true, at: Timestamp = .now()) throws {
    try model.registry().note(
      .tested, model.find("1.1.0"), by: Author(actor: "ci", at: at), details: ["passed": .bool(passed)])
  }

  @Test("if the policy requires a signature, the record must be signed too")
  func signedRecord() async throws {
    let model = try await GatedModel(policy: "{signature: {keys: [release.pub]}, \(Self.gates)}")
    let key = try model.key()
    try test(model)
    // Signs only the image, like older signatures.
    let (version, registry) = (try model.find("1.1.0"), try model.registry())
    let statement = try Statement(
      about: version.record.image.digest, name: "x", PredicateType.signature.uri, .object([:]))
    let envelope = try DSSEEnvelope(signing: statement.payload, DSSEEnvelope.inToto, with: [key])
    try registry.attach(
      SigstoreBundle(envelope, by: key.publicKey).encode(), SigstoreBundle.mediaType, to: version,
      by: Author(actor: "ci"))
    let failing = try await model.failing()
    #expect(failing.map(\.gate) == ["metrics.auc", "better.auc", "tests"])
    #expect(failing.allSatisfy { $0.evidence == "the record is not signed by release.pub" })
    #expect(failing.allSatisfy { $0.hint?.hasPrefix("opz sign") == true })
    // Signed by another key.
    try await model.sign("1.1.0", with: model.key("other"))
    #expect(try await model.failing().count == 3)
    try await model.sign("1.1.0", with: key)
    #expect(try await model.failing() == [])
    // All keys, or any.
    for (match, count) in [("all", 4), ("any", 0)] {
      try model.write(policy: "{signature: {keys: [release.pub, third.pub], match: \(match)}, \(Self.gates)}")
      if match == "all" { _ = try model.key("third") }
      #expect(try await model.failing().count == count, "\(match)")
    }
  }

  @Test("facts that were recorded later count only if no signature is required")
  func settings() async throws {
    let model = try await GatedModel(policy: #"{metrics: {auc: ">= 0.99"}}"#)
    try model.project.directory.write("p/metrics.json", #"{"auc": 0.999}"#)
    _ = try await model.project.package()
    #expect(try await model.failing() == [])
    try model.write(policy: #"{signature: {keys: [release.pub]}, metrics: {auc: ">= 0.99"}}"#)
    try await model.sign("1.1.0", with: model.key())
    #expect(try await model.failing().map(\.gate) == ["metrics.auc"])
    #expect(try await model.failing().first?.evidence == "0.91 is not >= 0.99")
  }

  @Test("the record of the version that the alias names must be signed too")
  func inPlace() async throws {
    let model = try await GatedModel()
    _ = try await model.move("1.0.0").run(model.registry())
    try model.write(policy: "{signature: {keys: [release.pub]}, better: {auc: 0.005}}")
    let key = try model.key()
    try await model.sign("1.1.0", with: key)
    #expect(try await model.failing().first?.hint == "opz sign crm/weights@1.0.0 --key FILE")
    try await model.sign("1.0.0", with: key)
    #expect(try await model.failing() == [])
  }

  @Test("an altered record is not the signed one, even if it replaces the original")
  func altered() async throws {
    let model = try await GatedModel(policy: #"{signature: {keys: [release.pub]}, metrics: {auc: ">= 0.99"}}"#)
    try await model.sign("1.1.0", with: model.key())
    let path = model.project.session.registryPath.appending("models").appending("crm").appending("weights")
      .appending("versions").appending("1.1.0").appending("version.json")
    let text = String(decoding: try FileBlob(path).bytes(), as: UTF8.self).replacing("0.91", with: "0.99")
    try Durable.replace(path, with: Array(text.utf8), mode: 0o444)
    let failing = try await model.failing()
    #expect(failing.map(\.evidence) == ["the record is not signed by release.pub"])
  }

  @Test("the last test counts, and a test in the future does not")
  func tests() async throws {
    let model = try await GatedModel(policy: "{tests: true}")
    let later = Timestamp(milliseconds: Timestamp.now().milliseconds + 86_400_000)
    try test(model, at: later)
    #expect(try await model.failing().first?.evidence.contains("in the future") == true)
    try test(model)
    #expect(try await model.failing() == [])
    try test(model, passed: false, at: Timestamp(milliseconds: 0))
    #expect(try await model.failing().count == 1)
  }
}
