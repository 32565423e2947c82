import OpzArchive
import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import Synchronization
import SystemPackage
import Testing

@Suite("Files on a real Debian base image", .serialized)
struct BaseDirectoryTests {
  private static func stack(_ layout: FilePath, tag: String) async throws -> LayerStack {
    let store = try LayoutStore.open(layout)
    return try await stack(try await store.resolve(tag), in: store)
  }

  private static func stack(_ root: Descriptor, in store: LayoutStore) async throws -> LayerStack {
    let image = try await store.image(root)
    return LayerStack(
      try image.layers.map { try StoredLayer($0.descriptor, try store.file($0.descriptor), diffID: $0.diffID) })
  }

  private static func project(_ files: [String], base: String = "oci:../base:debian") throws -> Project {
    let project = try Project()
    try project.directory.write("p/model.bin", "m")
    try project.directory.write("p/f", "#!/bin/sh\necho a probe\n", mode: 0o755)
    try project.directory.write("p/d/inner/g", "g")
    try project.directory.write(
      "p/opz.yaml",
      """
      opz: 1
      name: placed
      model: {path: model.bin}
      runtime: {kind: custom, base: "\(base)", command: [/bin/sh]}
      files: [\(files.joined(separator: ", "))]

      """)
    return project
  }

  /// Directories that the kernel and container runtimes own.
  private static func isMounted(_ path: FilePath) -> Bool {
    ["proc", "sys", "dev"].contains(path.components.first?.string ?? "")
  }

