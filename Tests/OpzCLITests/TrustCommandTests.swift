import OpzIO
import OpzOCI
import OpzTestKit
import Testing

@Suite("Signing, scanning and promoting with commands")
struct TrustCommandTests {
  let opz: Command

  init() throws { opz = try Command() }

  @Test("package, sign, sbom, scan, promote: exit code 5 without the evidence, 0 with it")
  func wholeWay() throws {
    #expect(try opz("package", "p").status == 0)
    #expect(try opz("sign", "--generate-key", "registry/release").status == 0)
    try opz.directory.write(
      "registry/policy.yaml",
      "opz: 1\npromote: {production: {signature: {keys: [release.pub]}, sbom: true, scan: clean}}\n")
    let steps: [[String]] = [
      ["sign", "weights@1.0.0", "--key", "registry/release.key"], ["sbom", "weights@1.0.0", "--attach"],
      ["scan", "weights@1.0.0", "--attach"],
    ]
    for step in steps {
      let refused = try opz("promote", "weights@1.0.0", "--to", "production")
      #expect(refused.status == 5 && refused.errorText.contains("opz \(step[0]) weights@1.0.0"))
      let done = try opz.run(step)
      #expect(done.status == 0, "\(step): \(done.errorText)")
    }
    #expect(try opz("promote", "weights@1.0.0", "--to", "production").status == 0)
    #expect(try opz("verify", "weights@production", "--key", "registry/release.pub").status == 0)
    #expect(try opz("sign", "--generate-key", "other", "--type", "ed25519").status == 0)
    let wrong = try opz("verify", "weights@production", "--key", "other.pub")
    #expect(wrong.status == 4 && wrong.errorText.contains("opz sign weights@1.0.0"))
    #expect(try opz("verify", "weights@production", "--key", "registry/release.pub", "--type", "sbom").status == 4)
    #expect(try opz("fsck").status == 0)
    let shown = try opz.json("show", "weights@1.0.0")
    guard case .array(let attachments)? = shown["attachments"] else { return #expect(Bool(false), "no attachments") }
    #expect(attachments.count == 4)
    #expect(try opz("show", "weights@1.0.0").text.contains("application/sarif+json"))
  }

  /// `registry/golden-2` was signed by opz 0.1.0.
  @Test("signatures and attestations of an early opz verify, and its deploys come back byte for byte")
  func golden() throws {
    let golden = PackageRoot.path(#filePath).appending("registry/golden-2").string
    #expect(try ChildProcess.run(["cp", "-r", golden, "registry"], directory: opz.directory.path).status == 0)
    for type in ["slsaprovenance", "sbom"] {
      #expect(
        try opz("verify", "crm/churn@1.1.0", "--key", "registry/release.pub", "--type", type).status == 0, "\(type)")
    }
    #expect(try opz("verify", "crm/churn@1.1.0", "--key", "registry/release.pub").status == 0)
    #expect(try opz("verify", "ops/fraud@2.0.0", "--key", "registry/release.pub").status == 0)
    #expect(try opz("verify", "crm/churn@1.0.0", "--key", "registry/release.pub").status == 4)
    #expect(
      try opz(
        "deploy", "crm/churn@1.1.0", "--target", "kserve", "--image", "registry.example/crm/churn", "--output", "-",
        "--record"
      )
      .status == 0)
    let back = try opz("rollback", "crm/churn", "--deploy", "--place", "kserve/-/prod")
    #expect(back.status == 0 && Digest.of(Array(back.text.utf8)).description == Self.firstDeploy)
    #expect(try opz("fsck").status == 0)
  }

  private static let firstDeploy = "sha256:76046df05cf89fefa16e981c2862ce19cf9cc31598f8267834950a8e6a12cc1a"

  @Test("a hostile pickle is exit code 5, and the finding names it")
  func hostile() throws {
    try opz.directory.write("p/weights.bin", "cos\nsystem\n(S'id'\ntR.")
    #expect(try opz("package", "p").status == 0)
    let result = try opz("scan", "weights")
    #expect(result.status == 5 && result.text.contains("os.system"))
    let sarif = try opz("scan", "weights", "--sarif", "--attach")
    #expect(sarif.status == 5)
    try opz.directory.write("out.sarif", sarif.text)
    #expect(try opz("attest", "weights", "--type", "scan", "out.sarif").status == 0)
    #expect(try opz("scan", "weights", "--allow", "os.*").status == 64)
  }

