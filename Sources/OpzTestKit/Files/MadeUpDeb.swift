public import OpzIO
import OpzOCI
public import SystemPackage

/// A Debian package that no tool of Debian's made, so that everything in it can be wrong.
public struct MadeUpDeb: Sendable {
  public var name: String
  public var version: String
  public var architecture = "all"
  /// More fields of its control file: `Depends: r-base-core`.
  public var fields: [String]
  /// The entries of data.tar.
  public var files: [RawTar.Entry]
  /// By name, the programs that dpkg would run.
  public var scripts: [String: String] = [:]

  /// A package for all architectures.
  public init(_ name: String, _ version: String = "1.0-1", fields: [String] = [], files: [RawTar.Entry] = []) {
    (self.name, self.version, self.fields, self.files) = (name, version, fields, files)
  }

  /// The paragraph of its control file.
  public var control: String {
    let own = ["Package: \(name)", "Version: \(version)", "Architecture: \(architecture)"]
    return (own + fields).joined(separator: "\n") + "\n"
  }

  /// The .deb, whose tars are not compressed.
  public var bytes: [UInt8] {
    let controls =
      [RawTar.Entry("./control", content: control)]
      + scripts.sorted { $0.key < $1.key }
      .map { RawTar.Entry("./\($0.key)", content: $0.value) }
    return MadeUpDeb.ar([
      ("debian-binary", Array("2.0\n".utf8)), ("control.tar", RawTar.bytes(controls)),
      ("data.tar", RawTar.bytes(files)),
    ])
  }

  /// An `ar` archive.
  public static func ar(_ members: [(name: String, content: [UInt8])]) -> [UInt8] {
    func field(_ text: String, _ width: Int) -> [UInt8] {
      Array((text + String(repeating: " ", count: max(0, width - text.utf8.count))).utf8)
    }
    return members.reduce(Array("!<arch>\n".utf8)) { archive, member in
      let header =
        field(member.name, 16) + field("0", 12) + field("0", 6) + field("0", 6) + field("100644", 8)
        + field("\(member.content.count)", 10) + [96, 10]
      return archive + header + member.content + (member.content.count % 2 == 1 ? [10] : [])
    }
  }

  /// Writes a flat archive of packages, as `dpkg-scanpackages` makes one: the files, and their `Packages`.
  public static func write(_ packages: [MadeUpDeb], to directory: FilePath) throws {
    try Durable.makeDirectory(directory)
    var index = ""
    for package in packages {
      let version = package.version.replacing(":", with: "%3a")
      let (file, bytes) = ("\(package.name)_\(version)_\(package.architecture).deb", package.bytes)
      try Durable.replace(directory.appending(file), with: bytes)
      index += package.control
      index += "Filename: ./\(file)\nSize: \(bytes.count)\nSHA256: \(Digest.of(bytes).hex)\n\n"
    }
    try Durable.replace(directory.appending("Packages"), with: Array(index.utf8))
  }
}
