import OpzArchive
import OpzHTTP
import OpzIO
import OpzMLflow
import OpzTrust
import OpzYAML
import SystemPackage

/// A C library that opz calls: its version and the file that it was loaded from.
public struct LibraryFacts: Encodable, Sendable, Hashable {
  /// The library's usual name, such as `libcurl`.
  public let name: String
  /// What the library says of itself; nil if it could not be loaded.
  public private(set) var version: String?
  /// The file that was loaded; nil for a library that is part of the program, or that could not be loaded.
  public private(set) var path: String?
  /// Why it could not be loaded.
  public private(set) var problem: String?
  /// What opz does with it.
  public let use: String
  /// What to do if it could not be loaded.
  public private(set) var hint: String?

  /// - Parameters:
  ///   - soname: the beginning of the file's name, such as `libcurl.so`.
  ///   - version: loads the library where it is not linked, and asks it.
  private init(_ name: String, soname: String, use: String, version: () throws -> String) {
    (self.name, self.use) = (name, use)
    do {
      self.version = try version()
      path = LoadedFiles.path(of: soname)?.string
    } catch {
      let explained = error as? any ExplainedError
      problem = explained?.reason ?? "\(error)"
      hint = explained?.hint
    }
  }

  /// Loads all libraries and describes them.
  static func all() -> [LibraryFacts] {
    // First those that opz is linked to: libcurl brings some of them too, which opz does not call.
    let linked = [
      LibraryFacts("libcrypto", soname: "libcrypto", use: "digests, signatures") { CryptoLibrary.version },
      LibraryFacts("libdeflate", soname: "libdeflate", use: "gzip") { CompressionLibraries.deflate },
      LibraryFacts("zlib", soname: "libz.so", use: "gzip") { CompressionLibraries.zlib },
      LibraryFacts("libzstd", soname: "libzstd", use: "zstd") { CompressionLibraries.zstd },
      LibraryFacts("libyaml", soname: "libyaml", use: "opz.yaml, manifests") { YAMLLibrary.version },
    ]
    let loaded = [
      LibraryFacts("libcurl", soname: "libcurl", use: "push, pull, copy, lock", version: CurlLibrary.version),
      LibraryFacts(
        "libarchive", soname: "libarchive", use: "reading compressed layers, tables and models",
        version: CompressionLibraries.archive),
      LibraryFacts("SQLite", soname: "libsqlite3", use: "import from MLflow", version: SQLiteLibrary.version),
    ]
    return loaded + linked
  }
}

/// The files that this process maps (proc(5), /proc/PID/maps).
enum LoadedFiles {
  /// The mapped file whose name begins with `prefix`; nil if there is none, or no /proc.
  static func path(of prefix: String) -> FilePath? {
    guard let file = try? OpenFile.reading("/proc/self/maps") else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    // A process with a few dozen libraries has a few hundred lines.
    while bytes.count < 4 << 20, let count = try? buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0
    {
      bytes += buffer[..<count]
    }
    return find(prefix, in: String(decoding: bytes, as: UTF8.self))
  }

  static func find(_ prefix: String, in maps: String) -> FilePath? {
    for line in maps.split(separator: "\n") {
      // Address, permissions, offset, device, inode, path; the path may contain spaces.
      let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
      guard fields.count == 6 else { continue }
      let path = FilePath(String(fields[5].drop { $0 == " " }))
      if path.isAbsolute, path.lastComponent?.string.hasPrefix(prefix) == true { return path }
    }
    return nil
  }
}