  @Test("the password of an encrypted key comes from the environment or from standard input")
  func password() throws {
    #expect(try opz("package", "p").status == 0)
    #expect(try opz("sign", "--generate-key", "k", "--password-stdin", input: "secret\n").status == 0)
    #expect(try opz("sign", "weights", "--key", "k.key").status == 1)
    #expect(try opz("sign", "weights", "--key", "k.key", "--password-stdin", input: "wrong\n").status == 1)
    #expect(try opz("sign", "weights", "--key", "k.key", "--password-stdin", input: "secret\n").status == 0)
    #expect(try opz("verify", "weights", "--key", "k.pub").status == 0)
    var other = opz
    other.environment["OPZ_KEY_PASSWORD"] = "secret"
    #expect(try other("attest", "weights", "--type", "vuln", "--predicate", "p/v.json", "--key", "k.key").status == 2)
    try opz.directory.write("p/v.json", "{}")
    #expect(try other("attest", "weights", "--type", "vuln", "--predicate", "p/v.json", "--key", "k.key").status == 0)
    #expect(try opz("verify", "weights", "--key", "k.pub", "--type", "vuln").status == 0)
    #expect(try opz("sign", "--generate-key", "k").status == 3)
  }

  @Test("files are signed and verified by path; a name that is both a path and a model is refused")
  func files() throws {
    #expect(try opz("sign", "--generate-key", "k").status == 0)
    try opz.directory.write("m/weights.bin", "x")
    let signed = try opz.json("sign", "./m", "--key", "k.key", "--json")
    #expect(signed["files"]?.integer == 1 && signed["path"]?.string?.hasSuffix("/m") == true)
    for path in ["m", "./m", "m/", "../\(opz.directory.path.lastComponent?.string ?? "")/m"] {
      let verified = try opz("verify", path, "--key", "k.pub")
      #expect(verified.status == 0 && verified.text.contains("1 file verified"), "\(path): \(verified.errorText)")
      #expect(verified.errorText.contains("not covered by the signature: .git"))
    }
    let object = try opz.json("verify", "m", "--key", "k.pub", "--json")
    #expect(object["digest"] == signed["digest"] && object["keys"]?.textList == ["k.pub"])
    #expect(try opz("sign", "m", "--key", "k.key").status == 3)
    let printed = try opz("sign", "m", "--key", "k.key", "--output", "-")
    #expect(printed.status == 0 && printed.text.hasPrefix("{\"dsseEnvelope\""))
    try opz.directory.write("m/weights.bin", "y")
    let changed = try opz("verify", "m", "--key", "k.pub")
    #expect(changed.status == 4 && changed.errorText.contains("changed: weights.bin"))
    #expect(try opz("verify", "./none", "--key", "k.pub").status == 2)
    #expect(try opz("sign", "./none", "--key", "k.key").status == 2)
    #expect(try opz("sign", "./m", "--key", "k.key", "--identity", "h/r").status == 64)
    #expect(try opz("verify", "./m", "--key", "k.pub", "--type", "sbom").status == 64)
    // A model in the registry with the same name as a path.
    #expect(try opz("package", "p").status == 0)
    #expect(try opz("sign", "weights", "--key", "k.key").status == 0)
    #expect(try opz("sign", "weights", "--key", "k.key", "--output", "x.sig").status == 64)
    try opz.directory.write("weights/file", "x")
    let both = try opz("sign", "weights", "--key", "k.key")
    #expect(both.status == 64 && both.errorText.contains("./weights for the files, or weights@1.0.0"))
    #expect(try opz("verify", "weights", "--key", "k.pub").status == 64)
    #expect(try opz("verify", "weights@1.0.0", "--key", "k.pub").status == 0)
    #expect(try opz("sign", "./weights", "--key", "k.key", "--output", "w.sig").status == 0)
  }

  @Test(
    "wrong usage is exit code 64",
    arguments: [
      ["sign"], ["sign", "weights"], ["sign", "weights", "--generate-key", "k"], ["verify", "weights"],
      ["attest", "weights", "--type", "x", "f"], ["sbom", "weights", "--key", "k"], ["scan", "weights", "--key", "k"],
      ["sign", "--generate-key", "k", "--type", "rsa"],
    ])
  func usage(_ arguments: [String]) throws {
    #expect(try opz.run(arguments).status == 64)
  }

  @Test("notes of a scan are counted, and shown on request")
  func notes() throws {
    try opz.directory.write("p/weights.bin", "\u{7F}ELF" + String(repeating: "\0", count: 100))
    #expect(try opz("package", "p").status == 0)
    let short = try opz("scan", "weights")
    #expect(short.status == 0 && !short.text.contains("own-code"), "\(short.text)")
    #expect(short.errorText.contains("1 note: --notes shows it"), "\(short.errorText)")
    let long = try opz("scan", "weights", "--notes")
    #expect(long.status == 0 && long.text.contains("own-code") && long.errorText == "", "\(long.text)")
    #expect(try opz.json("scan", "weights")["findings"]?.array?.count == 1)
  }
}
