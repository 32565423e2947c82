import OpzDistribution
import OpzIO
import OpzJSON
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzFlow

@Suite("Promotion, rollback, and layers that are only in a container registry")
struct LifecycleTests {
  let production = AliasName("production")!

  /// A model with two versions, whose metrics are 0.90 and 0.91.
  func project() async throws -> Project {
    let project = try Project.model(yaml: "lineage: {metrics: metrics.json}")
    for (weights, auc) in [("one", "0.90"), ("two", "0.91")] {
      try project.directory.write("p/weights.bin", weights)
      try project.directory.write("p/metrics.json", "{\"auc\": \(auc), \"loss\": 0.2}")
      _ = try await project.package()
    }
    return project
  }

  func find(_ project: Project, _ text: String) throws -> Registry.Version {
    try project.registry().find(LocalReference(parsing: "crm/weights@\(text)"))
  }

  func promote(_ project: Project, _ text: String, policy: String, by actor: String = "tester") async throws
    -> [GateResult]
  {
    var session = project.session
    session.environment["USER"] = actor
    let path = session.registryPath.appending("policy.yaml")
    if policy == "{}" {
      try Durable.remove(path)
    } else {
      try Durable.replace(path, with: Array("opz: 1\npromote: {production: \(policy)}\n".utf8))
    }
    return try await MoveAlias(try find(project, text), to: production, .promotion, in: session)
      .run(project.registry()).gates
  }

  @Test(
    "a gate that does not pass refuses the promotion, and the alias does not move",
    arguments: [
      "{metrics: {auc: \">= 0.92\"}}", "{metrics: {f1: \"> 0\"}}", "{better: {auc: 0.02}}", "{better: {loss: -0.1}}",
      "{better: {f1: 0}}",
      "{tests: true}", "{clean: true}", "{approvals: 1}", "{from: staging}", "{sbom: true}", "{scan: clean}",
      "{scan: {tools: [opz]}}",
    ])
  func refuses(_ policy: String) async throws {
    let project = try await project()
    _ = try await promote(project, "1.0.0", policy: "{}")
    let error = await #expect(throws: FlowError.self) { try await promote(project, "1.1.0", policy: policy) }
    #expect(error?.category == .refused)
    #expect(try find(project, "production").version.description == "1.0.0")
  }

  @Test("the results of gates that pass are in the event")
  func passes() async throws {
    let project = try await project()
    let registry = try project.registry()
    _ = try await promote(project, "1.0.0", policy: "{metrics: {auc: \"> 0.5\"}}")
    let second = try find(project, "1.1.0")
    try registry.note(.tested, second, by: Author(actor: "ci"), details: ["passed": .bool(true)])
    try registry.note(.approved, second, by: Author(actor: "ann"), details: ["alias": .string("production")])
    _ = try await MoveAlias(second, to: AliasName("staging")!, .promotion, in: project.session).run(registry)
    let policy =
      "{from: staging, metrics: {auc: \">= 0.91\", loss: \"< 0.3\"}, better: {auc: 0.005}, tests: true, approvals: 1}"
    let gates = try await promote(project, "1.1.0", policy: policy)
    #expect(gates.map(\.gate) == ["from", "metrics.auc", "metrics.loss", "better.auc", "tests", "approvals"])
    let event = try #require(try registry.log(second.name).entries().last?.event)
    #expect(event.kind == .promoted && event.alias?.name == "production")
    #expect(event.details["gates"] == (try JSONValue(encoding: gates)))
    // The promoter's own approval does not count.
    let error = await #expect(throws: FlowError.self) {
      try await promote(project, "1.0.0", policy: "{approvals: 1}", by: "ann")
    }
    #expect(error?.reason.contains("0 of 1") == true)
  }

  @Test("a rollback verifies every blob first, and does not move the alias if one is corrupt")
  func rollBack() async throws {
    let project = try await project()
    let registry = try project.registry()
    for text in ["1.0.0", "1.1.0"] { _ = try await promote(project, text, policy: "{}") }
    let first = try find(project, "1.0.0")
    let layer = registry.store.path(of: first.record.layers[0].descriptor.digest)
    let bytes = try FileBlob(layer).bytes()
    var rotten = bytes
    rotten[rotten.count / 2] ^= 1
    try Durable.replace(layer, with: rotten)
    let error = await #expect(throws: FlowError.self) {
      try await RollBackAlias(first.name, production, in: project.session).run(registry)
    }
    #expect(error?.category == .verification)
    #expect(try find(project, "production").version.description == "1.1.0")
    try Durable.replace(layer, with: bytes, mode: 0o444)
    let change = try await RollBackAlias(first.name, production, in: project.session).run(registry)
    #expect(change.change.to?.description == "1.0.0")
    #expect(try find(project, "production").version.description == "1.0.0")
  }

  @Test(
    "layers that a container registry has can be removed here; fsck accepts that, and commands fetch them"
  )
  func pushed() async throws {
    let server = try RegistryServer()
    let project = try await project()
    let registry = try project.registry()
    let destination = "\(server.host)/crm/weights"
    for text in ["1.0.0", "1.1.0"] {
      let version = try find(project, text)
      _ = try await PushVersion(version, to: try Reference(parsing: "\(destination):\(text)"), in: project.session).run(
        registry)
    }
    func collect(_ rehearsal: Bool = false) async throws -> CollectionReport {
      try await CollectGarbage(isDryRun: rehearsal, grace: 0, pushed: true, in: project.session).run(registry)
    }
    let rehearsal = try await collect(true)
    let report = try await collect()
    #expect(report.dropped.count == rehearsal.dropped.count && report.dropped.count == 4)
    let first = try find(project, "1.0.0")
    #expect(try first.record.layers.allSatisfy { try !registry.store.has($0.descriptor) })
    let audit = try await registry.fsck()
    #expect(audit.problems == [])
    #expect(audit.elsewhere == 6)
    // A command that needs the bytes fetches them.
    let output = project.directory.path.appending("out")
    let content = VersionContent(registry: registry, record: first.record, session: project.session)
    _ = try await copy(first.record.image, from: content, to: try LayoutStore.create(output))
    // A corrupt blob is fetched again.
    _ = try await RepairRegistry(registry, from: [destination], in: project.session).run(audit)
    let manifest = registry.store.path(of: first.record.image.digest)
    try Durable.replace(manifest, with: Array("rotten".utf8))
    let broken = try await registry.fsck()
    #expect(!broken.problems.isEmpty)
    #expect(try await RepairRegistry(registry, from: [], in: project.session).run(broken) > 0)
    #expect(try await registry.fsck().problems == [])
  }

  @Test("a layer of a version that was never pushed is kept")
  func unpushed() async throws {
    let server = try RegistryServer()
    let project = try await project()
    let registry = try project.registry()
    let version = try find(project, "1.0.0")
    _ = try await PushVersion(version, to: try Reference(parsing: "\(server.host)/a:1"), in: project.session).run(
      registry)
    let report = try await CollectGarbage(isDryRun: false, grace: 0, pushed: true, in: project.session).run(registry)
    // The other version uses the code and configuration layers too.
    #expect(report.dropped.map(\.digest) == [version.record.layers[0].descriptor.digest])
    #expect(try await registry.fsck().problems == [])
  }
}
