import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@Suite("Settings of opz.yaml that change while the content does not")
struct SettingsTests {
  let project: Project

  init() throws {
    project = try Project()
    try project.directory.write("p/weights.bin", "weights")
  }

  @discardableResult
  private func package(_ settings: String, version: String = "auto", file: String = "p/opz.yaml") async throws
    -> PackageProject.Result
  {
    try write(settings, version, file: file)
    return try await project.package()
  }

  private func write(_ settings: String, _ version: String = "auto", file: String = "p/opz.yaml") throws {
    try project.directory.write(
      file,
      """
      opz: 1
      name: churn
      version: \(version)
      model: {path: weights.bin}
      runtime: {kind: custom, base: scratch, command: [/serve], expose: 9000}
      \(settings)

      """)
  }

  private func deployed(_ settings: SettingsFile? = nil) async throws -> DeployVersion.Result {
    let version = try project.registry().find(LocalReference(parsing: "churn@1.0.0"))
    var request = DeployRequest(repository: try Reference(parsing: "registry.example/crm/churn"))
    request.settings = settings
    let deploy = DeployVersion(version, request, in: project.session)
    let result = try await deploy.manifests()
    try await deploy.record(result, project.registry())
    return result
  }

  @Test(
    "a changed deploy section applies to the next deploy, with no new version and no new digest",
    arguments: ["auto", "1.0.0"])
  func deploy(version: String) async throws {
    let first = try await package("deploy: {replicas: {min: 2, max: 10}}", version: version)
    #expect(try await deployed().stream.contains("maxReplicas: 10\n"))
    let second = try await package("deploy: {replicas: {min: 2, max: 20}}", version: version)
    #expect(second.existed && second.version.record.image == first.version.record.image)
    #expect(second.changes.map(\.description) == ["deploy.replicas.max: 10 -> 20"])
    let result = try await deployed()
    #expect(result.stream.contains("maxReplicas: 20\n"))
    #expect(result.settings.hasSuffix("(event 3)") && result.settings.hasPrefix("settings of opz.yaml packaged at 2"))
    let registry = try project.registry()
    #expect(try registry.versions(ModelName("churn")).count == 1)
    // The record and its artifact have not changed.
    let found = try registry.find(LocalReference(parsing: "churn@1.0.0"))
    #expect(found.bytes == first.version.bytes && found.artifact == first.version.artifact)
    let events = try registry.log(ModelName("churn")).entries()
    #expect(events.map(\.event.kind) == [.packaged, .deployed, .configured, .deployed])
    #expect(events[1].event.details["settings"] == nil)
    #expect(events[3].event.details["settings"] == .string(events[2].hash))
    // Back to the earlier numbers: they apply again.
    _ = try await package("deploy: {replicas: {min: 2, max: 10}}", version: version)
    #expect(try await deployed().stream.contains("maxReplicas: 10\n"))
    #expect(try await package("deploy: {replicas: {min: 2, max: 10}}", version: version).changes == [])
    #expect(try await registry.fsck().problems == [])
  }

  @Test("settings from a file replace the recorded ones; a file of another model is refused")
  func file() async throws {
    let version = try await package("deploy: {replicas: {min: 2, max: 10}}").version
    try write("deploy: {replicas: {min: 2, max: 33}}\npush: {to: h.example/a}", "auto", file: "other.yaml")
    let path = project.directory.path.appending("other.yaml")
    let file = try SettingsFile(path, name: "other.yaml", for: version)
    let result = try await deployed(file)
    #expect(result.stream.contains("maxReplicas: 33\n") && result.settings == "settings of other.yaml")
    #expect(file.pushTo == "h.example/a")
    let text = String(decoding: try FileBlob(path).bytes(), as: UTF8.self)
    try project.directory.write("other.yaml", text.replacing("name: churn", with: "name: fraud"))
    let error = #expect(throws: FlowError.self) { try SettingsFile(path, name: "other.yaml", for: version) }
    #expect(error?.category == .conflict)
  }

  @Test("opz plan shows what would change, and changes nothing")
  func plan() async throws {
    try project.directory.write("p/expected.csv", "p\n1\n")
    try project.directory.write("p/metrics.json", #"{"auc": 0.9, "n": 1.0}"#)
    let settings = "lineage: {tags: {team: crm}, metrics: metrics.json}\npush: {to: h.example/churn}"
    _ = try await package(settings)
    func planned() async throws -> [String] {
      try await PlanProject(PackageRequest(project: project.path), in: project.session).run().settings.map(
        \.description)
    }
    #expect(try await planned() == [])
    try write("lineage: {tags: {team: ops}, metrics: metrics.json}\npush: {to: h.example/other}")
    try project.directory.write("p/metrics.json", #"{"auc": 0.8, "n": 1}"#)
    try project.directory.write("p/expected.csv", "p\n2\n")
    let changes = try await planned()
    #expect(
      changes.dropLast() == [
        "lineage.metrics.auc: 0.9 -> 0.8", "lineage.tags.team: \"crm\" -> \"ops\"",
        "push.to: \"h.example/churn\" -> \"h.example/other\"",
      ])
    #expect(changes.last?.hasPrefix("test.expected.csv: \"sha256:") == true)
    #expect(try project.registry().log(ModelName("churn")).entries().count == 1)
    let packaged = try await project.package()
    #expect(packaged.existed && packaged.changes.map(\.description) == changes)
    #expect(try await planned() == [])
    let registry = try project.registry()
    let current = try registry.current(packaged.version).record
    #expect(current.pushTo == "h.example/other" && current.lineage.tags == ["team": "ops"])
    #expect(
      try await registry.store.bytes(#require(current.tests.first).descriptor, limit: 100) == Array("p\n2\n".utf8))
    #expect(try await registry.search(nil, where: VersionQuery(parsing: "metrics.auc < 0.85")).count == 1)
  }

  @Test("a version rebased on another base keeps the newest settings")
  func rebased() async throws {
    _ = try await package("deploy: {replicas: {min: 2, max: 10}}")
    _ = try await package("deploy: {replicas: {min: 2, max: 20}}")
    try project.directory.write(
      "b/opz.yaml", "opz: 1\nname: base\nmodel: {path: m}\nruntime: {kind: custom, base: scratch, command: [/serve]}\n")
    try project.directory.write("b/m", "m")
    var request = PackageRequest(project: project.directory.path.appending("b"))
    request.outputs = ["oci:base:1"]
    _ = try await PackageProject(request, in: project.session).run()
    let registry = try project.registry()
    let version = try registry.find(LocalReference(parsing: "churn@1.0.0"))
    let new = try await RebaseVersion(version, onto: "oci:base:1", in: project.session).run(registry).version
    #expect(new.version.description == "1.0.1" && new.record.deploy?["replicas"]?["max"] == .integer(20))
    #expect(try await registry.fsck().problems == [])
  }
}
