internal import CArchive
internal import CDeflate
internal import CZlib
internal import CZstd

/// The libraries that compress and decompress, as they are installed here.
public enum CompressionLibraries {
  /// The command that installs libarchive.
  static let install = "install libarchive: apt-get install libarchive13"

  /// Loads libarchive, the one that came with the program or else the system's, and returns its version: `3.6.2`.
  /// - Throws: `ArchiveError` where it cannot be loaded.
  public static func archive() throws -> String {
    if let problem = opz_archive_load() {
      throw ArchiveError(.unsupported, "libarchive", reason: String(cString: problem), hint: install)
    }
    let text = archive_version_string().map { String(cString: $0) } ?? "unknown"
    return text.replacing("libarchive ", with: "")
  }

  public static var deflate: String { LIBDEFLATE_VERSION_STRING }
  public static var zlib: String { String(cString: zlibVersion()) }
  public static var zstd: String { String(cString: ZSTD_versionString()) }
}
