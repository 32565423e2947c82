import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzTestKit
import SystemPackage
import Testing

@Suite("The memory of pods with a server of the user's own")
struct DeployMemoryTests {
  private func remark(_ version: Registry.Version, _ project: Project) async throws -> String? {
    let request = DeployRequest(repository: try Reference(parsing: "registry.example/py"), target: .kubernetes)
    return try await DeployVersion(version, request, in: project.session).manifests().remarks.first {
      $0.contains("of memory: ")
    }
  }

  @Test("a Python environment's own size is recorded, and deploy says what memory is from: a guess, a test, opz.yaml")
  func python() async throws {
    let project = try await LockedProject()
    for name in ["a", "b"] { try project.wheel(name, "1.0") }
    try project.require("a", "b")
    try await project.lock()
    let version = try await project.project.package().version
    for package in version.record.packages ?? [] {
      let file = project.project.path.appending("wheels/\(package.wheel)").string
      let script =
        "import sys, zipfile; print(sum(i.file_size for i in zipfile.ZipFile(sys.argv[1]).infolist()), end='')"
      #expect(try Python.run(["-c", script, file]).text == package.unpacked.map { "\($0)" })
    }
    #expect(version.record.packages?.count == 2)
    let guessed = try #require(try await remark(version, project.project))
    #expect(guessed.hasPrefix("each pod gets 960Mi of memory: nothing was measured"), "\(guessed)")
    #expect(guessed.contains("(their files have 1Mi)"), "\(guessed)")
    try project.project.registry().note(
      .tested, version, by: project.project.session.author, details: ["memoryBytes": .integer(1 << 30)])
    let measured = try #require(try await remark(version, project.project))
    #expect(measured.contains("opz test measured 1024Mi"), "\(measured)")
    try project.write("opz.yaml", try project.text("opz.yaml") + "deploy: {resources: {memory: 2Gi}}\n")
    _ = try await project.project.package()
    #expect(try await remark(version, project.project) == nil)
  }

  @Test("an image of which opz knows nothing is sized by its bytes, which is said")
  func custom() async throws {
    let project = try Project()
    try project.directory.write(
      "p/opz.yaml", "opz: 1\nname: m\nmodel: {path: m}\nruntime: {kind: custom, base: scratch, command: [run]}\n")
    try project.directory.write("p/m", "m")
    let version = try await project.package().version
    let said = try #require(try await remark(version, project))
    #expect(said.hasPrefix("each pod gets 256Mi of memory: opz cannot measure a server of your own"), "\(said)")
  }
}
