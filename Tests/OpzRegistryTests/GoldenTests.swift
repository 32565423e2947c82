import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzRegistry

/// `registry/golden` was written once, by opz 0.1.0. Each later opz must read it.
@Suite("The golden registry")
struct GoldenTests {
  let directory: TemporaryDirectory
  let registry: Registry
  let churn: ModelName

  init() throws {
    directory = try TemporaryDirectory()
    let golden = PackageRoot.path(#filePath).appending("registry/golden")
    _ = try ChildProcess.run(["cp", "-r", golden.string, directory.path.appending("r").string])
    registry = try Registry.open(directory.path.appending("r"))
    churn = try ModelName("crm/churn")
  }

  @Test("an audit finds nothing, and the history is the one that was written")
  func audit() async throws {
    let report = try await registry.fsck()
    #expect(report.problems == [] && report.versions == 2 && report.events == 12)
    #expect(
      try registry.log(churn).entries().map(\.event.kind) == [
        .packaged, .packaged, .packaged, .aliased, .aliased, .approved, .promoted, .rolledBack, .unaliased, .tagged,
        .described, .deleted,
      ])
  }

  @Test("versions, aliases, tags and cards are unchanged")
  func state() throws {
    let state = try registry.state(churn)
    #expect(state.live.map(\.version.description) == ["1.0.0", "1.1.0"])
    #expect(state.taken.map(\.description) == ["1.0.0", "1.1.0", "1.2.0"])
    let production = try registry.find(LocalReference(parsing: "crm/churn@production"))
    #expect(production.version.description == "1.0.0")
    #expect(
      production.record.image.digest.description
        == "sha256:98402ce161cf6690f7d54199fd4d2a08df1bca33d350f6fa56a820a5ba2c4af4")
    #expect(state.target(AliasName("champion")!) == nil)
    let second = try registry.find(LocalReference(parsing: "crm/churn@1.1.0"))
    #expect(state.tags[second.version] == ["reviewed": "yes"] && second.record.lineage.tags == ["team": "crm"])
    #expect(try registry.card(of: second) == "# Churn\n")
  }

  @Test("it can be extended: a version after the deleted one gets a new number")
  func goesOn() async throws {
    let fixture = RegistryFixture(directory: directory, registry: registry)
    try fixture.add("crm/churn", "1.3.0", content: "new")
    #expect(try await registry.fsck().problems == [])
    #expect(throws: RegistryError.self) { try fixture.add("crm/churn", "1.2.0", content: "other") }
  }
}

/// `registry/golden-3` was written once, by the first opz that writes format 2 and by `LaterOpz`: it has kinds of events,
/// members, a runtime and settings that opz did not know then. Each later opz must read it.
@Suite("The golden registry of format 2")
struct GoldenFormat2Tests {
  let registry: Registry
  let directory: TemporaryDirectory
  let churn: ModelName

  init() throws {
    directory = try TemporaryDirectory()
    let golden = PackageRoot.path(#filePath).appending("registry/golden-3")
    _ = try ChildProcess.run(["cp", "-r", golden.string, directory.path.appending("r").string])
    registry = try Registry.open(directory.path.appending("r"))
    churn = try ModelName("crm/churn")
  }

  @Test("an audit finds nothing, and says what it did not know", arguments: [false, true])
  func audit(_ isQuick: Bool) async throws {
    let report = try await registry.fsck(Registry.FsckOptions(quick: isQuick))
    #expect(registry.format == 2 && report.problems == [] && report.versions == 2 && report.events == 10)
    #expect(report.unknown == ["installed": 2, "judged-by-committee": 1])
    #expect(
      try registry.log(churn).entries().map(\.event.kind.rawValue) == [
        "packaged", "installed", "aliased", "pulled", "judged-by-committee", "configured", "promoted", "tagged",
        "installed", "attached",
      ])
  }

  @Test("the state is what it was: what is not known changed nothing")
  func state() throws {
    let state = try registry.state(churn)
    #expect(state.live.map(\.version.description) == ["1.0.0", "1.1.0"])
    let production = try registry.find(LocalReference(parsing: "crm/churn@production"))
    #expect(production.version.description == "1.1.0" && production.record.runtime.kind == "r")
    #expect(state.tags(of: production) == ["reviewed": "yes", "team": "risk"])
    #expect(state.attachments(of: production).count == 1)
    let current = try registry.current(production, in: state).record
    #expect(current.deploy?.object?["replicas"] == .integer(3))
    #expect(production.record.deploy?.object?["later"]?.object?["workers"] == .integer(2))
    #expect(state.named.values.flatMap { $0 }.map(\.mediaType.rawValue).sorted() == ["application/sql", "text/plain"])
  }

