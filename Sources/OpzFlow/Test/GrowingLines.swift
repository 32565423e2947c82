import OpzIO
import SystemPackage

/// The lines of a log that a program writes meanwhile: each is read once.
struct GrowingLines {
  private let path: FilePath
  private var position: UInt64 = 0
  /// The begin of a line whose end is not written yet.
  private var rest: [UInt8] = []

  /// A longer line is cut: it is none that is looked for.
  private static let longest = 64 << 10

  init(_ path: FilePath) { self.path = path }

  /// The lines that were finished since the last call, up to 1 MiB of them.
  mutating func next() -> [[UInt8]] {
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    guard let file = try? OpenFile.reading(path),
      let count = try? bytes.withUnsafeMutableBytes({ try file.read(at: position, into: $0) }), count > 0
    else { return [] }
    position += UInt64(count)
    var parts = (rest + bytes[..<count]).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    rest = Array((parts.popLast() ?? []).prefix(GrowingLines.longest))
    return parts.map { Array($0) }
  }

  /// The last bytes of a file as text; empty if there is none.
  static func end(of path: FilePath, _ count: Int) -> String {
    var bytes = [UInt8](repeating: 0, count: count)
    guard let file = try? OpenFile.reading(path), let size = try? file.status().size,
      let read = try? bytes.withUnsafeMutableBytes({ try file.read(at: size - min(size, UInt64(count)), into: $0) })
    else { return "" }
    return String(decoding: bytes[..<read], as: UTF8.self)
  }
}
