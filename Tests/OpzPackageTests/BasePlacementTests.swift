import OpzArchive
import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzPackage

@Suite("Where files end up on a base image")
struct BasePlacementTests {
  /// `d MODE UID PATH`, `l PATH TARGET` or `f PATH` on each line; a line `-` starts another layer.
  private static func table(_ text: String) throws -> PathTable {
    var table = PathTable()
    for (index, layer) in text.split(separator: "\n-\n").enumerated() {
      try table.begin(layer: index, archive: "base")
      for line in layer.split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        let kind: LayerName.Kind =
          switch words[0] {
          case "d":
            .directory(mode: UInt32(words[1], radix: 8) ?? 0, uid: UInt32(words[2]) ?? 0, gid: UInt32(words[2]) ?? 0)
          case "l": .link(target: Array(words[2].utf8))
          default: .other
          }
        try table.add(LayerName(path: Array(words[words[0] == "d" ? 3 : 1].utf8), kind: kind))
      }
    }
    return table
  }

  static let base = """
    d 755 0 usr
    d 755 0 usr/bin
    l bin usr/bin
    d 1777 0 tmp
    d 750 1000 app
    d 700 0 root
    l models /mnt/models
    f etc/passwd
    l python /usr/bin/python3
    f usr/bin/python3
    l round about
    l about round
    d 755 0 gone
    l mounts /proc
    d 2775 7 srv/data
    l dir srv/data
    -
    f .wh.gone
    f srv/data/.wh..wh..opq
    """

  private func file(_ path: String, _ kind: SourceFile.Kind = .file(size: 1)) throws -> SourceFile {
    SourceFile(
      role: .files, in: "/", name: "etc", destination: FilePath(path), kind: kind, mode: 0o644,
      status: try FileStatus.of("/etc"))
  }

  @Test(
    "the final path of a file, and the directories of the base above it",
    arguments: [
      ("tool", "tool", []), ("bin/tool", "usr/bin/tool", ["usr 755 0", "usr/bin 755 0"]),
      ("tmp/x", "tmp/x", ["tmp 1777 0"]),
      ("app/y", "app/y", ["app 750 1000"]), ("root/z/deep", "root/z/deep", ["root 700 0"]),
      ("models/m.json", "mnt/models/m.json", []), ("etc/new", "etc/new", ["etc 755 0"]),
      ("etc/passwd", "etc/passwd", ["etc 755 0"]),
      ("python", "python", []), ("gone/x", "gone/x", []), ("dir/x", "srv/data/x", ["srv 755 0", "srv/data 2775 7"]),
      ("usr/bin/python3", "usr/bin/python3", ["usr 755 0", "usr/bin 755 0"]),
    ] as [(String, String, [String])])
  func places(wanted: String, place: String, directories: [String]) throws {
    let placement = BasePlacement(try BasePlacementTests.table(BasePlacementTests.base), base: "debian")
    let (files, moves) = try placement.place([file(wanted)])
    #expect(files.map(\.destination.string) == [place])
    #expect(files[0].source == "/etc", "the content stays the same")
    #expect(moves.count == (wanted == place ? 0 : 1))
    let above = placement.directories(above: files).map { "\($0.path) \(String($0.mode, radix: 8)) \($0.uid)" }
    #expect(above == directories)
  }

  @Test(
    "a file or directory that would replace something else is refused",
    arguments: [
      ("bin", "has a directory at /bin"), ("tmp", "has a directory at /tmp"), ("usr/bin", "has a directory"),
      ("etc/passwd/x", "has a file at /etc/passwd"), ("python/x", "has a file at /usr/bin/python3"),
      ("round/x", "lead to each other"),
      ("round/x/y", "lead to each other"), ("mounts/x", "which container runtimes fill"),
      ("dir", "has a directory at /dir"),
    ])
  func refused(wanted: String, reason: String) throws {
    let placement = BasePlacement(try BasePlacementTests.table(BasePlacementTests.base), base: "debian")
    let error = #expect(throws: PackageError.self) { try placement.place([file(wanted)]) }
    #expect(error?.code == .occupied && error?.subject == "/\(wanted)")
    #expect(error?.reason.contains(reason) ?? false, "\(error.map { "\($0)" } ?? "")")
    #expect(error?.hint != nil)
  }

  @Test("a directory of the base is kept, also through a link; a directory in place of a base's file is refused")
  func directories() throws {
    let placement = BasePlacement(try BasePlacementTests.table(BasePlacementTests.base), base: "debian")
    for path in ["tmp", "bin", "usr/bin", "dir"] {
      #expect(try placement.place([file(path, .directory)]).files.isEmpty)
    }
    #expect(try placement.place([file("new", .directory)]).files.map(\.destination) == ["new"])
    #expect(try placement.place([file("models", .directory)]).files.map(\.destination) == ["mnt/models"])
    for path in ["etc/passwd", "python"] {
      #expect(throws: PackageError.self) { try placement.place([file(path, .directory)]) }
    }
  }

  @Test("two files that the base's links lead to the same path are refused")
  func meetings() throws {
    let placement = BasePlacement(try BasePlacementTests.table(BasePlacementTests.base), base: "debian")
    let error = #expect(throws: PackageError.self) {
      try placement.place([file("usr/bin/tool"), file("bin/tool")])
    }
    #expect(error?.reason == "it and /usr/bin/tool are the same path in debian, /usr/bin/tool")
    #expect(throws: PackageError.self) { try placement.place([file("bin/tool"), file("usr/bin/tool")]) }
    #expect(throws: Never.self) { try placement.place([file("bin/d", .directory), file("usr/bin/d", .directory)]) }
    #expect(throws: Never.self) { try placement.place([file("bin/tool"), file("bin/tool")]) }
  }

  @Test("platforms share layers unless their bases differ where the files go")
  func platforms() throws {
    let arm = try #require(Platform("linux/arm64"))
    let merged = BasePlacement(try BasePlacementTests.table("d 755 0 usr\nd 755 0 usr/bin\nl bin usr/bin"), base: "b")
    let plain = BasePlacement(try BasePlacementTests.table("d 755 0 bin\nd 755 0 usr"), base: "b")
    func layers(_ path: String) throws -> [PlannedLayer] {
      try BasePlacement.layers(
        [file(path)], environment: [], compression: .gzip, on: [(.linuxAMD64, merged), (arm, plain)]
      ).layers
    }
    let different = try layers("bin/tool")
    #expect(different.map(\.platform) == [.linuxAMD64, arm])
    #expect(different.map { $0.source.files[0].destination } == ["usr/bin/tool", "bin/tool"])
    #expect(try layers("usr/tool").map(\.platform) == [nil])
  }

  @Test("a layer repeats the base's directories, and different directories give a different key")
  func content() throws {
    let table = try BasePlacementTests.table(BasePlacementTests.base)
    let placement = BasePlacement(table, base: "debian")
    let link = SourceFile.Kind.symlink(target: [120])
    let (layers, _) = try BasePlacement.layers(
      [file("tmp/x", link), file("app/new/y", link)], environment: [], compression: .gzip,
      on: [(.linuxAMD64, placement)])
    let entries = try layers[0].content().content.entries
    #expect(
      entries.map { "\($0.path) \(String($0.mode, radix: 8)) \($0.uid)" }
        == ["app 750 1000", "app/new 755 0", "app/new/y 644 0", "tmp 1777 0", "tmp/x 644 0"])
    let other = BasePlacement(
      try BasePlacementTests.table(BasePlacementTests.base.replacing("750 1000 app", with: "755 0 app")), base: "debian"
    )
    let (again, _) = try BasePlacement.layers(
      [file("tmp/x", link), file("app/new/y", link)], environment: [], compression: .gzip, on: [(.linuxAMD64, other)])
    #expect(LayerKey.shape(layers[0]) != LayerKey.shape(again[0]))
  }
}
