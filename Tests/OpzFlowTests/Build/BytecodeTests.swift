import OpzArchive
import OpzFlow
import OpzIO
import OpzOCI
import OpzProject
import OpzRegistry
import OpzRegistryKit
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@Suite("Compiled modules of packages")
struct BytecodeTests {
  /// The version of the tests' own Python, which stands in the base.
  private static func version() throws -> String {
    let result = try Python.run(["-c", "import platform; print(platform.python_version(), end='')"])
    try #require(result.status == 0 && result.text.hasPrefix("3."), "\(result.errorText)")
    return result.text
  }

  private static func minor(_ version: String) -> String {
    version.split(separator: ".").prefix(2).joined(separator: ".")
  }

  private func project() async throws -> LockedProject {
    let version = try Self.version()
    var project = try await LockedProject(python: Self.minor(version), release: version)
    let path = project.project.session.environment["PATH"] ?? ""
    project.project.session.environment["PATH"] = "\(Python.interpreter().removingLastComponent()):\(path)"
    for name in ["a", "b"] { try project.wheel(name, "1.0") }
    try project.require("a", "b")
    try await project.lock()
    return project
  }

  /// The files of the image's packages, by path.
  private func files(_ project: LockedProject) async throws -> [String: [UInt8]] {
    let record = try await project.project.package().version.record
    let store = try project.project.registry().store
    var found: [String: [UInt8]] = [:]
    for layer in record.layers where layer.role == "environment" {
      let reader = try TarReader(StoredLayer(layer.descriptor, store.file(layer.descriptor), diffID: layer.diffID))
      while let header = try reader.next() {
        guard case .file = header.kind else { continue }
        var bytes: [UInt8] = []
        try reader.forEachChunk { bytes.append(contentsOf: $0) }
        found[header.path.string] = bytes
      }
    }
    return found
  }

  @Test("each module has its compiled form, which RECORD lists and Python takes without looking at the source")
  func compiled() async throws {
    let project = try await project()
    let tag = "cpython-\(Self.minor(try Self.version()).replacing(".", with: ""))"
    let files = try await files(project)
    let library = "opt/python/lib/python\(Self.minor(try Self.version()))/site-packages"
    let bytes = try #require(files["\(library)/__pycache__/a.\(tag).pyc"], "\(files.keys.sorted())")
    #expect(Array(bytes[4..<8]) == [1, 0, 0, 0])
    let record = String(decoding: try #require(files["\(library)/a-1.0.dist-info/RECORD"]), as: UTF8.self)
    #expect(record.contains("__pycache__/a.\(tag).pyc,sha256="))
    let directory = try TemporaryDirectory()
    for (path, bytes) in files {
      let place = directory.path.pushing(FilePath(path))
      try Durable.makeDirectory(place.removingLastComponent())
      try Durable.replace(place, with: bytes)
    }
    let site = directory.path.pushing(FilePath(library)).string
    let run = try Python.run(["-v", "-c", "import sys; sys.path.insert(0, '\(site)'); import a, b"])
    #expect(run.status == 0 && run.errorText.contains("matches \(site)/a.py"), "\(run.errorText.suffix(2000))")
    #expect(!run.errorText.contains("wrote '\(site)"))
  }

  @Test("two builds on two machines have the same bytes; without compiled modules the image is another one")
  func same() async throws {
    let (one, two) = (try await project(), try await project())
    let first = try await one.project.package().version.record
    #expect(try await two.project.package().version.record.content == first.content)
    #expect(try await one.project.package().existed)
    try one.configure("python: \"\(Self.minor(try Self.version()))\", bytecode: false")
    #expect(try await files(one).keys.allSatisfy { !$0.hasSuffix(".pyc") })
  }

  @Test("a wheel is compiled once; taking its compiled modules counts as use of the cache")
  func used() async throws {
    let project = try await project()
    let first = try await project.project.package().version.record
    let cache = try project.project.registry().root.appending("cache")
    let zips = try Directory.entries(cache.appending("bytecode")).filter { $0.extension == "zip" }.map {
      cache.appending("bytecode").appending($0)
    }
    #expect(zips.count == 2)
    for zip in zips { try PruneCacheTests.age(zip, days: 2) }
    let before = try zips.map { try FileStatus.of($0) }
    try Durable.removeTree(cache.appending("layers"))
    #expect(try await project.project.package().version.record.content == first.content)
    let after = try zips.map { try FileStatus.of($0) }
    #expect(zip(before, after).allSatisfy { $0.inode == $1.inode && $0.modified < $1.modified })
  }

  @Test("where there is no Python of exactly the base's version, package says what that costs and what helps")
  func missing() async throws {
    let version = Self.minor(try Self.version()) + ".999"
    var project = try await LockedProject(python: Self.minor(version), release: version)
    try project.wheel("a", "1.0")
    try project.require("a")
    try await project.lock()
    #expect(
      try ProjectLock.read(in: project.project.path)?.facts?.values.first?.releases?.values.contains(version) == true)
    let notes = Notes()
    project.project.session.progress = notes
    #expect(try await files(project).keys.allSatisfy { !$0.hasSuffix(".pyc") })
    #expect(
      notes.texts.contains { $0.contains("uv python install \(version)") && $0.contains("each container compiles") })
  }
}
