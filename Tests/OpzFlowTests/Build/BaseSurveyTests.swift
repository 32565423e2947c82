import OpzFlow
import OpzIO
import OpzOCI
import OpzProject
import OpzRegistry
import OpzRegistryKit
import OpzTestKit
import SystemPackage
import Testing

@Suite("The layers of a base in a registry")
struct BaseSurveyTests {
  @Test("opz lock fetches each layer once, and what is kept of it serves plan, package and the next project")
  func once() async throws {
    let project = try await LockedProject()
    let spec = try SpecRegistry()
    defer { spec.stop() }
    let registry = try project.project.registry()
    let base = try registry.find(LocalReference(parsing: "base@1.0.0"))
    let place = try Reference(parsing: "\(spec.host)/b/base:1")
    _ = try await PushVersion(base, to: place, in: project.project.session).run(registry)
    // A registry of its own, which does not have the layers.
    var other = project
    other.project.session.registryPath = project.project.directory.path.appending("other")
    try other.write(
      "opz.yaml", try other.text("opz.yaml").replacing("oci:../base:1", with: place.description))
    try other.wheel("a", "1.0")
    try other.require("a")
    func fetched(since start: Int) -> [Int] {
      let asked = spec.requests.dropFirst(start).filter { $0.method == "GET" }.map(\.target)
      return base.record.layers.map { layer in asked.count { $0.contains(layer.descriptor.digest.hex) } }
    }
    let start = spec.requests.count
    try await other.lock()
    #expect(fetched(since: start) == base.record.layers.map { _ in 1 })
    let later = spec.requests.count
    try await other.plan()
    _ = try await other.packages()
    for name in ["opz.lock", "pylock.toml"] { try Durable.remove(other.project.path.appending(name)) }
    try await other.lock()
    #expect(fetched(since: later).allSatisfy { $0 == 0 })
  }
}
