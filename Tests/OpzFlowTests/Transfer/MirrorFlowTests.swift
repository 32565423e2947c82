import OpzDistribution
import OpzFlow
import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

/// Commands that pull ask mirrors, and commands that push do not.
@Suite("Mirrors of commands")
struct MirrorFlowTests {
  /// A project whose registries.conf says this.
  private func project(_ text: String) throws -> Project {
    var project = try Project.model()
    let path = try project.directory.write("registries.conf", text)
    project.session.environment["OPZ_MIRRORS"] = path.string
    return project
  }

  @Test("a blocked registry is pushed to and not pulled from, and no empty registry stays behind")
  func blocked() async throws {
    let server = try RegistryServer()
    let project = try project("[[registry]]\nlocation = \"\(server.host)\"\nblocked = true\n")
    let version = try await project.package().version
    let place = try Reference(parsing: "\(server.host)/crm/weights:1.0.0")
    _ = try await PushVersion(version, to: place, in: project.session).run(project.registry())
    var other = project.session
    other.registryPath = project.directory.path.appending("other")
    let error = await #expect(throws: DistributionError.self) { try await PullVersion(place, in: other).run() }
    #expect(error?.code == .blocked && error?.category == .refused)
    #expect(try FileStatus.find(other.registryPath) == nil)
  }

  @Test("a version and a base come from a mirror of a registry that is not there")
  func pulled() async throws {
    let (mirror, closed) = (try RegistryServer(), try LoopbackListener(isListening: false))
    let host = "127.0.0.1:\(closed.port)"
    let project = try project(
      "[[registry]]\nlocation = \"\(host)\"\nmirror = [{location = \"\(mirror.host)/copies\"}]\n")
    let version = try await project.package { $0.push = "\(mirror.host)/copies/crm/weights:1.0.0" }.version
    var other = project.session
    other.registryPath = project.directory.path.appending("other")
    let found = try await PullVersion(Reference(parsing: "\(host)/crm/weights:1.0.0"), in: other).run()
    #expect(found.version.bytes == version.bytes)
    try project.directory.write("q/model.bin", "m")
    try project.directory.write(
      "q/opz.yaml",
      """
      opz: 1
      name: custom
      model: {path: model.bin}
      runtime: {kind: custom, base: "\(host)/crm/weights:1.0.0", command: [/x]}
      """)
    let request = PackageRequest(project: project.directory.path.appending("q"))
    let built = try await PackageProject(request, in: project.session).run()
    #expect(built.version.record.runtime.baseDigest == version.record.image.digest)
  }
}
