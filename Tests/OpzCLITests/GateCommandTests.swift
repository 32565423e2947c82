import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import Testing

@Suite("Gates by commands: by force, approvals with keys, aliases that come away")
struct GateCommandTests {
  let opz: Command

  init() throws {
    opz = try Command()
    for weights in ["one", "two"] {
      try opz.directory.write("p/weights.bin", weights)
      try #require(opz("package", "p").status == 0)
    }
  }

  /// Writes policy.yaml and gives its digest.
  @discardableResult
  private func policy(_ gates: String) throws -> String {
    let text = "opz: 1\npromote: {production: \(gates)}\n"
    try opz.directory.write("registry/policy.yaml", text)
    return Digest.of(Array(text.utf8)).description
  }

  /// The newest event of a model.
  private func last() throws -> [String: JSONValue] {
    let result = try opz("history", "weights", "--limit", "1", "--json")
    try #require(result.status == 0, "\(result.errorText)")
    let events = try CanonicalJSON.decode([[String: JSONValue]].self, from: result.output, subject: "history")
    return try #require(events.first)
  }

  private func target() throws -> String? {
    try opz.json("show", "weights@production")["version"]?.string
  }

  @Test(
    "--force and --reason belong together; then the event has who, why, the gates that failed and the policy's digest",
    arguments: [
      ["promote", "weights@1.1.0", "--to", "production"], ["alias", "weights", "production", "1.1.0"],
      ["rollback", "weights", "--alias", "production"], ["alias", "weights", "production", "--remove"],
    ])
  func force(_ command: [String]) throws {
    let isRollback = command[0] == "rollback"
    for version in isRollback ? ["1.1.0", "1.0.0"] : ["1.0.0"] {
      try #require(opz("alias", "weights", "production", version).status == 0)
    }
    let digest = try policy("{tests: true}")
    let before = try opz("history", "weights", "--json").text
    for (rest, status) in [
      ([], 5), (["--force"], 64), (["--reason", "it is down"], 64), (["--force", "--reason", ""], 64),
      (["--force", "--reason", " \u{200B}..."], 64),
    ] as [([String], Int32)] {
      let result = try opz.run(command + rest)
      #expect(result.status == status && result.errorText.contains("--reason"), "\(rest): \(result.errorText)")
    }
    #expect(try opz("history", "weights", "--json").text == before)

    var ann = opz
    ann.environment["OPZ_ACTOR"] = "ann"
    let forced = try ann.run(command + ["--force", "--reason", "it is down, ticket 4711"])
    #expect(forced.status == 0, "\(forced.errorText)")
    let event = try last()
    #expect(event["actor"] == .string("ann"))
    let details = try #require(event["details"]?.object)
    #expect(details["reason"] == .string("it is down, ticket 4711") && details["forced"] == .bool(true))
    #expect(details["policy"] == .string(digest))
    if command.contains("--remove") {
      #expect(event["kind"] == .string("unaliased"))
      #expect(try opz("show", "weights@production").status == 2)
    } else {
      #expect(details["gates"]?.array?.first?["passed"] == .bool(false))
      #expect(try target() == "1.1.0")
      #expect(forced.errorText.contains("overridden"))
    }
    // People see it too.
    let history = try opz("history", "weights", "--limit", "1").text
    #expect(history.contains("ticket 4711"), "\(history)")
    #expect(try opz("fsck").status == 0)
  }

  @Test("where the gates pass, --force says nothing; with --dry-run it moves nothing")
  func needless() throws {
    try policy("{tests: true}")
    let dry = try opz("promote", "weights", "--to", "production", "--force", "--reason", "x", "--dry-run")
    #expect(dry.status == 5)
    #expect(try opz("show", "weights@production").status == 2)
    try policy("{metrics: {auc: \"> 0\"}}")
    let forced = try opz.json("promote", "weights", "--to", "production", "--force", "--reason", "no metrics yet")
    #expect(forced["forced"] == .bool(true) && forced["promoted"] == .bool(true))
    try policy("{from: production}".replacing("production", with: "staging"))
    #expect(try opz("promote", "weights", "--to", "staging").status == 0)
    let passed = try opz.json("promote", "weights", "--to", "production", "--force", "--reason", "to be sure")
    #expect(passed["forced"] == .bool(false))
    #expect(try last()["details"]?["forced"] == nil)
  }

