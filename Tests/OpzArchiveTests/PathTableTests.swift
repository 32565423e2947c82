import OpzArchive
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("The names in a base image")
struct PathTableTests {
  private func table(_ layers: [[LayerName]]) throws -> PathTable {
    var table = PathTable()
    for (index, names) in layers.enumerated() {
      try table.begin(layer: index, archive: "layer \(index)")
      for name in names { try table.add(name) }
    }
    return table
  }

  private func directory(_ path: String, _ mode: UInt32 = 0o755, uid: UInt32 = 0) -> LayerName {
    LayerName(path: Array(path.utf8), kind: .directory(mode: mode, uid: uid, gid: uid))
  }

  private func link(_ path: String, _ target: String) -> LayerName {
    LayerName(path: Array(path.utf8), kind: .link(target: Array(target.utf8)))
  }

  private func file(_ path: String) -> LayerName { LayerName(path: Array(path.utf8), kind: .other) }

  /// `FileTree` applies layers differently; both must find the same names, or refuse the same layers.
  @Test("random layers give the same names as FileTree", arguments: 0..<40)
  func random(seed: UInt64) throws {
    var random = Seeded(seed &+ 4242)
    for _ in 0..<50 {
      let layers = (0..<Int.random(in: 1...4, using: &random)).map { _ in PathTableTests.entries(&random) }
      let packed = layers.map { layer(RawTar.bytes($0)) }
      let tree = try? LayerStack(packed).tree(digests: false)
      let table = try? { () throws -> PathTable in
        var table = PathTable()
        for (index, layer) in packed.enumerated() {
          try table.begin(layer: index, archive: "t")
          try layer.forEachName { try table.add($0) }
        }
        return table
      }()
      #expect((tree == nil) == (table == nil), "\(layers.map { $0.map(\.name) })")
      guard let tree, let table else { continue }
      #expect(table.paths == tree.paths, "\(layers.map { $0.map { "\($0.type) \($0.name)" } })")
      #expect(table.count == tree.nodes.count)
      for path in tree.paths {
        switch (tree[path]?.kind, table[path]) {
        case (.directory?, .directory(let mode, let uid, let gid)?):
          #expect(tree[path].map { ($0.mode, $0.uid, $0.gid) == (mode, uid, gid) } ?? false)
        case (.symlink(let target)?, .link(let other)?): #expect(target == other)
        case (.file?, .other?): break
        default: Issue.record("\(path)")
        }
        if case .path(let end) = table.resolve(path) { #expect(tree.resolve(path) == end) }
      }
    }
  }

  private static func entries(_ random: inout Seeded) -> [RawTar.Entry] {
    func path(_ random: inout Seeded) -> String {
      (0..<Int.random(in: 1...3, using: &random)).map { _ in ["a", "b", "c"].randomElement(using: &random) ?? "a" }
        .joined(separator: "/")
    }
    return (0..<Int.random(in: 1...6, using: &random)).map { _ in
      let place = path(&random)
      let parts = place.split(separator: "/")
      let above = parts.dropLast().map { $0 + "/" }.joined()
      return switch Int.random(in: 0..<10, using: &random) {
      case 0...2: RawTar.Entry(place, "5").with { $0.mode = random.next() % 2 == 0 ? "0001777" : "0000700" }
      case 3...5: RawTar.Entry(place, content: "x")
      case 6:
        RawTar.Entry(
          place, "2", link: ["/", "..", "/a", "b", "../c", "c/../../a"].randomElement(using: &random) ?? "/")
      case 7, 8: RawTar.Entry("\(above).wh.\(parts.last ?? "a")")
      default: RawTar.Entry("\(above).wh..wh..opq")
      }
    }
  }

  @Test("links are followed as in a container, and cannot leave its root")
  func resolve() throws {
    let table = try table([
      [
        directory("usr"), directory("usr/bin"), link("bin", "usr/bin"), link("up", "../../../usr"),
        link("abs", "/usr/bin"),
        link("chain", "abs"), link("a", "b"), link("b", "a"), link("self", "self"), link("models", "/mnt/models"),
        file("etc/passwd"),
        link("usr/back", "../up/bin"), link("pass", "etc/passwd"), link("root", "/"),
        link("dots", "usr/bin/.././bin/../.."),
      ]
    ])
    let cases: [(String, PathTable.Resolution)] = [
      ("bin/tool", .path("usr/bin/tool")), ("up/bin/x", .path("usr/bin/x")), ("chain", .path("usr/bin")),
      ("usr/back/x", .path("usr/bin/x")), ("a/x", .loop), ("self", .loop), ("models/m", .path("mnt/models/m")),
      ("etc/passwd", .path("etc/passwd")), ("etc/passwd/x", .blocked("etc/passwd")), ("pass/x", .blocked("etc/passwd")),
      ("root", .path("")), ("root/root/bin", .path("usr/bin")), ("dots/tmp", .path("tmp")),
      ("new/dir", .path("new/dir")),
      ("", .path("")),
    ]
    for (path, expected) in cases { #expect(table.resolve(FilePath(path)) == expected, "\(path)") }
    let long = try self.table([(0..<60).map { link("l\($0)", "l\($0 + 1)") }])
    #expect(long.resolve("l30") == .path("l60"))
    #expect(long.resolve("l0") == .loop)
  }

  @Test("a layer's list is read back unchanged, and refused if it was damaged")
  func listing() throws {
    try withDirectory { directory in
      let entries = [
        RawTar.Entry("d/", "5").with { $0.mode = "0001777" }, RawTar.Entry("d/f", content: "content"),
        RawTar.Entry("d/link", "2", link: "../x"), RawTar.Entry("d/.wh.gone"), RawTar.Entry("h", "1", link: "d/f"),
        RawTar.Entry("z/é/\u{1}", content: ""),
      ]
      let input = layer(RawTar.bytes(entries))
      var names: [LayerName] = []
      try input.forEachName { names.append($0) }
      let path = directory.appending("names/abc")
      #expect(try NameListing.write(input, to: path) == names.count)
      func read() throws -> [LayerName] {
        var found: [LayerName] = []
        try NameListing.read(path) { found.append($0) }
        return found
      }
      #expect(try read() == names)
      let whole = try OpzArchiveTests.read(path)
      for index in whole.indices {
        var bytes = whole
        bytes[index] ^= 0x41
        try Durable.replace(path, with: bytes)
        #expect(try !NameListing.isIntact(path))
        #expect(code { _ = try read() } == .malformed)
      }
      for count in 0..<whole.count {
        try Durable.replace(path, with: Array(whole.prefix(count)))
        #expect(try !NameListing.isIntact(path))
      }
    }
  }

  @Test("nothing is kept of a layer with the wrong digest")
  func wrongLayer() throws {
    try withDirectory { directory in
      let bytes = RawTar.bytes([RawTar.Entry("a", content: "x")])
      #expect(
        code { try NameListing.write(layer(bytes, diffID: .of([1])), to: directory.appending("l")) } == .wrongDigest)
      #expect(try Directory.entries(directory).isEmpty)
      try NameListing.write(layer(bytes, diffID: .of(bytes)), to: directory.appending("l"))
      #expect(try NameListing.isIntact(directory.appending("l")))
    }
  }

  @Test("names that are too long, too many names and too many layers are errors")
  func limits() throws {
    var limits = ArchiveLimits()
    limits.entries = 100
    var table = PathTable(limits: limits)
    try table.begin(layer: 0, archive: "t")
    for index in 0..<100 { try table.add(file("f\(index)")) }
    #expect(code { try table.add(file("more")) } == .overLimit)
    limits.entries = 1000
    limits.nameBytes = 10_000
    table = PathTable(limits: limits)
    try table.begin(layer: 0, archive: "t")
    for index in 0..<9 { try table.add(file("\(index)" + String(repeating: "n", count: 1000))) }
    #expect(code { try table.add(file(String(repeating: "n", count: 1000))) } == .overLimit)
    #expect(code { try table.begin(layer: 70_000, archive: "t") } == .overLimit)
  }

  @Test("repeated whiteouts of the same name cost nothing")
  func quadratic() throws {
    let files = (0..<20_000).map { file("d/\($0)") }
    let table = try table([
      files, (0..<20_000).map { _ in file("d/.wh..wh..opq") } + (0..<20_000).map { _ in file(".wh.d") },
    ])
    #expect(table.paths == [])
  }
}
