import OpzArchive
import SystemPackage

/// The whole version of a Python in a base, `3.11.7`, as its program or library contains it.
enum PythonRelease {
  private static let largest: UInt64 = 128 << 20

  /// The version of the Python that a file may be: `3.11` for `usr/bin/python3.11` and `lib/libpython3.11.so.1.0`.
  static func minor(of path: FilePath) -> String? {
    guard let name = path.lastComponent?.string else { return nil }
    var rest: Substring
    if name.hasPrefix("libpython3."), name.hasSuffix(".so.1.0") {
      rest = name.dropFirst("libpython".count).dropLast(".so.1.0".count)
    } else if name.hasPrefix("python3."), path.removingLastComponent().string.hasSuffix("bin") {
      rest = name.dropFirst("python".count)
    } else {
      return nil
    }
    rest = rest.dropFirst(2)
    guard (1...3).contains(rest.utf8.count), rest.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return "3.\(rest)"
  }

  /// - Returns: nil for a file that does not contain it, such as a program whose code is in a library.
  static func read(_ header: TarHeader, _ reader: TarReader, minor: String) throws -> String? {
    guard case .file = header.kind, header.size <= largest else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(header.size))
    try reader.forEachChunk { bytes.append(contentsOf: $0) }
    return find(minor, in: bytes)
  }

  /// The text `3.11.7` that stands alone, between what is no part of a version.
  static func find(_ minor: String, in bytes: [UInt8]) -> String? {
    let mark = Array("\(minor).".utf8)
    var start = bytes.startIndex
    while let found = bytes[start...].firstIndex(of: mark[0]) {
      start = found + 1
      guard bytes[found...].starts(with: mark) else { continue }
      let isAlone = found == 0 || bytes[found - 1] == 0 || bytes[found - 1] == UInt8(ascii: "/")
      let rest = bytes[(found + mark.count)...].prefix(12)
      let patch = rest.prefix { $0 != 0 }
      guard isAlone, patch.count < rest.count, let first = patch.first, (48...57).contains(first),
        patch.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "+") })
      else { continue }
      return minor + "." + String(decoding: patch, as: UTF8.self)
    }
    return nil
  }
}
