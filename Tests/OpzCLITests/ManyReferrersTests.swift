import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

/// Images with more referrers than should be held in memory.
@Suite("An image with many referrers")
struct ManyReferrersTests {
  private static let count = 40
  private let opz: Command

  init() throws { opz = try Command() }

  /// An image in a layout, and manifests that refer to it, each with an annotation of `size` bytes.
  private func layout(_ name: String, count: Int, size: Int) async throws -> Descriptor {
    let layout = try LayoutStore.create(opz.directory.path.appending(name))
    let together = layout.batchingSyncs(every: 100)
    try together.put(Array("{}".utf8), .empty)
    let config = Array(#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#.utf8)
    let image = try Manifest(.init(config: together.put(config, .imageConfig), layers: []))
    try together.put(image.raw, .imageManifest)
    let text = String(repeating: "x", count: size)
    var entries = [LayoutStore.IndexEntry(image.descriptor, tag: "1")]
    for number in 0..<count {
      let manifest = try Manifest(
        .init(
          artifactType: MediaType("application/x.note"), config: .emptyConfig, layers: [],
          subject: image.descriptor.withoutAnnotations,
          annotations: ["note": text, "number": "\(number)"]))
      try together.put(manifest.raw, .imageManifest)
      entries.append(LayoutStore.IndexEntry(manifest.descriptor.withoutAnnotations))
    }
    try together.flush()
    try layout.list(entries)
    return image.descriptor
  }

  /// The peak memory of opz in MiB.
  private func peak(_ words: String...) throws -> Int {
    let script =
      "import resource,subprocess,sys; r=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL); "
      + "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1024); sys.exit(r.returncode)"
    let result = try ChildProcess.run(
      ["python3", "-c", script, try BuiltPrograms.opz().string] + words,
      environment: opz.environment.map { "\($0.key)=\($0.value)" }, directory: opz.directory.path)
    #expect(result.status == 0, "\(words): \(result.errorText)")
    return Int(result.text.split(separator: "\n").last ?? "") ?? .max
  }

  @Test("is copied and shown in the memory of a few documents, and the copy can be read")
  func memory() async throws {
    _ = try await layout("small", count: 1, size: 10)
    let image = try await layout("from", count: Self.count, size: 2 << 20)
    let server = try RegistryServer()
    let place = "\(server.host)/team/notes:1"
    let least = try peak("copy", "oci:small:1", "oci:small-copy:1")
    let budget = least + 96
    #expect(try peak("copy", "oci:from:1", "oci:to:1") <= budget)
    #expect(try peak("copy", "oci:from:1", place) <= budget)
    #expect(try peak("show", place, "--json") <= budget)
    #expect(try peak("copy", place, "oci:back:1") <= budget)
    for name in ["to", "back"] {
      let there = try LayoutStore.open(opz.directory.path.appending(name))
      #expect(try there.referrers(of: image.digest).count == Self.count, "\(name)")
      #expect(try FileStatus.of(there.root.appending("index.json")).size < 100_000)
    }
    let shown = try opz.json("show", place)
    #expect(shown["referrers"]?.array?.count == Self.count)
    server.stop()
  }

  @Test("index.json is written once, and keeps its earlier entries") func once() async throws {
    _ = try await layout("from", count: 300, size: 10)
    #expect(try opz("copy", "oci:from:1", "oci:to:a").status == 0)
    let log = opz.directory.path.appending("trace")
    let traced = try ChildProcess.run(
      ["strace", "-f", "-q", "-o", log.string, "-e", "trace=rename,renameat,renameat2", try BuiltPrograms.opz().string]
        + ["copy", "oci:from:1", "oci:to:b", "--tag", "b", "--tag", "c"],
      environment: opz.environment.map { "\($0.key)=\($0.value)" }, directory: opz.directory.path)
    #expect(traced.status == 0, "\(traced.errorText)")
    let lines = String(decoding: try FileBlob(log).bytes(), as: UTF8.self).split(separator: "\n")
    #expect(lines.filter { $0.contains("index.json") }.count == 1)
    let index = try LayoutStore.open(opz.directory.path.appending("to")).index()
    let tags = index.manifests.compactMap { $0.annotations?[LayoutStore.tagAnnotation] }
    #expect(tags.sorted() == ["a", "b", "c"] && index.manifests.count == 303)
  }

  @Test(
    "a killed copy leaves a readable layout, and the next copy completes it",
    arguments: [
      ("linkat", 3), ("linkat", 40), ("fsync", 30), ("rename", 1), ("rename", 2),
    ])
  func killed(_ call: String, _ moment: Int) async throws {
    let image = try await layout("from", count: 60, size: 10)
    _ = try ChildProcess.run(
      [
        "strace", "-f", "-q", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
        "inject=\(call):signal=KILL:when=\(moment)",
      ]
        + [try BuiltPrograms.opz().string, "copy", "oci:from:1", "oci:to:1"],
      environment: opz.environment.map { "\($0.key)=\($0.value)" }, directory: opz.directory.path)
    let to = opz.directory.path.appending("to")
    if try FileStatus.find(to.appending("oci-layout")) != nil { _ = try LayoutStore.open(to).index() }
    let again = try opz("copy", "oci:from:1", "oci:to:1")
    // A copy killed before it wrote oci-layout left a directory that is not a layout yet.
    if again.status != 0 {
      try Durable.removeTree(to)
      #expect(try opz("copy", "oci:from:1", "oci:to:1").status == 0)
    }
    #expect(try LayoutStore.open(to).referrers(of: image.digest).count == 60)
  }
}
