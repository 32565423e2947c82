import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzTestKit
import OpzTrust
import Testing

@testable import OpzFlow

@Suite("The gate approvals")
struct ApprovalGateTests {
  let production = AliasName("production")!

  func approve(
    _ model: GatedModel, by actor: String, _ text: String = "1.1.0", for alias: String = "production",
    with key: PrivateKey? = nil
  ) async throws {
    _ = try await ApproveVersion(
      try model.find(text), for: AliasName(parsing: alias), reason: nil, in: model.session(actor)
    ).run(model.registry(), with: key)
  }

  @Test("people are counted, however their names are spelled")
  func people() async throws {
    let model = try await GatedModel(policy: "{approvals: 2}")
    for name in ["ann", " ann", "ANN\u{3000}", "Ａｎｎ", "𝐚𝐧𝐧", "ａnn ", "ann"] { try await approve(model, by: name) }
    #expect(try await model.failing().first?.evidence.hasPrefix("1 of 2") == true)
    // The promoter's own approval does not count, however the name is spelled.
    try await approve(model, by: "bob")
    for name in ["bob", "Bob", "ＢＯＢ ", "\tbob".replacing("\t", with: " ")] {
      #expect(try await model.failing(by: name).count == 1, "\(name)")
    }
    #expect(try await model.failing(by: "eve") == [])
    #expect(try await model.failing("1.0.0", by: "eve").count == 1)
  }

  @Test(
    "an invisible name is refused, when it approves and when it is counted",
    arguments: [
      "", " ", "\n", "ann\n", "an\u{200B}n", "\u{202E}nna", "ann\u{FE0F}", "\u{3164}", "ann\u{7}", "\u{2800}", "...",
    ])
  func hidden(_ name: String) async throws {
    let model = try await GatedModel(policy: "{approvals: 1}")
    let error = await #expect(throws: FlowError.self) { try await approve(model, by: name) }
    #expect(error?.category == .usage)
    try model.registry().note(
      .approved, model.find("1.1.0"), by: Author(actor: name), details: ["alias": .string("production")])
    #expect(try await model.failing(by: "eve").count == 1)
    // An actor with such a name cannot promote either, because an approval might be its own.
    try await approve(model, by: "ann")
    #expect(try await model.failing(by: name).count == 1)
    #expect(try await model.failing(by: "eve") == [])
  }

  @Test("an approval is for one version and one alias, and must lie in the past")
  func exact() async throws {
    let model = try await GatedModel(policy: "{approvals: 1}")
    try await approve(model, by: "ann", for: "staging")
    try await approve(model, by: "ann", "1.0.0")
    let later = Timestamp(milliseconds: Timestamp.now().milliseconds + 86_400_000)
    try model.registry().note(
      .approved, model.find("1.1.0"), by: Author(actor: "ann", at: later), details: ["alias": .string("production")])
    #expect(try await model.failing().count == 1)
    try await approve(model, by: "ann")
    #expect(try await model.failing() == [])
  }

  @Test("with keys, an approval is a statement signed by one of them, and keys are counted")
  func signed() async throws {
    let model = try await GatedModel(policy: "{approvals: {count: 2, keys: [ann.pub, bob.pub, again.pub]}}")
    let (ann, bob, eve) = (try model.key("ann"), try model.key("bob"), try model.key("eve"))
    // The same key in two files counts once.
    let copy = try FileBlob(model.project.session.registryPath.appending("ann.pub")).bytes()
    try Durable.replace(model.project.session.registryPath.appending("again.pub"), with: copy)
    for name in ["ann", "bob", "eve"] { try await approve(model, by: name) }
    try await approve(model, by: "eve", with: eve)
    #expect(try await model.failing().first?.evidence == "0 of 2")
    #expect(try await model.failing().first?.hint?.contains("--key FILE") == true)
    for _ in 0..<2 { try await approve(model, by: "somebody", with: ann) }
    // For another alias, and for another version.
    try await approve(model, by: "bob", for: "staging", with: bob)
    try await approve(model, by: "bob", "1.0.0", with: bob)
    #expect(try await model.failing().first?.evidence.hasPrefix("1 of 2") == true)
    try await approve(model, by: "bob", with: bob)
    #expect(try await model.failing() == [])
    let done = try await model.move("1.1.0").run(model.registry())
    #expect(done.gates[0].evidence.contains("ann.pub = again.pub"))
    #expect(try await model.registry().fsck().problems == [])
  }

