import OpzArchive
import OpzIO
import OpzJSON
import OpzOCI
import OpzProject
import OpzPython
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzFlow

/// The base with Debian's own Python, of the root file system that scripts/test-base makes.
enum DebianBase {
  static let files = PackageRoot.path(#filePath).appending(".build/test-base/rootfs.tar")
  static var exists: Bool { (try? FileStatus.find(files)) != nil }

  /// Writes it as an OCI layout with the tag 1.
  static func write(to path: FilePath, architecture: String = Platform.host.architecture) async throws {
    let store = try LayoutStore.create(path)
    let blob = try FileBlob(files)
    let writer = try store.ingest(expecting: blob.size)
    try blob.forEachChunk { try writer.write($0) }
    let layer = try writer.commit(.layerTar)
    func entry(_ descriptor: Descriptor, _ type: MediaType) -> JSONValue {
      .object([
        "mediaType": .string(type.rawValue), "digest": .string("\(descriptor.digest)"),
        "size": .integer(Int64(descriptor.size)),
      ])
    }
    let config = JSONValue.object([
      "architecture": .string(architecture), "os": .string("linux"),
      "config": .object(["Env": .array([.string("PATH=/usr/local/bin:/usr/bin:/bin")])]),
      "rootfs": .object(["type": .string("layers"), "diff_ids": .array([.string("\(layer.digest)")])]),
    ])
    let stored = try store.put(CanonicalJSON.encode(config), .imageConfig)
    let manifest = JSONValue.object([
      "schemaVersion": .integer(2), "mediaType": .string(MediaType.imageManifest.rawValue),
      "config": entry(stored, .imageConfig), "layers": .array([entry(layer, .layerTar)]),
    ])
    try await store.tag(try store.put(CanonicalJSON.encode(manifest), .imageManifest), as: "1")
  }
}

@Suite("The base's own Python compiles the packages", .enabled(if: DebianBase.exists))
struct BasePythonTests {
  /// A project on Debian's Python, with two packages.
  /// - Parameter tools: those of this machine that opz finds; nil for all in the usual places.
  private func project(_ tools: [String]? = nil) async throws -> LockedProject {
    var project = try await LockedProject()
    try await DebianBase.write(to: project.project.directory.path.appending("debian"))
    try project.write("opz.yaml", try project.text("opz.yaml").replacing("oci:../base:1", with: "oci:../debian:1"))
    var path = "/usr/sbin:/usr/bin:/sbin:/bin"
    if let tools {
      path = project.project.directory.path.appending("tools").string
      try Durable.makeDirectory(FilePath(path))
      for tool in tools {
        let found = try #require(ProgramSearch.find(tool, in: ["PATH": "/usr/bin:/bin"]))
        try Durable.replace(
          FilePath(path).appending(tool), with: Array("#!/bin/sh\nexec \(found) \"$@\"\n".utf8), mode: 0o755)
      }
    }
    try project.wheel("a", "1.0")
    try project.wheel("b", "1.0")
    try project.require("a", "b")
    // uv resolves with a Python of this machine.
    project.project.session.environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    try await project.lock()
    project.project.session.environment["PATH"] = path
    return project
  }

  /// Whether this machine lets a program have an image's files as its root.
  private func allowsRoot(_ project: LockedProject) throws -> Bool {
    try ImageRoot.obstacle(.nothing, project.project.session) == nil
  }

  private func memory(_ project: LockedProject) throws -> [String] {
    let cache = try project.project.registry().cacheDirectory.appending("bytecode")
    return try Directory.entries(cache).map(\.string).filter { $0.hasPrefix("base-") }.map {
      String(decoding: try FileBlob(cache.appending($0)).bytes(), as: UTF8.self)
    }
  }

  /// The image's files, unpacked.
  private func unpack(
    _ project: LockedProject, _ record: VersionRecord, into directory: FilePath
  ) async throws -> Image {
    let store = try project.project.registry().store
    let image = try await store.image(record.image)
    var unpacker = LayerUnpacker()
    unpacker.leavingLinks = .keep
    unpacker.specialFiles = .skip
    try unpacker.unpack(ImageFiles.stack(image, in: store), into: directory)
    return image
  }

