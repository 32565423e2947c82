import OpzArchive
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

private typealias Entry = RawTar.Entry

/// Unpacks next to a file that no archive may touch.
private func unpack(
  _ layers: [[RawTar.Entry]], then: (FilePath) throws -> Void = { _ in },
  with change: (inout LayerUnpacker) -> Void = { _ in }
) throws {
  try withDirectory { (directory) throws in
    let victim = directory.appending("victim")
    let target = directory.appending("target")
    try write(Array("untouched".utf8), to: victim)
    var unpacker = LayerUnpacker()
    change(&unpacker)
    defer {
      #expect((try? read(victim)) == Array("untouched".utf8))
      #expect((try? Directory.entries(directory).map(\.string).filter { $0 != "target" }) == ["victim"])
    }
    do {
      try unpacker.unpack(LayerStack(layers.map { layer(RawTar.bytes($0)) }), into: target)
    } catch {
      let left = try FileStatus.find(target) == nil ? [] : Directory.entries(target)
      #expect(left.isEmpty, "nothing is left after an error")
      throw error
    }
    try then(target)
  }
}

private func refusal(
  _ layers: [[RawTar.Entry]], _ change: (inout LayerUnpacker) -> Void = { _ in }
) -> ArchiveError.Code? {
  code { try unpack(layers, with: change) }
}