  @Test("members that are not known are where they were")
  func members() throws {
    let version = try registry.find(LocalReference(parsing: "crm/churn@1.1.0"))
    let record = try #require(try JSONValue(json: version.bytes).object)
    #expect(record["serve"]?.object?["note"] == .string("of a later opz"))
    for part in ["runtime", "lineage", "deploy"] { #expect(record[part]?.object?["later"] != nil, "\(part)") }
    let log = registry.log(churn)
    let judged = try #require(try log.entries().first { $0.event.kind.rawValue == "judged-by-committee" })
    #expect(try log.json(of: judged)["committee"] == .object(["members": .integer(3)]))
  }

  @Test("a collection keeps what they name, and versions come after them")
  func goesOn() async throws {
    var options = Registry.CollectionOptions()
    options.grace = 0
    let author = Author(actor: "t", at: Timestamp(milliseconds: 9_000_000_000_000))
    #expect(try registry.collect(options, by: author).dropped.isEmpty)
    try RegistryFixture(directory: directory, registry: registry).add("crm/churn", "1.2.0", content: "new")
    let report = try await registry.fsck()
    #expect(report.problems == [] && report.versions == 3)
    let obstacles = try registry.changeFormat(to: 1, isDryRun: true).obstacles
    #expect(obstacles.count == 3 && obstacles[0].hasSuffix("the kind installed"))
  }
}

/// `registry/golden-2` was written once, by opz 0.1.0: signed (`release.pub`), attested, scanned, deployed,
/// rolled back, pushed, and with a pulled model. Each later opz must read it.
@Suite("The golden registry with attachments and deploys")
struct GoldenTrustTests {
  let registry: Registry
  let directory: TemporaryDirectory
  let churn: ModelName

  init() throws {
    directory = try TemporaryDirectory()
    let golden = PackageRoot.path(#filePath).appending("registry/golden-2")
    _ = try ChildProcess.run(["cp", "-r", golden.string, directory.path.appending("r").string])
    registry = try Registry.open(directory.path.appending("r"))
    churn = try ModelName("crm/churn")
  }

  @Test(
    "a full and a quick audit find nothing, and the history is the one that was written",
    arguments: [false, true])
  func audit(_ isQuick: Bool) async throws {
    let report = try await registry.fsck(Registry.FsckOptions(quick: isQuick))
    #expect(report.problems == [] && report.models == 2 && report.versions == 3 && report.events == 17)
    #expect(report.blobs == (isQuick ? 0 : 41))
    #expect(
      try registry.log(churn).entries().map(\.event.kind) == [
        .packaged, .deployed, .packaged, .attached, .attached, .attached, .attached, .attached, .attached, .deployed,
        .deployed, .deployed, .pushed,
      ])
    let fraud = try registry.log(ModelName("ops/fraud")).entries().map(\.event.kind)
    #expect(fraud == [.pulled, .attached, .attached, .attached])
  }

  @Test("the attachments are unchanged, and all their blobs exist")
  func attachments() throws {
    let version = try registry.find(LocalReference(parsing: "crm/churn@1.1.0"))
    let attachments = try registry.state(churn).attachments(of: version)
    let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json"
    #expect(
      attachments.map { $0.descriptor.artifactType?.rawValue ?? "" } == [
        bundle, "application/vnd.dev.cosign.artifact.sig.v1+json", "application/vnd.cyclonedx+json", bundle, bundle,
        "application/sarif+json",
      ])
    for attachment in attachments {
      #expect(attachment.actor == "golden@opz" && attachment.image == version.record.image.digest)
      let manifest = try Manifest(
        raw: registry.store.file(attachment.descriptor).bytes(), mediaType: attachment.descriptor.mediaType,
        subject: "golden")
      #expect(manifest.content.subject?.digest == version.record.image.digest)
      for blob in manifest.references { #expect(try registry.store.has(blob)) }
    }
    #expect(attachments.filter { $0.descriptor.annotations?["dev.sigstore.bundle.predicateType"] != nil }.count == 3)
  }

  /// Deploys in earlier registries count as complete, and their target and profile are not part of the place.
  @Test("deploys are grouped by place, and a restored deploy counts as its original")
  func deploys() throws {
    let state = try registry.state(churn)
    let production = state.deploys.filter { $0.place == DeployPlace(namespace: nil) }
    #expect(production.map(\.version.description) == ["1.0.0", "1.1.0", "1.0.0"])
    #expect(production[2].manifests == production[0].manifests && production[2].restores == production[0].hash)
    #expect(state.deploys.map(\.place).last { $0.namespace != nil } == DeployPlace(namespace: "scoring"))
    #expect(state.deploys.allSatisfy { $0.isWhole })
    // There is nothing before the first one.
    #expect(state.previousDeploy(in: DeployPlace(namespace: nil)) == nil)
    let stream = try String(decoding: registry.store.file(production[0].manifests).bytes(), as: UTF8.self)
    #expect(
      stream.contains(
        "registry.example/crm/churn@sha256:16624a28af0f4ac52fc8fe86f3c6383f5988b27e88f036daac3e49d9c9ab5c14"))
  }

  @Test("the places that versions were pushed to and pulled from are known, with the receipt")
  func places() throws {
    let version = try #require(SemanticVersion("1.1.0"))
    #expect(try registry.state(churn).places[version] == ["127.0.0.1:5077/crm/churn:1.1.0"])
    let pushed = try #require(try registry.log(churn).entries().last?.event)
    let receipt = try #require(pushed.details["receipt"]?.object)
    #expect(receipt["digest"] == nil || receipt["digest"]?.string == pushed.image.description)
    let fraud = try registry.find(LocalReference(parsing: "ops/fraud"))
    #expect(fraud.version.description == "2.0.0")
    #expect(try registry.state(fraud.name).places[fraud.version] == ["127.0.0.1:5077/ops/fraud:2.0.0"])
    #expect(try registry.state(fraud.name).attachments(of: fraud).count == 3)
  }

  @Test("its cached state equals the state from the events")
  func kept() throws {
    let state = try registry.state(churn)
    let file = directory.path.appending("kept.state")
    let names = try registry.log(churn).names()
    try StateFile(mark: StateFile.Mark(names), state: state).write(file)
    #expect(StateFile.read(file)?.state == state)
  }
}