  @Test("it compiles where namespaces are allowed, two builds have the same bytes, and the image compiles nothing")
  func own() async throws {
    // Without a Python of this machine that opz could find.
    let tools = ["unshare", "sh", "mount", "true", "git"]
    let (one, two) = (try await project(tools), try await project(tools))
    guard try allowsRoot(one) else { return }
    let notes = Notes()
    var first = one
    first.project.session.progress = notes
    let record = try await first.project.package().version.record
    #expect(try memory(one) == ["works"], "\(notes.texts)")
    #expect(!notes.texts.contains { $0.contains("compiles its packages when it starts") })
    #expect(try await two.project.package().version.record.content == record.content)
    let left = try Directory.entries(one.project.registry().cacheDirectory).map(\.string)
    #expect(!left.contains { $0.hasPrefix(Durable.temporaryPrefix) }, "\(left)")

    let directory = try TemporaryDirectory()
    let files = directory.path.appending("root")
    let image = try await unpack(one, record, into: files)
    let root = try ImageRoot(files, of: image, sharing: .nothing, one.project.session)
    let library = "/opt/python/lib/python3.11/site-packages"
    func python(_ words: [String]) throws -> ChildProcess.Output {
      try root.run(
        ["/usr/bin/python3.11"] + words, input: [], variables: ["PYTHONUSERBASE=/opt/python"], limit: 1 << 20)
    }
    let magic = try python(["-c", "import importlib.util as u; print(list(u.MAGIC_NUMBER + bytes([1, 0, 0, 0])))"])
    let compiled = files.pushing(FilePath("\(library.dropFirst())/__pycache__/a.cpython-311.pyc"))
    let head = try FileBlob(compiled).bytes().prefix(8)
    #expect(magic.text == "\(Array(head))\n", "\(magic.errorText)")
    let run = try python(["-v", "-c", "import sys; sys.path.insert(0, '\(library)'); import a, b"])
    #expect(run.status == 0 && run.errorText.contains("matches \(library)/a.py"), "\(run.errorText.suffix(2000))")
    #expect(!run.errorText.contains("wrote '\(library)"))
  }

  @Test("one of this machine gives the same bytes, and without either opz package says why and what it costs")
  func others() async throws {
    let base = try await project()
    let version = try #require(ProjectLock.read(in: base.project.path)?.facts?.values.first?.releases?["3.11"])
    var neither = try await project(["git"])
    let notes = Notes()
    neither.project.session.progress = notes
    let without = try await neither.project.package().version.record
    #expect(
      notes.texts.contains {
        $0.contains("unshare of util-linux is not installed") && $0.contains("uv python install \(version)")
          && $0.contains("each container compiles")
      }, "\(notes.texts)")
    let local = try await project(["git", "python3"])
    let record = try await local.project.package().version.record
    let isHere = (try? BytecodeCompiler.check(PythonProgram("/usr/bin/python3"), version: version)) != nil
    #expect((record.content != without.content) == isHere)
    guard isHere, try allowsRoot(base) else { return }
    #expect(try memory(local) == [])
    #expect(try await base.project.package().version.record.content == record.content)
    #expect(try memory(base) == ["works"])
  }

  @Test("a base for another processor does not start here")
  func foreign() async throws {
    let project = try await project()
    let layout = try LayoutStore.open(project.project.directory.path.appending("debian"))
    let image = try await layout.image(try await layout.resolve("1"))
    let registry = try project.project.session.createRegistry()
    let survey = BaseSurvey(image: image, base: "b", origin: nil, registry: registry, session: project.project.session)
    let other = Platform.host.architecture == "amd64" ? "linux/arm64" : "linux/amd64"
    let interpreter = BaseInterpreter(survey: survey, platform: try #require(Platform(other)))
    #expect(try interpreter.obstacle("3.11.2") == "it is for \(other)")
  }

  @Test(
    "of a base only what a Python needs is unpacked",
    arguments: [
      ("usr/bin/python3.11", 7_000_000, true), ("usr/lib/python3.11/encodings/utf_8.py", 1000, true),
      ("usr/local/lib/libpython3.11.so.1.0", 7_000_000, true), ("lib/ld-musl-x86_64.so.1", 600_000, true),
      ("etc/ld.so.cache", 10_000, true), ("opt/conda/bin/python3.12", 20_000_000, true),
      ("usr/local/lib/python3.11/site-packages/pip/__init__.py", 100, false),
      ("usr/lib/python3.11/test/test_os.py", 100, false), ("usr/local/cuda/lib64/libcublas.so.12", 400_000_000, false),
      ("usr/share/doc/python3.11.txt", 10, true), ("usr/bin/perl", 10, false), ("var/lib/dpkg/status", 10, false),
    ] as [(String, UInt64, Bool)])
  func needed(_ path: String, _ size: UInt64, isNeeded: Bool) {
    #expect(BasePython.isNeeded(FilePath(path), size: size) == isNeeded)
  }
}
