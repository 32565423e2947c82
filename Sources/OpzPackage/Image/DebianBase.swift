import OpzArchive
public import OpzDebian
import OpzIO
public import SystemPackage

/// What a base image has of Debian: its packages, its apt's sources and keys, and its R. It is read from its files
/// without running them, and kept in the registry's cache.
public struct DebianBase: Codable, Sendable, Hashable {
  /// The form of this value in the cache.
  public static let format = 1

  public var format = DebianBase.format
  /// `debian`, `ubuntu`: the ID of os-release; nil without one.
  public var distribution: String?
  /// By path, dpkg's status and the files of status.d.
  public var status: [String: String] = [:]
  /// By path, the files that name apt's sources.
  public var sources: [String: String] = [:]
  /// By path, keyrings in base64.
  public var keyrings: [String: String] = [:]
  /// The directories of R installations: `usr/lib/R`.
  public var r: [String] = []
  /// The names of R packages in the libraries of Debian's R, whoever installed them.
  public var libraries: [String] = []

  /// The directory of Debian's own R.
  public static let ownR = "usr/lib/R"

  private static let keyDirectories = [
    "etc/apt/trusted.gpg.d", "etc/apt/keyrings", "usr/share/keyrings", "usr/local/share/keyrings",
  ].map { FilePath($0) }
  private static let sourceDirectory = FilePath("etc/apt/sources.list.d")
  private static let statusDirectory = FilePath("var/lib/dpkg/status.d")
  private static let single: Set<FilePath> = [
    "var/lib/dpkg/status", "etc/apt/sources.list", "etc/apt/trusted.gpg", "etc/os-release", "usr/lib/os-release",
  ]

  /// Collects the files that a `DebianBase` is made of.
  public static func reader() -> BaseFilesReader {
    BaseFilesReader { path in
      single.contains(path)
        || (keyDirectories + [sourceDirectory, statusDirectory]).contains(path.removingLastComponent())
    }
  }

  /// Reads the files of a base.
  public init(_ files: BaseFiles) {
    func text(_ path: FilePath) -> String? { files[path].map { String(decoding: $0, as: UTF8.self) } }
    func texts(_ paths: [FilePath]) -> [String: String] {
      Dictionary(paths.compactMap { path in text(path).map { (path.string, $0) } }, uniquingKeysWith: { one, _ in one })
    }
    let release = text("etc/os-release") ?? text("usr/lib/os-release")
    distribution = release?.split(separator: "\n").first { $0.hasPrefix("ID=") }.map {
      $0.dropFirst(3).filter { $0 != "\"" && $0 != "'" }
    }
    // The .md5sums beside them are not read.
    status = texts(
      ["var/lib/dpkg/status"] + files.files(in: DebianBase.statusDirectory).filter { $0.extension != "md5sums" })
    sources = texts(
      ["etc/apt/sources.list"]
        + files.files(in: DebianBase.sourceDirectory).filter { ["list", "sources"].contains($0.extension) })
    let keys: [FilePath] = ["etc/apt/trusted.gpg"] + DebianBase.keyDirectories.flatMap { files.files(in: $0) }
    for path in keys {
      keyrings[path.string] = files[path].map { Base64.encode($0) }
    }
    r = files.table.paths(named: { $0.elementsEqual("R".utf8) }).compactMap { path in
      let text = path.string
      return text.hasSuffix("/bin/exec/R") ? String(text.dropLast("/bin/exec/R".count)) : nil
    }
    let libraries = ["usr/lib/R/library", "usr/lib/R/site-library", "usr/local/lib/R/site-library"]
    self.libraries = Set(
      libraries.flatMap { library in
        files.table.paths(named: { _ in true }, in: FilePath(library)).filter {
          files.table[$0.appending("DESCRIPTION")] != nil
        }.compactMap { $0.lastComponent?.string }
      }
    ).sorted()
  }

  /// The installed packages.
  /// - Parameter architecture: Debian's name of the processor.
  /// - Throws: `DebianError.malformed`.
  public func installed(_ architecture: String) throws -> InstalledPackages {
    var packages = InstalledPackages()
    for (path, text) in status.sorted(by: { $0.key < $1.key }) {
      try packages.add(
        Array(text.utf8), architecture: architecture, isStatus: path == "var/lib/dpkg/status", subject: path)
    }
    return packages
  }

  /// A keyring of the base as gpgv reads it; nil if there is none at this path.
  /// - Throws: `DebianError.malformed`.
  public func keyring(_ path: String) throws -> [UInt8]? {
    try keyrings[String(path.drop { $0 == "/" })].flatMap { Base64.decode($0) }.map {
      try Keyring.binary($0, subject: path)
    }
  }

  /// The keyrings that apt trusts for every archive.
  public var trusted: [String] {
    keyrings.keys.filter { path in
      path == "etc/apt/trusted.gpg"
        || (path.hasPrefix("etc/apt/trusted.gpg.d/") && (path.hasSuffix(".gpg") || path.hasSuffix(".asc")))
    }.sorted()
  }
}
