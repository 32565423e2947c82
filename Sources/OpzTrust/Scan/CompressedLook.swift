import OpzArchive
import OpzIO

/// Files that are compressed as a whole: what they unpack to is looked into, as far as it can be unpacked.
struct CompressedLook: FormatLook {
  let name = "compressed files"

  func recognizes(_ file: ScannedFile) -> Bool { !StreamFormat.candidates(file.head).isEmpty }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) throws {
    for candidate in StreamFormat.candidates(file.head) {
      try scanner.unpack(
        in: file, at: CompressedLook.inner(file), try UnpackingSource(file.blob, candidate, name: file.path),
        orElse: candidate.isCertain || PickleLook.isNamed(file) ? .unread : nil,
        "compressed by \(candidate.format.rawValue)")
    }
  }

  /// What the content is called: `model.pkl` in `model.pkl.gz`.
  private static func inner(_ file: ScannedFile) -> String {
    let name = file.path.split(separator: "/").last ?? ""
    let suffixes: Set<Substring> = ["gz", "gzip", "bz2", "xz", "lzma", "zst", "zstd", "lz4", "lz", "z"]
    if file.suffix == "tgz" { return "\(name.dropLast(4)).tar" }
    guard suffixes.contains(file.suffix) else { return String(name) }
    return String(name.dropLast(file.suffix.count + 1))
  }
}
