import OpzIO
import SystemPackage

/// The digest of a file, or of a directory: the SHA-256 of one `<sha256 hex>  <path>` line per file, sorted by path, as
/// `sha256sum` prints them.
enum TreeDigest {
  static func of(_ path: FilePath) throws -> (digest: Digest, size: UInt64) {
    let status = try FileStatus.of(path)
    guard status.kind == .directory else {
      var hasher = DigestHasher(.sha256)
      try FileBlob(path, size: status.size).forEachChunk { hasher.update($0) }
      return (hasher.finish(), status.size)
    }
    var lines: [[UInt8]] = []
    var total: UInt64 = 0
    try walk(path, prefix: [], &lines, total: &total, depth: 0)
    var hasher = DigestHasher(.sha256)
    for line in lines.sorted(by: { $0[66...].lexicographicallyPrecedes($1[66...]) }) { hasher.update(line) }
    return (hasher.finish(), total)
  }

  private static func walk(
    _ directory: FilePath, prefix: [UInt8], _ lines: inout [[UInt8]], total: inout UInt64, depth: Int
  ) throws {
    guard depth < 128 else { throw IOFailure("directories are nested deeper than 128", path: directory) }
    for entry in try Directory.entries(directory) {
      let place = directory.appending(entry)
      let name = prefix + entry.bytes
      let status = try FileStatus.of(place, followLinks: false)
      switch status.kind {
      case .directory: try walk(place, prefix: name + [UInt8(ascii: "/")], &lines, total: &total, depth: depth + 1)
      case .file:
        let (digest, size) = try of(place)
        lines.append(Array(digest.hex.utf8) + Array("  ".utf8) + name + [UInt8(ascii: "\n")])
        total &+= size
      case .symlink, .other: continue
      }
    }
  }
}
