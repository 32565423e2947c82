import OpzIO
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

  @Test("versions, aliases, tags and cards are what they were")
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

  @Test("it goes on: a version after the deleted one gets a number of its own")
  func goesOn() async throws {
    let fixture = RegistryFixture(directory: directory, registry: registry)
    try fixture.add("crm/churn", "1.3.0", "new")
    #expect(try await registry.fsck().problems == [])
    #expect(throws: RegistryError.self) { try fixture.add("crm/churn", "1.2.0", "other") }
  }
}