  @Test("approvals with keys: two people with two keys count, one with two names does not")
  func approvals() throws {
    for name in ["ann", "bob", "eve"] {
      try #require(opz("sign", "--generate-key", "registry/\(name)", "--type", "ed25519").status == 0)
    }
    try policy("{approvals: {count: 2, keys: [ann.pub, bob.pub]}}")
    func approve(_ actor: String, _ key: String?, version: String = "1.1.0", for alias: String = "production") throws {
      var person = opz
      person.environment["OPZ_ACTOR"] = actor
      let key = key.map { ["--key", "registry/\($0).key"] } ?? []
      let result = try person.run(["approve", "weights@\(version)", "--for", alias] + key)
      #expect(
        result.status == 0 && result.text.contains(key.isEmpty ? " by \(actor)" : "signed"), "\(result.errorText)")
    }
    func evidence() throws -> String {
      let result = try opz("promote", "weights@1.1.0", "--to", "production", "--dry-run", "--json")
      let gates = try CanonicalJSON.decode([String: JSONValue].self, from: result.output, subject: "")["gates"]
      #expect(result.status == (gates?.array?.first?["passed"] == .bool(true) ? 0 : 5))
      let evidence = gates?.array?.first?["evidence"]?.string
      return try #require(evidence)
    }
    // Nobody's word, another's key, another version, another alias.
    try approve("ann", nil)
    try approve("bob", nil)
    try approve("ann", "eve")
    try approve("ann", "ann", version: "1.0.0")
    try approve("bob", "bob", for: "staging")
    #expect(try evidence() == "0 of 2")
    try approve("ann", "ann")
    try approve("bob", "ann")
    #expect(try evidence().hasPrefix("1 of 2 (signed, ann.pub"))
    let refused = try opz("promote", "weights@1.1.0", "--to", "production")
    #expect(refused.status == 5 && refused.errorText.contains("opz approve weights@1.1.0 --for production --key FILE"))
    try approve("bob", "bob")
    #expect(try evidence().hasPrefix("2 of 2 (signed, "))
    #expect(try opz("promote", "weights@1.1.0", "--to", "production").status == 0)
    let key = try last()["details"]?["gates"]?.array?.first
    #expect(key?["gate"] == .string("approvals") && key?["passed"] == .bool(true))
    #expect(try opz("approve", "weights@1.1.0", "--for", "production", "--key", "none.key").status == 2)
    #expect(try opz("fsck").status == 0)
  }

  @Test("an alias without gates comes away and comes back; with them it takes a reason; what is not there is 2")
  func removal() throws {
    #expect(try opz("alias", "weights", "production", "1.0.0").status == 0)
    #expect(try opz("alias", "weights", "production", "--remove", "--expect", "1.1.0").status == 3)
    let removed = try opz.json("alias", "weights", "production", "--remove")
    #expect(removed["from"] == .string("1.0.0") && removed["version"] == nil)
    #expect(try last()["kind"] == .string("unaliased"))
    #expect(try opz("alias", "weights", "production", "--remove").status == 2)
    #expect(try opz("alias", "weights", "production", "1.0.0", "--expect", "none").status == 0)
    #expect(try opz("alias", "weights", "production", "1.0.0", "--remove").status == 64)
    #expect(try opz("alias", "weights", "--remove").status == 64)
    try policy("{better: {auc: 0.1}}")
    #expect(try opz("alias", "weights", "production", "--remove").status == 5)
    #expect(try target() == "1.0.0")
    // A policy that cannot be read is no policy that asks for nothing.
    try opz.directory.write("registry/policy.yaml", "opz: 1\npromot: {production: {tests: true}}\n")
    #expect(try opz("alias", "weights", "production", "--remove", "--force", "--reason", "x").status != 0)
    #expect(try target() == "1.0.0")
  }

  @Test("--allow: names and package.*, of which the verdict tells the gate, and the policy says which may be")
  func allowing() throws {
    try opz.directory.write("p/weights.bin", "cmine.features\nEncoder\n)R.")
    try #require(opz("package", "p").status == 0)
    for pattern in [
      "*", "mine", ".*", "os.*", "builtins.eval", "subprocess.*", "mine..x", "a b.c", "mine.", "pip.main", "",
    ] {
      let result = try opz("scan", "weights@1.2.0", "--allow", pattern)
      #expect(result.status == 64, "\(pattern): \(result.errorText)")
    }
    for pattern in ["mine.feature.*", "mine.features.Encode", "min.*", "mine.features.encoder"] {
      #expect(try opz("scan", "weights@1.2.0", "--allow", pattern).status == 5, "\(pattern)")
    }
    for pattern in ["mine.*", "mine.features.*", "mine.features.Encoder"] {
      #expect(try opz("scan", "weights@1.2.0", "--allow", "other.*", "--allow", pattern).status == 0, "\(pattern)")
    }
    #expect(try opz("scan", "weights@1.2.0", "--allow", "mine.features.*", "--attach").status == 0)
    try policy("{scan: clean}")
    let refused = try opz("promote", "weights@1.2.0", "--to", "production")
    #expect(
      refused.status == 5 && refused.errorText.contains("scan: {allow: [mine.features.*]}"), "\(refused.errorText)")
    for (allowed, status) in [("mine.features.Encoder", 5), ("other.*", 5), ("mine.features.*", 0), ("mine.*", 0)]
      as [(String, Int32)]
    {
      try policy("{scan: {allow: [\(allowed)]}}")
      let result = try opz("promote", "weights@1.2.0", "--to", "production", "--dry-run")
      #expect(result.status == status, "\(allowed): \(result.text)\(result.errorText)")
      if status == 0 { #expect(result.text.contains("allowing mine.features.*")) }
    }
    try policy("{scan: {allow: [os.*]}}")
    let wrong = try opz("promote", "weights@1.2.0", "--to", "production")
    #expect(wrong.status == 1 && wrong.errorText.contains("policy.yaml:2: "), "\(wrong.errorText)")
  }
}
