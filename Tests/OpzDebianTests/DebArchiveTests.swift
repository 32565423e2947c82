import OpzArchive
import OpzDebian
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("Debian packages as entries of a layer")
struct DebArchiveTests {
  private func entries(_ deb: MadeUpDeb) throws -> [String: TarEntry] {
    let directory = try TemporaryDirectory()
    let archive = try DebArchive(BytesBlob(deb.bytes), name: "x.deb")
    let tar = directory.path.appending("data.tar")
    try archive.unpackData(to: tar)
    let found = try archive.entries(in: tar)
    // The content is in the file, so it is read before that is gone.
    return try Dictionary(
      uniqueKeysWithValues: found.map { entry in
        var entry = entry
        if case .file(let blob) = entry.kind { entry.kind = .file(BytesBlob(try blob.bytes())) }
        return (entry.path.string, entry)
      })
  }

  private func text(_ entry: TarEntry?) throws -> String? {
    guard case .file(let blob)? = entry?.kind else { return nil }
    return String(decoding: try blob.bytes(), as: UTF8.self)
  }

  @Test("keep modes, links and content, and are listed in status.d")
  func whole() throws {
    var deb = MadeUpDeb(
      "r-cran-a", "1.2-3", fields: ["Depends: r-base-core"],
      files: [
        RawTar.Entry("./", "5"), RawTar.Entry("./usr/", "5").with { $0.mode = "0000755" },
        RawTar.Entry("./usr/bin/a", content: "program").with { $0.mode = "0000755" },
        RawTar.Entry("./usr/bin/b", "1", link: "./usr/bin/a"),
        RawTar.Entry("./usr/lib/c", "2", link: "/etc/alternatives/c"),
      ])
    deb.scripts = ["md5sums": "abc  usr/bin/a\n", "postinst": "#!/bin/sh\nadduser x\n", "prerm": "rm -r /\n"]
    let found = try entries(deb)
    #expect(
      found.keys.sorted() == [
        "usr", "usr/bin/a", "usr/bin/b", "usr/lib/c", "var/lib/dpkg/status.d/r-cran-a",
        "var/lib/dpkg/status.d/r-cran-a.md5sums",
      ])
    #expect(found["usr/bin/a"]?.mode == 0o755)
    #expect(try text(found["usr/bin/b"]) == "program")
    #expect(try text(found["var/lib/dpkg/status.d/r-cran-a"]) == deb.control)
    let archive = try DebArchive(BytesBlob(deb.bytes), name: "x.deb")
    #expect(archive.scripts.map(\.name) == ["postinst"])
    #expect(archive.scripts[0].effect == "adduser x")
    #expect(archive.control["depends"] == "r-base-core")
  }

  @Test(
    "are refused",
    arguments: [
      RawTar.Entry("../etc/passwd", content: "x"), RawTar.Entry("/etc/passwd", content: "x"),
      RawTar.Entry("./usr/../../x", content: "x"), RawTar.Entry("./dev/null", "3"), RawTar.Entry("./usr/fifo", "6"),
      RawTar.Entry("./proc/x", content: "x"), RawTar.Entry("./usr/a", "1", link: "./usr/none"),
      RawTar.Entry("./usr/a", "1", link: "../../etc/shadow"), RawTar.Entry("./usr/block", "4"),
    ])
  func hostile(_ entry: RawTar.Entry) throws {
    #expect(throws: (any Error).self) { _ = try entries(MadeUpDeb("aa", files: [entry])) }
  }

  @Test("are cut short and changed without a crash")
  func damaged() throws {
    let whole = MadeUpDeb("aa", files: [RawTar.Entry("./usr/a", content: "content")]).bytes
    for count in stride(from: 0, to: whole.count - 1_600, by: 97) {
      #expect(throws: (any Error).self) {
        let directory = try TemporaryDirectory()
        let archive = try DebArchive(BytesBlob(Array(whole[..<count])), name: "x.deb")
        try archive.unpackData(to: directory.path.appending("t"))
        _ = try archive.entries(in: directory.path.appending("t"))
      }
    }
    var random = SeededGenerator(seed: 5)
    for _ in 0..<300 {
      var bytes = whole
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = try? DebArchive(BytesBlob(bytes), name: "x.deb").control
    }
  }

  @Test(
    "have the members of format 2",
    arguments: [
      [], [("debian-binary", "3.0\n")], [("control.tar", "")], [("debian-binary", "2.0\n"), ("data.tar", "")],
      [("debian-binary", "2.0\n"), ("control.tar.lzma", "")], [("debian-binary", "2.0\n"), ("control.tar", "")],
    ] as [[(String, String)]])
  func members(_ members: [(String, String)]) {
    let bytes = MadeUpDeb.ar(members.map { ($0.0, Array($0.1.utf8)) })
    #expect(throws: DebianError.self) { try DebArchive(BytesBlob(bytes), name: "x.deb") }
  }

  @Test("are not unpacked to more than their limit")
  func bomb() throws {
    let zeros = BytesBlob([UInt8](repeating: 0, count: 1_000))
    let source = try LimitedSource(zeros, nil, most: 999, name: "bomb")
    let error = #expect(throws: DebianError.self) {
      var buffer = [UInt8](repeating: 0, count: 256)
      while try buffer.withUnsafeMutableBytes({ try source.read(into: $0) }) > 0 {}
    }
    #expect(error?.code == .overLimit)
  }
}