@Suite struct LayerUnpackerTests {
  @Test func filesModesAndLinks() throws {
    let layers = [
      [
        Entry("models", "5").with { $0.mode = "0000555" }, Entry("models/m.json", content: "{}"),
        Entry("app/run", content: "#!").with { $0.mode = "0000755" }, Entry("app/same", "1", link: "models/m.json"),
        Entry("app/link", "2", link: "../models/m.json"), Entry("old"),
      ],
      [Entry(".wh.old"), Entry("models/n", content: "n")],
    ]
    try unpack(layers) { (target) throws in
      #expect(
        try snapshot(target) == [
          "app directory 755", "app/link symlink 777", "app/run file 755 \(Digest.of(Array("#!".utf8)).short)",
          "app/same file 644 \(Digest.of(Array("{}".utf8)).short)", "models directory 555",
          "models/m.json file 644 \(Digest.of(Array("{}".utf8)).short)", "models/n file 644 \(Digest.of([110]).short)",
        ])
      let first = try FileStatus.of(target.appending("app/same"))
      #expect(try FileStatus.of(target.appending("models/m.json")).inode == first.inode && first.links == 2)
      #expect(try read(target.appending("app/link")) == Array("{}".utf8))
      if !isRoot { _ = try run(["chmod", "u+w", target.appending("models").string]) }
    }
  }

  // MARK: attacks

  @Test func absoluteName() { #expect(refusal([[Entry("/victim", content: "x")]]) == .unsafe) }

  @Test(arguments: ["../victim", "a/../../victim", "..", "a/.."]) func dotDot(name: String) {
    #expect(refusal([[Entry(name, content: "x")]]) == .unsafe)
  }

  @Test func dotDotInPaxAndInLongNames() {
    #expect(refusal([[RawTar.pax([("path", "../victim")]), Entry("x")]]) == .unsafe)
    #expect(refusal([[Entry("n", "L", content: "../victim\u{0}"), Entry("x")]]) == .unsafe)
    #expect(refusal([[Entry("victim").with { $0.prefix = Array("..".utf8) }]]) == .unsafe)
  }

  @Test(arguments: ["/etc", "..", "../victim", "a/../../victim"]) func linkThatLeaves(link: String) {
    #expect(refusal([[Entry("a", "5"), Entry("l", "2", link: link)]]) == .unsafe)
  }

  @Test func chainOfLinksThatLeaves() {
    #expect(refusal([[Entry("a", "2", link: "."), Entry("b", "2", link: "a/..")]]) == .unsafe)
    #expect(
      refusal([[Entry("d/e", "5"), Entry("up", "2", link: "d/e"), Entry("c", "2", link: "up/../../..")]]) == .unsafe)
    #expect(
      refusal([[Entry("d/e", "5"), Entry("up", "2", link: "d/e"), Entry("c", "2", link: "up/../..")]]) == nil)
  }

  @Test func writingThroughALink() {
    for link in ["..", "/tmp", "d", "."] {
      let through = [Entry("d", "5"), Entry("l", "2", link: link), Entry("l/victim", content: "x")]
      #expect(refusal([through]) { $0.leavingLinks = .keep } == .unsafe)
      #expect(refusal([Array(through[..<2]), Array(through[2...])]) { $0.leavingLinks = .keep } == .unsafe)
    }
  }

  @Test func replacingALinkByAFileDoesNotFollowIt() throws {
    let layers = [[Entry("l", "2", link: "../victim"), Entry("l", content: "mine")]]
    try unpack(layers) { (target) throws in
      #expect(try FileStatus.of(target.appending("l"), followLinks: false).kind == .file)
    }
    try unpack([layers[0], [Entry("l", "2", link: "../victim")]]) { (target) throws in
      #expect(try FileStatus.of(target.appending("l"), followLinks: false).kind == .symlink)
    } with: {
      $0.leavingLinks = .keep
    }
  }

  @Test func hardLinkThatLeaves() {
    for link in ["../victim", "/etc/passwd", "a/../../victim"] {
      #expect(refusal([[Entry("h", "1", link: link)]]) == .unsafe)
    }
    let through = [Entry("s", "2", link: ".."), Entry("h", "1", link: "s/victim"), Entry("h", content: "x")]
    #expect(refusal([through]) { $0.leavingLinks = .keep } == .malformed)
    let toLink = [Entry("s", "2", link: "../victim"), Entry("h", "1", link: "s"), Entry("h", content: "x")]
    #expect(refusal([toLink]) { $0.leavingLinks = .keep } == .unsafe)
  }

  @Test func whiteoutThatLeaves() {
    for name in [".wh...", ".wh..", "a/.wh...", "../.wh.victim", "a/../../.wh.victim"] {
      #expect(refusal([[Entry("a", "5")], [Entry(name)]]) == .unsafe)
    }
    let through = [[Entry("s", "2", link: "..")], [Entry("s/.wh.victim")]]
    #expect(refusal(through) { $0.leavingLinks = .keep } == nil, "nothing in the image has that name")
  }

  @Test(arguments: ["3", "4", "6"] as [Character]) func devicesAndFifos(type: Character) throws {
    let layers = [[Entry("dev/x", type), Entry("f")]]
    #expect(refusal(layers) == .unsafe)
    try unpack(layers) { (target) throws in
      #expect(try Directory.entries(target).map(\.string) == ["dev", "f"])
      #expect(try Directory.entries(target.appending("dev")).isEmpty)
    } with: {
      $0.specialFiles = .skip
    }
    #expect(refusal([layers[0], [Entry("dev/.wh.x")]]) == nil, "an upper layer removed it")
  }

  @Test func setuidIsCleared() throws {
    let layers = [
      [Entry("su", content: "x").with { $0.mode = "0006755" }, Entry("tmp", "5").with { $0.mode = "0001777" }]
    ]
    try unpack(layers) { (target) throws in
      #expect(try FileStatus.of(target.appending("su")).mode == 0o755)
      #expect(try FileStatus.of(target.appending("tmp")).mode == 0o1777)
    }
    try unpack(layers) { (target) throws in
      #expect(try FileStatus.of(target.appending("su")).mode == 0o6755)
    } with: {
      $0.keepsSetuid = true
    }
  }

  @Test func sizesThatDisagree() {
    let inner = Entry("../victim", content: "x").bytes
    let outer = Entry("f").with {
      $0.content = inner
      $0.size = Array("0".utf8)
    }
    #expect(refusal([[RawTar.pax([("size", "\(inner.count)")]), outer]]) == .malformed)
  }

  @Test func directoryThatIsNotEmpty() throws {
    try withDirectory { (directory) throws in
      try write([1], to: directory.appending("mine"))
      let stack = LayerStack([layer(RawTar.bytes([Entry("mine", content: "x")]))])
      #expect(throws: IOFailure.self) { try LayerUnpacker().unpack(stack, into: directory) }
      #expect(try read(directory.appending("mine")) == [1])
    }
  }

  @Test func nameTooLongForTheFileSystem() throws {
    let name = String(repeating: "n", count: 300)
    #expect(throws: IOFailure.self) { try unpack([[RawTar.pax([("path", name)]), Entry("x")]]) }
  }

  @Test func ownersOnlyAsRoot() throws {
    let entry = TarEntry("f", .file(BytesBlob([1])), mode: 0o644, uid: 65532, gid: 65533)
    try withDirectory { (directory) throws in
      var unpacker = LayerUnpacker()
      unpacker.appliesOwners = true
      let target = directory.appending("t")
      try unpacker.unpack(LayerStack([layer(try tar([entry]))]), into: target)
      let owner = try run(["stat", "-c", "%u:%g", target.appending("f").string])
      #expect((owner == "65532:65533\n") == isRoot)
    }
  }

  @Test func largeFileInACompressedLayer() throws {
    var random = Seeded(5)
    let big = random.bytes(5 << 20)
    let bytes = try tar(
      LayerContent([.file("a/big", BytesBlob(big)), .file("b", BytesBlob([1])), .file("a/c", BytesBlob([2, 3]))])
        .entries)
    try withDirectory { (directory) throws in
      let stack = LayerStack([layer(try gzip(bytes), .gzip, diffID: .of(bytes))])
      try LayerUnpacker().unpack(stack, into: directory.appending("t"))
      #expect(try read(directory.appending("t/a/big")) == big)
      #expect(try read(directory.appending("t/a/c")) == [2, 3])
    }
  }
}
