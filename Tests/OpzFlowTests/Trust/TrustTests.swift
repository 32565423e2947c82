import OpzDistribution
import OpzIO
import OpzJSON
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore
import OpzTestKit
import OpzTrust
import SystemPackage
import Testing

@testable import OpzFlow

@Suite("Signatures, bills of materials and scans of versions")
struct TrustTests {
  let production = AliasName("production")!
  let policy = """
    {signature: {keys: [release.pub]}, sbom: {keys: [release.pub]}, scan: {tools: [opz], days: 1, keys: [release.pub]}}
    """

  func key(_ project: Project, _ name: String = "release") throws -> PrivateKey {
    let made = try KeyFiles.generate(
      .ecdsaP256, at: project.session.registryPath.appending(name), password: nil, in: project.session)
    return try KeyFiles.privateKey(made.secret, password: nil, in: project.session)
  }

  func sbom(_ record: VersionRecord, _ registry: Registry) async throws -> [UInt8] {
    try await ModelBOM(record, files: registry.files(of: record), family: "gradient-boosted trees").encode()
  }

  /// The gates that do not pass.
  func failing(_ project: Project, _ version: Registry.Version, policy: String) async throws -> [GateResult] {
    try write(policy, project)
    return try await MoveAlias(version, to: production, .promotion, in: project.session)
      .check(project.registry()).filter { !$0.passed }
  }

  func write(_ policy: String, _ project: Project) throws {
    try Durable.replace(
      project.session.registryPath.appending("policy.yaml"),
      with: Array("opz: 1\npromote: {production: \(policy)}\n".utf8))
  }

  @Test("a promotion passes if all parts are there and signed; a missing one is refused with the command that helps")
  func gates() async throws {
    let project = try Project.model()
    let version = try await project.package().version
    let registry = try project.registry()
    let key = try key(project)
    let attest = AttestVersion(version, in: project.session)
    func names() async throws -> [String] { try await failing(project, version, policy: policy).map(\.gate) }
    let first = try await failing(project, version, policy: policy)
    #expect(first.map(\.gate) == ["signature", "sbom", "scan"])
    #expect(first.compactMap(\.hint).count == 3 && first.allSatisfy { $0.hint?.hasPrefix("opz s") == true })

    _ = try await SignVersion(version, identity: nil, in: project.session).run(registry, with: key)
    #expect(try await names() == ["sbom", "scan"])
    // If a key is required, unsigned documents and those of another key do not count.
    let bill = try await sbom(version.record, registry)
    _ = try await attest.run(.billOfMaterials, bill, with: nil, subject: "x", registry: registry)
    _ = try await attest.run(.billOfMaterials, bill, with: self.key(project, "other"), subject: "x", registry: registry)
    #expect(try await names() == ["sbom", "scan"])
    #expect(try await failing(project, version, policy: "{sbom: true}") == [])
    _ = try await attest.run(.billOfMaterials, bill, with: key, subject: "x", registry: registry)
    let scan = ScanVersion(version, in: project.session)
    let report = try await scan.run(registry)
    #expect(report.isClean && report.files == 3)
    _ = try await attest.run(.scan, scan.sarif(report), with: key, subject: "x", registry: registry)
    #expect(try await names() == [])

    try write(policy, project)
    let result = try await MoveAlias(version, to: production, .promotion, in: project.session).run(registry)
    #expect(result.gates.map(\.gate) == ["signature", "sbom", "scan"])
    #expect(result.gates[0].evidence.contains(key.publicKey.fingerprint.short))
    #expect(try await registry.fsck().problems == [])
  }