  @Test("a file in every directory, and through every link to one, changes nothing of the base")
  func everyDirectory() async throws {
    let project = try BaseDirectoryTests.project([])
    try await PythonBase.write(to: project.directory.path.appending("base"), tag: "debian")
    let base = try await BaseDirectoryTests.stack(project.directory.path.appending("base"), tag: "debian")
    let before = try await blocking { try base.tree(digests: false) }
    let places = before.paths.filter { path in
      guard let end = before.resolve(path), !BaseDirectoryTests.isMounted(end), !BaseDirectoryTests.isMounted(path)
      else {
        return false
      }
      return before[end]?.kind == .directory && path.string.utf8.allSatisfy { (33...126).contains($0) && $0 != 34 }
    }
    #expect(places.count > 600 && places.contains("bin") && places.contains("tmp"))
    let files = places.enumerated().map { "{path: f, to: \"/\($1)/opz-probe-\($0)\"}" }
    try project.directory.write(
      "p/opz.yaml",
      """
      opz: 1
      name: placed
      model: {path: model.bin}
      runtime: {kind: custom, base: "oci:../base:debian", command: [/bin/sh]}
      files:
      \(files.map { "  - \($0)\n" }.joined())
      """)
    let plan = try await PlanProject(PackageRequest(project: project.path), in: project.session).run()
    #expect(plan.moves.contains { $0.path.hasPrefix("/bin/opz-probe-") && $0.place.hasPrefix("/usr/bin/opz-probe-") })
    let version = try await project.package { $0.outputs = ["docker-archive:image.tar"] }.version
    let image = try await BaseDirectoryTests.stack(version.record.image, in: project.registry().store)
    let after = try await blocking { try image.tree(digests: false) }
    for path in before.paths { #expect(before[path] == after[path], "\(path)") }
    var wanted = Set(before.paths)
    for (index, place) in places.enumerated() {
      let end = try #require(before.resolve(place)).appending("opz-probe-\(index)")
      #expect(after[end]?.kind == .file, "\(end)")
      wanted.insert(end)
    }
    #expect(Set(after.paths).subtracting(wanted) == ["models", "models/model.bin", "opz-init"])
    try await BaseDirectoryTests.checkPodman(project, before)
  }

  /// As a podman container sees it, whose storage driver unpacks each layer separately.
  private static func checkPodman(_ project: Project, _ before: FileTree) async throws {
    let engine = try PodmanEngine()
    let archive = project.directory.path.appending("image.tar")
    let name = try await blocking { try engine.load(archive) }
    defer { engine.remove(name) }
    let script = "find / -xdev \\( -type d -o -type l \\) -printf '%y %m %U %G %p\\n'; /bin/opz-probe-* "
    let answer = try await blocking {
      try ChildProcess.run([
        "podman", "run", "--rm", "--network", "none", "--runtime", "runc", "--ulimit", "nofile=1024:1024", "--ulimit",
        "nproc=1024:1024", "--user", "0:0", "--entrypoint", "sh", name, "-c", script,
      ])
    }
    #expect(answer.status == 0 && answer.text.hasSuffix("a probe\n"), "\(answer.errorText)")
    let seen = Set(answer.text.split(separator: "\n").map(String.init))
    // podman creates its own mount points and files in some directories.
    for path in before.paths where !isMounted(path) && !["etc/mtab", "run/.containerenv"].contains(path.string) {
      guard let node = before[path] else { continue }
      let mode = String(node.mode, radix: 8)
      switch node.kind {
      case .directory: #expect(seen.contains("d \(mode) \(node.uid) \(node.gid) /\(path)"), "\(path)")
      case .symlink: #expect(seen.contains("l 777 \(node.uid) \(node.gid) /\(path)"), "\(path)")
      default: break
      }
    }
  }

  @Test("the names in a remote base are read once and kept; if a link in it changes, files move with it")
  func remote() async throws {
    let server = try RegistryServer()
    func base(_ tag: String, _ entries: [String]) async throws {
      let project = try Project()
      let layout = try LayoutStore.create(project.directory.path.appending("b"))
      let script = """
        import sys, tarfile
        t = tarfile.open(sys.argv[1], "w")
        for line in sys.argv[2:]:
          kind, mode, name, target = line.split()
          i = tarfile.TarInfo(name); i.mode = int(mode, 8); i.uid = i.gid = 7
          i.type = {"d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "f": tarfile.REGTYPE}[kind]; i.linkname = target if kind == "l" else ""
          t.addfile(i)
        t.close()
        """
      let tar = project.directory.path.appending("t.tar")
      let made = try Python.run(["-c", script, tar.string] + entries)
      try #require(made.status == 0, "\(made.errorText)")
      let writer = try layout.ingest()
      try FileBlob(tar).forEachChunk { try writer.write($0) }
      let layer = try writer.commit(.layerTar)
      let config = ImageConfig(platform: .linuxAMD64, created: nil, diffIDs: [layer.digest])
      let bytes = try CanonicalJSON.encode(config)
      let manifest = try Manifest(Manifest.Content(config: try layout.put(bytes, .imageConfig), layers: [layer]))
      try layout.put(manifest.raw, .imageManifest)
      try await layout.tag(manifest.descriptor, as: "1")
      let copied = try ChildProcess.run([
        "skopeo", "copy", "--dest-tls-verify=false", "oci:\(project.directory.path)/b:1",
        "docker://\(server.host)/bases/b:\(tag)",
      ])
      try #require(copied.status == 0, "\(copied.errorText)")
    }
    try await base(
      "1", ["d 755 usr -", "d 755 usr/bin -", "l 777 bin usr/bin", "d 1777 tmp -", "d 750 app -", "d 700 models -"])
    try await base("2", ["d 755 bin -", "d 755 tmp -"])
    let name = "\(server.host)/bases/b"
    var project = try BaseDirectoryTests.project(
      ["{path: f, to: /bin/tool}", "{path: f, to: /tmp/x}", "{path: d, to: /tmp}"], base: "\(name):1")
    let notes = SaidNotes()
    project.session.progress = notes
    let version = try await project.package { $0.outputs = ["oci:layout:1"] }.version
    #expect(notes.all.contains { $0.hasPrefix("listing the files of \(name):1") })
    #expect(notes.all.contains { $0.hasPrefix("/bin/tool goes to /usr/bin/tool") })
    let image = try await BaseDirectoryTests.stack(project.directory.path.appending("layout"), tag: "1")
    let tree = try await blocking { try image.tree(digests: false) }
    #expect(tree["bin"]?.kind == .symlink(target: Array("usr/bin".utf8)))
    #expect(tree["tmp"]?.mode == 0o1777 && tree["tmp"]?.uid == 7 && tree["models"]?.mode == 0o700)
    #expect(tree["usr/bin/tool"]?.kind == .file && tree["tmp/inner/g"]?.kind == .file)
    #expect(tree["tmp/inner"]?.mode == 0o755 && tree["tmp/inner"]?.uid == 0)

    // The next build requests no layer from the registry and gives the same bytes.
    let again = SaidNotes()
    project.session.progress = again
    let second = try await project.package()
    #expect(second.existed && !again.all.contains { $0.hasPrefix("listing the files") })
    for layer in version.record.layers where layer.role == "runtime" {
      #expect(try !project.registry().store.has(layer.descriptor))
    }

    // Layers for one base are not reused for another.
    let registry = try project.registry()
    let error = await #expect(throws: FlowError.self) {
      try await RebaseVersion(version, onto: "\(name):2", in: project.session).run(registry)
    }
    #expect(
      error?.category == .conflict && error?.hint?.contains("runtime.base=\(name):2") ?? false,
      "\(String(describing: error))")
    let packaged = try await project.package { $0.overrides = ["runtime.base=\"\(name):2\""] }.version.record
    let files = try await registry.files(of: packaged).map(\.path)
    #expect(files.contains("/bin/tool") && !files.contains("/usr/bin/tool"))
  }
}

/// Collects notes.
private final class SaidNotes: ProgressSink {
  private let said = Mutex<[String]>([])
  func report(_ event: ProgressEvent) { if case .note(let text) = event { said.withLock { $0.append(text) } } }
  var all: [String] { said.withLock { $0 } }
}
