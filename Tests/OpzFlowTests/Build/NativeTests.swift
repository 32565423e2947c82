import OpzArchive
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@Suite("Native images, with the real server")
struct NativeTests {
  @Test("the churn example passes its own test, to the last bit of every margin")
  func test() async throws {
    let project = try Project.churn()
    let version = try await project.package { $0.test = true }.version
    #expect(version.record.reference == "churn@1.0.0")
    let report = try await TestVersion.run(version, in: project.session)
    #expect(report.passed)
    #expect(report.checks.map(\.name) == ["expected.csv", "requests.jsonl"])
    #expect(report.checks.map(\.values) == [2000, 6])
    let layers = version.record.layers
    #expect(layers.map(\.role) == ["runtime", "model"])
    #expect(layers.reduce(0) { $0 + $1.descriptor.size } <= 12_000_000)
  }

  @Test("a wrong expectation fails the test, and package --test records nothing")
  func wrong() async throws {
    let project = try Project.churn()
    let path = project.path.appending("expected.csv")
    let text = String(decoding: try FileBlob(path).bytes(), as: UTF8.self)
    let lines = text.split(separator: "\n")
    try project.directory.write("p/expected.csv", text.replacing(lines[500], with: "0.5,0.1"))
    let error = await #expect(throws: FlowError.self) { try await project.package { $0.test = true } }
    #expect(error?.category == .verification)
    #expect(error?.reason.contains("row 500") == true, "\(String(describing: error))")
    #expect(try project.registry().models().isEmpty)
  }

  @Test("importing another server changes no existing version; the next package makes a new one")
  func pinned() async throws {
    var project = try Project.churn()
    let first = try await project.package().version.record
    let other = project.directory.path.appending("other-server")
    let copied = try ChildProcess.run(["sh", "-c", "cp \(try BuiltPrograms.server()) \(other) && printf x >> \(other)"])
    #expect(copied.status == 0)
    project.session.environment["OPZ_SERVER"] = other.string
    #expect(try await project.package().existed)
    _ = try await RuntimeImport.program(other, in: project.session)
    let second = try await project.package { $0.version = "1.0.1" }.version.record
    #expect(second.layers[0].descriptor.digest != first.layers[0].descriptor.digest)
    #expect(second.layers[1] == first.layers[1])
    let dynamic = await #expect(throws: (any Error).self) {
      try await RuntimeImport.program("/bin/ls", in: project.session)
    }
    #expect("\(dynamic!)".contains("shared libraries"))
  }

  @Test("docker build of the generated Dockerfile gives the same files and settings")
  func dockerfile() async throws {
    let project = try Project.churn()
    try project.directory.write("p/lib/run.sh", "#!/bin/sh\n", mode: 0o750)
    try project.directory.write("p/lib/empty", "")
    try project.directory.write("p/settings.json", "{}")
    _ = try ChildProcess.run(["ln", "-s", "run.sh", project.path.appending("lib/link").string])
    let version = try await project.package {
      $0.overrides = [
        "code=[lib]", "config=[settings.json]",
        #"env={QUOTES: "a \"b\" $HOME ${X:-y} \\ 'c'", EMPTY: "", SPACES: "  two  words "}"#,
      ]
      $0.outputs = ["docker-archive:ours.tar"]
      $0.tags = ["ours"]
    }.version
    let mine = try await DockerComparison.check(version, of: project)
    #expect(mine.paths.count == 9)
  }
}