  @Test("a statement names its model, version, alias and record; one that names others does not count")
  func forged() async throws {
    let model = try await GatedModel(policy: "{approvals: {keys: [ann.pub]}}")
    let (key, version, registry) = (try model.key("ann"), try model.find("1.1.0"), try model.registry())
    func attach(_ subjects: [Digest], _ predicate: JSONValue) throws {
      let statement = try Statement(
        about: subjects.map { .init($0, name: "x") }, PredicateType.approval.uri, predicate)
      let envelope = try DSSEEnvelope(signing: statement.payload, DSSEEnvelope.inToto, with: [key])
      try registry.attach(
        SigstoreBundle(envelope, by: key.publicKey).encode(), SigstoreBundle.mediaType, to: version,
        by: Author(actor: "m"))
    }
    func approval(_ change: (inout [String: JSONValue]) -> Void) -> JSONValue {
      let good = Approval(
        model: "crm/weights", version: "1.1.0", alias: "production", by: "ann", at: .now(), reason: nil)
      guard case .object(var members) = good.predicate else { return .null }
      change(&members)
      return .object(members)
    }
    let (image, record) = (version.record.image.digest, version.recordDigest)
    for (key, value) in [
      ("model", "crm/other"), ("version", "1.0.0"), ("alias", "staging"), ("at", "2999-01-01T00:00:00Z"),
      ("at", "soon"),
    ] {
      try attach([image, record], approval { $0[key] = .string(value) })
    }
    for key in ["model", "version", "alias", "at", "by"] { try attach([image, record], approval { $0[key] = nil }) }
    try attach([image, record], approval { $0["Alias"] = .string("production") })
    // Only about the image, or only about the record: another record of the same image is another version.
    try attach([image], approval { _ in })
    try attach([record], approval { _ in })
    try attach([image, try model.find("1.0.0").recordDigest], approval { _ in })
    #expect(try await model.failing().first?.evidence == "0 of 1")
    try attach([image, record], approval { _ in })
    #expect(try await model.failing() == [])
  }

  @Test("a signed approval is pushed and pulled, and opz attest does not accept one")
  func travels() async throws {
    let server = try RegistryServer()
    let model = try await GatedModel()
    let key = try model.key("ann")
    try await approve(model, by: "ann", with: key)
    let version = try model.find("1.1.0")
    let destination = try Reference(parsing: "\(server.host)/crm/weights:1.1.0")
    _ = try await PushVersion(version, to: destination, in: model.project.session).run(model.registry())
    var session = model.project.session
    session.registryPath = model.project.directory.path.appending("other")
    let pulled = try await PullVersion(destination, in: session).run().version
    let there = try session.openRegistry()
    try Durable.replace(there.root.appending("ann.pub"), with: Array(key.publicKey.pem.utf8))
    try Durable.replace(
      there.root.appending("policy.yaml"),
      with: Array("opz: 1\npromote: {production: {approvals: {keys: [ann.pub]}}}\n".utf8))
    let move = MoveAlias(pulled, to: production, .promotion, in: session)
    #expect(try await move.run(there).gates.map(\.passed) == [true])
    let error = await #expect(throws: FlowError.self) {
      try await AttestVersion(pulled, in: session).run(
        .approval, Array("{}".utf8), with: key, subject: "x", registry: there)
    }
    #expect(error?.category == .usage)
  }
}
