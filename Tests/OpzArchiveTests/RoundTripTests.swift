import OpzArchive
import OpzIO
import SystemPackage
import Testing

/// Random entries, written to a tar and read back, stay the same.
@Suite struct RoundTripTests {
  @Test(arguments: 0..<60) func entriesComeBack(seed: UInt64) throws {
    var random = Seeded(seed &+ 1000)
    let entries = RoundTripTests.entries(&random)
    let content = try LayerContent(entries)
    let bytes = try tar(content.entries)
    #expect(content.tarSize == UInt64(bytes.count))
    let compressed = seed % 2 == 0
    let input = compressed ? layer(try gzip(bytes), .gzip, diffID: .of(bytes)) : layer(bytes, diffID: .of(bytes))
    let reader = try TarReader(input)
    var index = 0
    while let header = try reader.next() {
      let entry = content.entries[index]
      #expect(header.path == entry.path && header.mode == entry.mode)
      #expect(header.uid == entry.uid && header.gid == entry.gid && header.mtime == 0)
      var read: [UInt8] = []
      if Bool.random(using: &random) { try reader.forEachChunk { read.append(contentsOf: $0) } } else { read = [] }
      switch (entry.kind, header.kind) {
      case (.file(let blob), .file):
        #expect(header.size == blob.size)
        if !read.isEmpty { #expect(read == (try blob.bytes())) }
      case (.directory, .directory): break
      case (.symlink(let target), .symlink(let found)): #expect(target == found)
      default: Issue.record("\(entry.path) came back as \(header.kind)")
      }
      index += 1
    }
    #expect(index == content.entries.count)
    let tree = try LayerStack([input]).tree()
    #expect(tree.paths == content.entries.map(\.path))
    for entry in content.entries {
      guard case .file(let blob) = entry.kind else { continue }
      #expect(tree[entry.path]?.digest == .of(try blob.bytes()))
    }
  }

  /// The unpacked files are the same as those that the program tar unpacks.
  @Test(arguments: 0..<6) func unpackedTreeIsTheOneThatTarMakes(seed: UInt64) throws {
    var random = Seeded(seed &+ 5000)
    let bytes = try tar(LayerContent(RoundTripTests.entries(&random).filter { !$0.isLink }).entries)
    try withDirectory { (directory) throws in
      let ours = directory.appending("ours")
      let theirs = directory.appending("theirs")
      let archive = directory.appending("a.tar")
      try Durable.makeDirectory(theirs)
      try write(bytes, to: archive)
      try LayerUnpacker().unpack(LayerStack([layer(bytes, diffID: .of(bytes))]), into: ours)
      _ = try run(["tar", "--no-same-owner", "-xpf", archive.string, "-C", theirs.string])
      #expect(try snapshot(ours) == snapshot(theirs))
    }
  }

  private static func entries(_ random: inout Seeded) -> [TarEntry] {
    var entries: [FilePath: TarEntry] = [:]
    let alphabets = ["ab", "é模x", "\u{301}\n "]
    for _ in 0..<Int.random(in: 0...40, using: &random) {
      let alphabet = Array(alphabets.randomElement(using: &random) ?? "a")
      let parts = (0..<Int.random(in: 1...4, using: &random)).map { depth in
        // Directories have different names than files, so that no entry is below a file.
        let length = Int.random(in: 1...60, using: &random)
        return "d\(depth)" + String((0..<length).map { _ in alphabet.randomElement(using: &random) ?? "a" })
      }
      let directory = parts.joined(separator: "/")
      let owner: UInt32 = [0, 65532, 2_097_151, 2_097_152, 4_000_000_000].randomElement(using: &random) ?? 0
      let mode = UInt32.random(in: 0...0o777, using: &random) | 0o600
      let size = [0, 1, 511, 512, 513, 100_000].randomElement(using: &random) ?? 0
      let kind: TarEntry.Kind
      let path: FilePath
      switch Int.random(in: 0...2, using: &random) {
      case 0: (path, kind) = (FilePath("\(directory)/f"), .file(BytesBlob(random.bytes(size))))
      case 1: (path, kind) = (FilePath(directory), .directory)
      default:
        let target = (0..<Int.random(in: 1...150, using: &random)).map { _ in UInt8.random(in: 1...255, using: &random)
        }
        (path, kind) = (FilePath("\(directory)/l"), .symlink(target: target))
      }
      entries[path] = TarEntry(path, kind, mode: mode | (path.string == directory ? 0o700 : 0), uid: owner, gid: owner)
    }
    return Array(entries.values)
  }
}

extension TarEntry {
  fileprivate var isLink: Bool {
    if case .symlink = kind { return true }
    return false
  }
}

/// Every file below a directory, with its name, kind, mode and content.
func snapshot(_ root: FilePath, _ prefix: FilePath = "") throws -> [String] {
  try Directory.entries(root).flatMap { name -> [String] in
    let path = root.appending(name)
    let status = try FileStatus.of(path, followLinks: false)
    let label = "\(prefix.appending(name)) \(status.kind) \(String(status.mode, radix: 8))"
    switch status.kind {
    case .directory: return [label] + (try snapshot(path, prefix.appending(name)))
    case .file: return [label + " \(Digest.of(try read(path)).short)"]
    default: return [label]
    }
  }
}
