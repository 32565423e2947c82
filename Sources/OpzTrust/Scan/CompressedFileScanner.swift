import OpzArchive
import OpzIO

/// Files that are compressed as a whole: their content is scanned, as far as it can be decompressed.
struct CompressedFileScanner: FormatScanner {
  let name = "compressed files"

  func recognizes(_ file: ScannedFile) throws -> Bool { try !StreamFormat.candidates(in: file.blob, file.head).isEmpty }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    let candidates = try StreamFormat.candidates(in: file.blob, file.head)
    var isWhole = false
    for candidate in candidates {
      isWhole =
        try scanner.unpack(
          in: file, at: CompressedFileScanner.inner(file), try UnpackingSource(file.blob, candidate, name: file.path),
          orElse: candidate.isCertain || (candidate.format == .zlib && PickleScanner.isNamed(file)) ? .unread : nil,
          "compressed by \(candidate.format.rawValue)") || isWhole
    }
    // zstd and lz4 share the magic numbers of skippable frames, so the data after them may be either.
    if candidates.map(\.format) == [.zstd, .lz4], !isWhole {
      scanner.add(.unread, .error, file: file, text: "it begins like zstd or lz4 data, and could not be unpacked")
    }
  }

  /// The name of the content: `model.pkl` for `model.pkl.gz`.
  private static func inner(_ file: ScannedFile) -> String {
    let name = file.path.split(separator: "/").last ?? ""
    let suffixes: Set<Substring> = ["gz", "gzip", "bz2", "xz", "lzma", "zst", "zstd", "lz4", "lz", "z"]
    if file.suffix == "tgz" { return "\(name.dropLast(4)).tar" }
    guard suffixes.contains(file.suffix) else { return String(name) }
    return String(name.dropLast(file.suffix.count + 1))
  }
}