  @Test("the evidence of one version does not count for another")
  func otherVersion() async throws {
    let project = try Project.model()
    let first = try await project.package().version
    try project.directory.write("p/weights.bin", "other")
    let second = try await project.package().version
    let registry = try project.registry()
    let key = try key(project)
    _ = try await SignVersion(first, identity: nil, in: project.session).run(registry, with: key)
    #expect(try await failing(project, first, policy: "{signature: {keys: [release.pub]}}") == [])
    #expect(try await failing(project, second, policy: "{signature: {keys: [release.pub]}}").count == 1)
    // The statement about the first version, attached to the second.
    let state = try registry.state(first.name)
    let stolen = try #require(state.attachments(of: first).first).descriptor
    let layer = try #require(try await registry.store.manifest(stolen).content.layers.first)
    _ = try registry.attach([layer], SigstoreBundle.mediaType, to: second, by: Author(actor: "mallory"))
    #expect(try await failing(project, second, policy: "{signature: {keys: [release.pub]}}").count == 1)
    let error = await #expect(throws: FlowError.self) {
      try await VerifyVersion(second, in: project.session).run(registry, [("k", key.publicKey)], type: .signature)
    }
    #expect(error?.category == .verification)
  }

  @Test("the same key in two files is one key: it is listed once, and its signature counts once")
  func twoFiles() async throws {
    let project = try Project.model()
    let version = try await project.package().version
    let one = try key(project, "one")
    let directory = project.session.registryPath
    try Durable.replace(directory.appending("copy.pub"), with: Array(one.publicKey.pem.utf8))
    _ = try key(project, "two")
    let files = ["one.pub", "copy.pub", "one.pub", "two.pub"].map { (name: $0, path: directory.appending($0)) }
    #expect(try KeyFiles.publicKeys(files).map(\.name) == ["one.pub = copy.pub", "two.pub"])
    _ = try await SignVersion(version, identity: nil, in: project.session).run(project.registry(), with: one)
    try write("{signature: {keys: [one.pub, copy.pub]}}", project)
    let result = try await MoveAlias(version, to: production, .promotion, in: project.session).check(project.registry())
    let evidence = try #require(result.first { $0.gate == "signature" })
    #expect(evidence.passed && evidence.evidence.components(separatedBy: one.publicKey.fingerprint.short).count == 2)
  }

  @Test("a bill of materials of another image or of the future is refused, and does not count if attached anyway")
  func otherBill() async throws {
    let project = try Project.model()
    let first = try await project.package().version
    try project.directory.write("p/weights.bin", "other")
    let second = try await project.package().version
    let registry = try project.registry()
    let key = try key(project)
    let bill = try await sbom(first.record, registry)
    let future = Array(
      String(decoding: try await sbom(second.record, registry), as: UTF8.self)
        .replacing(second.record.created, with: "2999-01-01T00:00:00Z").utf8)
    for (document, reason) in [(bill, "another image"), (future, "in the future")] {
      for signer in [nil, key] {
        let error = await #expect(throws: TrustError.self) {
          try await AttestVersion(second, in: project.session).run(
            .billOfMaterials, document, with: signer, subject: "x", registry: registry)
        }
        #expect(error?.reason.contains(reason) == true)
      }
      _ = try registry.attach(document, ModelBOM.mediaType, to: second, by: Author(actor: "mallory"))
      let failed = try await failing(project, second, policy: "{sbom: true}")
      #expect(failed.map(\.gate) == ["sbom"] && failed.first?.evidence.contains("cannot be read") == true)
      // A signature by the right key does not help.
      let statement = try Statement(
        about: [.init(second.record.image.digest, name: "x")], PredicateType.billOfMaterials.uri, document, subject: "x"
      )
      let envelope = try DSSEEnvelope(signing: statement.payload, DSSEEnvelope.inToto, with: [key])
      _ = try registry.attach(
        SigstoreBundle(envelope, by: key.publicKey).encode(), SigstoreBundle.mediaType, to: second,
        by: Author(actor: "mallory"))
      #expect(try await failing(project, second, policy: "{sbom: {keys: [release.pub]}}").map(\.gate) == ["sbom"])
      let error = await #expect(throws: FlowError.self) {
        try await VerifyVersion(second, in: project.session).run(
          registry, [("k", key.publicKey)], type: .billOfMaterials)
      }
      #expect(error?.reason.contains(reason) == true || error?.reason.contains("cannot be read") == true)
    }
  }

  @Test(
    "a document with a time in the future is not attached",
    arguments: [
      ("slsaprovenance", #"{"runDetails":{"metadata":{"finishedOn":"TIME"}}}"#),
      ("slsaprovenance", #"{"runDetails":{"metadata":{"startedOn":"TIME"}}}"#),
      ("vuln", #"{"metadata":{"scanFinishedOn":"TIME"}}"#),
      (
        "scan",
        #"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[],"invocations":[{"executionSuccessful":true,"endTimeUtc":"TIME"}]}]}"#
      ),
    ])
  func future(_ type: String, _ document: String) async throws {
    let project = try Project.model()
    let version = try await project.package().version
    let registry = try project.registry()
    let key = try key(project)
    func attest(_ time: String) async throws {
      _ = try await AttestVersion(version, in: project.session).run(
        PredicateType(parsing: type), Array(document.replacing("TIME", with: time).utf8), with: key, subject: "x",
        registry: registry)
    }
    let error = await #expect(throws: TrustError.self) { try await attest("2999-01-01T00:00:00Z") }
    #expect(error?.reason.contains("in the future") == true)
    try await attest("2020-01-01T00:00:00Z")
  }

  @Test("an attested document keeps its bytes")
  func predicateBytes() async throws {
    let project = try Project.model()
    let version = try await project.package().version
    let registry = try project.registry()
    let predicate = #"{ "b": 1.0, "a": 123456789012345678901234567890,"c":"\u00e9" }"#
    let attached = try await AttestVersion(version, in: project.session).run(
      PredicateType(uri: "https://example.com/x"), Array(predicate.utf8), with: key(project), subject: "x",
      registry: registry)
    let all = try await Evidence.all(in: attached, about: version.record.image.digest, from: registry.store)
    guard case .statement(let statement, _)? = all.first?.content else {
      throw TrustError(.malformed, "x", reason: "none")
    }
    #expect(String(decoding: statement.predicateBytes, as: UTF8.self) == predicate)
  }

  @Test("all keys, or any of them", arguments: [("all", 1), ("any", 0)])
  func match(_ match: String, _ failures: Int) async throws {
    let project = try Project.model()
    let version = try await project.package().version
    let one = try key(project, "one")
    let two = try key(project, "two")
    let gate = "{signature: {keys: [one.pub, two.pub], match: \(match)}}"
    let sign = SignVersion(version, identity: "h/r", in: project.session)
    #expect(try await failing(project, version, policy: gate).count == 1)
    _ = try await sign.run(project.registry(), with: one)
    #expect(try await failing(project, version, policy: gate).count == failures)
    _ = try await sign.run(project.registry(), with: two)
    #expect(try await failing(project, version, policy: gate) == [])
    #expect(try await sign.run(project.registry(), with: one).existed)
  }

  @Test("a signature covers the record too, and an older one that does not is followed by one that does")
  func recordSigned() async throws {
    let project = try Project.model()
    let version = try await project.package().version
    let registry = try project.registry()
    let key = try key(project)
    func signers() async throws -> [String] {
      try await VerifyVersion(version, in: project.session)
        .run(registry, [("k", key.publicKey)], type: .signature).flatMap(\.record)
    }
    // As an earlier opz signed: only the image.
    let statement = try Statement(
      about: version.record.image.digest, name: "a", PredicateType.signature.uri, .object([:]))
    let old = try SigstoreBundle(
      DSSEEnvelope(signing: statement.payload, DSSEEnvelope.inToto, with: [key]), by: key.publicKey)
    _ = try registry.attach(old.encode(), SigstoreBundle.mediaType, to: version, by: project.session.author)
    #expect(try await signers() == [])
    let sign = SignVersion(version, identity: nil, in: project.session)
    #expect(try await sign.run(registry, with: key).attached.count == 2)
    #expect(try await signers() == ["k"])
    #expect(try await sign.run(registry, with: key).existed)
    #expect(version.recordDigest == Digest.of(try CanonicalJSON.encodePretty(version.record)))
  }

  @Test("a hostile model is found in the image's layers, however they are compressed")
  func hostile() async throws {
    let evil = Array("cos\nsystem\n(S'id'\ntR.".utf8)
    for compression in ["gzip", "none"] {
      let project = try Project.model(yaml: "layers: {compression: \(compression)}")
      try Durable.replace(project.path.appending("weights.bin"), with: evil)
      let version = try await project.package().version
      let scan = ScanVersion(version, in: project.session)
      let report = try await scan.run(project.registry())
      #expect(report.findings.map(\.path) == ["models/weights.bin"], "\(compression)")
      _ = try await AttestVersion(version, in: project.session).run(
        .scan, scan.sarif(report), with: nil, from: .scan, subject: "x", registry: project.registry())
      #expect(
        try await failing(project, version, policy: "{scan: clean}").first?.evidence.contains("os.system") == true)
    }
  }

  @Test("a secret in the code is found, and the layer's bytes are compared with their digest first")
  func secrets() async throws {
    let project = try Project.model()
    try project.directory.write("p/lib/settings.py", "KEY = 'AKIA" + "Q3EGRWZTV7UXKLMP'\n")
    let version = try await project.package().version
    let registry = try project.registry()
    let report = try await ScanVersion(version, in: project.session).run(registry)
    #expect(report.findings.map(\.rule) == [.secret] && report.findings.first?.path == "app/lib/settings.py")
    let layer = registry.store.path(of: version.record.layers[0].descriptor.digest)
    var bytes = try FileBlob(layer).bytes()
    bytes[bytes.count / 2] ^= 1
    try Durable.replace(layer, with: bytes)
    await #expect(throws: TrustError.self) { try await ScanVersion(version, in: project.session).run(registry) }
  }

  @Test("push and pull transfer attachments, and the signature verifies at the destination")
  func travel() async throws {
    let server = try RegistryServer()
    let project = try Project.model()
    let version = try await project.package().version
    let registry = try project.registry()
    let key = try key(project)
    let destination = try Reference(parsing: "\(server.host)/crm/weights:1.0.0")
    _ = try await SignVersion(version, identity: destination.name, in: project.session).run(registry, with: key)
    _ = try await AttestVersion(version, in: project.session).run(
      .billOfMaterials, sbom(version.record, registry), with: nil, subject: "x", registry: registry)
    _ = try await PushVersion(version, to: destination, in: project.session).run(registry)

    var other = project.session
    other.registryPath = project.directory.path.appending("other")
    let pulled = try await PullVersion(destination, in: other).run().version
    let there = try other.openRegistry()
    let lines = try await VerifyVersion(pulled, in: other).run(there, [("release", key.publicKey)], type: .signature)
    #expect(
      Set(lines.map(\.digest))
        == Set(try registry.state(version.name).attachments(of: version).map { "\($0.descriptor.digest)" }))
    #expect(lines.count == 3 && lines.count { $0.keys == ["release"] } == 2)
    #expect(try await there.fsck().problems == [])
    // Pulled again, nothing is attached twice.
    _ = try await PullVersion(destination, in: other).run()
    #expect(try there.log(version.name).entries().count { $0.event.kind == .attached } == 3)

    // Where cosign before version 3, podman and skopeo look for signatures.
    let remote = try project.session.repository(destination)
    let classic = try await remote.resolve(TagMapping.attachmentTag(of: version.record.image.digest, suffix: "sig"))
    let manifest = try await remote.manifest(classic)
    #expect(manifest.content.layers.map(\.mediaType) == [SimpleSigning.mediaType])
    let raw = try ChildProcess.run([
      "skopeo", "inspect", "--raw", "--tls-verify=false",
      "docker://\(destination.name):\(TagMapping.attachmentTag(of: version.record.image.digest, suffix: "sig"))",
    ])
    #expect(raw.output == manifest.raw)
  }

  @Test("openssl verifies the simple signing of a second key next to the first")
  func classic() async throws {
    let project = try Project.model()
    let version = try await project.package().version
    let registry = try project.registry()
    let sign = SignVersion(version, identity: "h.example/r", in: project.session)
    for name in ["one", "two"] { _ = try await sign.run(registry, with: key(project, name)) }
    let last = try #require(
      registry.state(version.name).attachments(of: version).last {
        $0.descriptor.artifactType == SimpleSigning.artifactType
      })
    let layers = try await registry.store.manifest(last.descriptor).content.layers
    #expect(layers.count == 2)
    for (layer, name) in zip(layers, ["one", "two"]) {
      let signature = try #require(layer.annotations?[SimpleSigning.signatureAnnotation])
      try project.directory.write("sig64", signature + "\n")
      _ = try ChildProcess.run(
        ["openssl", "base64", "-d", "-A", "-in", "sig64", "-out", "sig"], directory: project.directory.path)
      let check = try ChildProcess.run(
        [
          "openssl", "dgst", "-sha256", "-verify", "registry/\(name).pub", "-signature", "sig",
          registry.store.path(of: layer.digest).string,
        ], directory: project.directory.path)
      #expect(check.status == 0, "\(name): \(check.text)\(check.errorText)")
    }
  }

  @Test("bills of materials conform to CycloneDX's schema and are always the same")
  func bills() async throws {
    let churn = try Project.churn()
    let model = try Project.model(
      yaml: "lineage: {parent: a/b@1.0.0, data: [weights.bin, lib/code.py], metrics: config.json, tags: {x: 'y'}}")
    var paths: [FilePath] = []
    for project in [churn, model] {
      var record = try await project.package().version.record
      let registry = try project.registry()
      for round in 0..<2 {
        if round == 1 {
          // Wheels, odd names, two platforms with the same wheel.
          record.packages = ["linux/amd64", "linux/arm64"].map {
            .init(name: "scikit-learn", version: "1.9.1+cpu", wheel: "scikit_learn.whl", digest: .of([1]), platform: $0)
          }
          record.lineage.metrics = .object(["a": .object([:]), "b": .string("x"), "c": .integer(1), "d": .number(0.1)])
        }
        let bytes = try await sbom(record, registry)
        #expect(try await sbom(record, registry) == bytes)
        try ModelBOM.check(
          StrictJSON.read(bytes, subject: "x"), about: [record.image.digest], now: .now(), subject: "x")
        let path = project.directory.path.appending("bom\(round).json")
        try Durable.replace(path, with: bytes)
        paths.append(path)
      }
    }
    let script = PackageRoot.path(#filePath).appending("Tests/OpzFlowTests/Fixtures/sbom.py").string
    let result = try Python.run([script] + paths.map(\.string))
    #expect(result.status == 0, "\(result.text)\(result.errorText)")
    let text = String(decoding: try FileBlob(paths[0]).bytes(), as: UTF8.self)
    for part in ["\"state: categorical\"", "\"probability: 1 a row\"", "\"auc\"", "opz-runtime", "data/churn.csv"] {
      #expect(text.contains(part), "\(part)")
    }
    try Durable.replace(paths[0], with: Array(text.replacing("machine-learning-model", with: "model").utf8))
    #expect(try Python.run([script, paths[0].string]).status == 1)
  }

  @Test(
    "only documents of the given type are attached, and unsigned ones only as types that allow it",
    arguments: [
      ("sbom", "{}"), ("sbom", #"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}"#), ("scan", "{}"),
      ("scan", "not JSON"),
      ("slsaprovenance", "{}"), ("signature", "{}"), ("https://example.com/x", "{}"),
      ("sbom", #"{"bomFormat":"CycloneDX","bomFormat":"x","specVersion":"1.6","components":[1]}"#),
    ])
  func refused(_ type: String, _ document: String) async throws {
    let project = try Project.model()
    let version = try await project.package().version
    let error = await #expect(throws: (any Error).self) {
      try await AttestVersion(version, in: project.session).run(
        PredicateType(parsing: type), Array(document.utf8), with: nil, subject: "x", registry: project.registry())
    }
    #expect(error is any ExplainedError)
    #expect(try project.registry().state(version.name).attachments == [:])
  }
}
