/// Checks the names of members.
enum ZipName {
  /// Returns the name without a directory's final slash, if every reader interprets it as the same safe path.
  /// - Parameter refuse: makes the error.
  static func checked(
    _ name: [UInt8], isUTF8: Bool, _ limits: ZipLimits, refuse: (ArchiveError.Code, String) -> ArchiveError
  ) throws -> (path: [UInt8], isDirectory: Bool) {
    let isDirectory = name.last == UInt8(ascii: "/")
    let path = isDirectory ? Array(name.dropLast()) : name
    guard !path.isEmpty else { throw refuse(.malformed, "the name is empty") }
    guard path.count <= limits.pathLength else {
      throw refuse(.overLimit, "the name has \(path.count) bytes, more than \(limits.pathLength)")
    }
    guard !path.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
      throw refuse(.unsafe, "the name has a control character")
    }
    guard !path.contains(UInt8(ascii: "\\")) else { throw refuse(.unsafe, "the name has a backslash") }
    if path.contains(where: { $0 >= 0x80 }) {
      // Without the flag some readers assume IBM's code page 437, others UTF-8.
      guard isUTF8 else { throw refuse(.malformed, "the name is not ASCII, and not marked as UTF-8") }
      guard String(validating: path, as: UTF8.self) != nil else { throw refuse(.malformed, "the name is not UTF-8") }
    }
    try check(ArchivePath.components(path), limits, refuse: refuse)
    return (path, isDirectory)
  }

  private static func check(
    _ parts: [ArraySlice<UInt8>], _ limits: ZipLimits, refuse: (ArchiveError.Code, String) -> ArchiveError
  ) throws {
    guard parts.count <= limits.depth else {
      throw refuse(.overLimit, "the name has \(parts.count) components, more than \(limits.depth)")
    }
    guard parts.first?.isEmpty == false else { throw refuse(.unsafe, "the name is absolute") }
    for part in parts {
      if part.isEmpty { throw refuse(.unsafe, "the name has an empty component") }
      if part.elementsEqual(".".utf8) { throw refuse(.unsafe, "the name has a component \".\"") }
      if part.elementsEqual("..".utf8) { throw refuse(.unsafe, "the name has a component \"..\"") }
      guard part.count <= ZipLimits.componentLength else {
        throw refuse(
          .overLimit, "a component of the name has \(part.count) bytes, more than \(ZipLimits.componentLength)")
      }
    }
  }
}
