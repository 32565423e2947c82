/// Names in a layer that delete what the layers below have (OCI image-spec, layer.md, "Whiteouts").
enum Whiteout: Equatable {
  /// `.wh.NAME`: the sibling NAME.
  case sibling([UInt8])
  /// `.wh..wh..opq`: everything in the directory.
  case opaque
  /// `.wh..wh.` and anything else: bookkeeping of AUFS, which readers pass over.
  case bookkeeping

  private static let prefix = Array(".wh.".utf8)

  static func isReserved(_ name: some Collection<UInt8>) -> Bool { name.starts(with: prefix) }

  /// What a name deletes; nil for an ordinary name.
  /// - Throws: `ArchiveError` for a whiteout of nothing, `.` or `..`, which could delete the directory above.
  static func parse(_ name: [UInt8], archive: String) throws -> Whiteout? {
    guard isReserved(name) else { return nil }
    let rest = Array(name.dropFirst(prefix.count))
    if rest == Array(".wh..opq".utf8) { return .opaque }
    if isReserved(rest) { return .bookkeeping }
    if rest.isEmpty || rest == Array(".".utf8) || rest == Array("..".utf8) {
      throw ArchiveError(.unsafe, archive, "the whiteout \"\(ArchivePath.text(name))\" names no file")
    }
    return .sibling(rest)
  }
}
