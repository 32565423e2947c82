/// Names in a layer that delete entries of lower layers (OCI image-spec, layer.md, "Whiteouts").
enum Whiteout: Equatable {
  /// `.wh.NAME`: deletes the sibling NAME.
  case sibling([UInt8])
  /// `.wh..wh..opq`: deletes everything in the directory.
  case opaque
  /// `.wh..wh.` and any other suffix: bookkeeping of AUFS, which readers ignore.
  case bookkeeping

  private static let prefix = Array(".wh.".utf8)

  static func isReserved(_ name: some Collection<UInt8>) -> Bool { name.starts(with: prefix) }

  /// Parses a whiteout; nil for an ordinary name.
  /// - Throws: `ArchiveError` for a whiteout of nothing, `.` or `..`, which could delete the parent directory.
  static func parse(_ name: [UInt8], archive: String) throws -> Whiteout? {
    guard isReserved(name) else { return nil }
    let rest = Array(name.dropFirst(prefix.count))
    if rest == Array(".wh..opq".utf8) { return .opaque }
    if isReserved(rest) { return .bookkeeping }
    if rest.isEmpty || rest == Array(".".utf8) || rest == Array("..".utf8) {
      throw ArchiveError(.unsafe, archive, reason: "the whiteout \"\(ArchivePath.text(name))\" names no file")
    }
    return .sibling(rest)
  }
}
