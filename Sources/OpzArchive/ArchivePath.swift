import OpzIO
import SystemPackage

/// Names inside archives: bytes, relative to the root, components separated by `/`.
enum ArchivePath {
  /// The longest path in bytes (PATH_MAX without its final NUL).
  static let limit = 4095
  private static let slash = UInt8(ascii: "/")

  /// Checks that every reader of a layer interprets the path as the same safe name.
  /// - Throws: `ArchiveError` with code `badEntry`.
  static func check(_ path: FilePath) throws {
    if let reason = fault(in: path.bytes) {
      throw ArchiveError(.badEntry, "archive entry \"\(path.string)\"", reason: reason)
    }
  }

  /// Checks the path and returns its bytes.
  static func checked(_ path: FilePath) throws -> [UInt8] {
    try check(path)
    return path.bytes
  }

  private static func fault(in bytes: [UInt8]) -> String? {
    if bytes.isEmpty { return "the name is empty" }
    if bytes.first == slash { return "the name is absolute; names in a layer are relative to its root" }
    if bytes.count > limit { return "the name has \(bytes.count) bytes, more than \(limit)" }
    for part in components(bytes) {
      if part.isEmpty { return "the name has an empty component" }
      if part.elementsEqual(".".utf8) { return "the name has a component \".\"" }
      if part.elementsEqual("..".utf8) { return "the name has a component \"..\"" }
      if Whiteout.isReserved(part) { return "names that begin with .wh. delete files in a layer below" }
    }
    return nil
  }

  static func components(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    bytes.split(separator: slash, omittingEmptySubsequences: false)
  }

  /// Splits a name that was read into components, dropping `.` and empty ones; the result is empty for the root
  /// itself.
  /// - Throws: `ArchiveError` when the name could lead out of the root, is malformed, or exceeds a limit.
  static func normalized(_ bytes: [UInt8], _ limits: ArchiveLimits, archive: String) throws -> [[UInt8]] {
    func refuse(_ code: ArchiveError.Code, _ reason: String) -> ArchiveError {
      ArchiveError(code, "\(archive): entry \"\(text(bytes))\"", reason: reason)
    }
    guard bytes.count <= limits.pathLength else {
      throw refuse(.overLimit, "the name has \(bytes.count) bytes, more than \(limits.pathLength)")
    }
    if bytes.isEmpty { throw refuse(.malformed, "the name is empty") }
    if bytes.first == slash { throw refuse(.unsafe, "the name is absolute") }
    if bytes.contains(0) { throw refuse(.malformed, "the name has a NUL byte") }
    var parts: [[UInt8]] = []
    for part in components(bytes) where !part.isEmpty && !part.elementsEqual(".".utf8) {
      if part.elementsEqual("..".utf8) { throw refuse(.unsafe, "the name has a component \"..\"") }
      parts.append(Array(part))
    }
    guard parts.count <= limits.depth else {
      throw refuse(.overLimit, "the name has \(parts.count) components, more than \(limits.depth)")
    }
    return parts
  }

  /// All bytes as hex digits, to be hashed.
  static func hex(_ bytes: [UInt8]) -> String { Hex.encode(bytes) }

  /// The name for messages: at most 200 bytes, invalid UTF-8 replaced.
  static func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes.prefix(200), as: UTF8.self) }
}

extension FilePath {
  /// Joins components to a relative path.
  init(components: [[UInt8]]) {
    self.init(bytes: Array(components.joined(separator: [UInt8(ascii: "/")])))
  }
}
