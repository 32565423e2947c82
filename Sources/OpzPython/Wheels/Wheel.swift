public import OpzArchive
import OpzIO
public import SystemPackage

/// A Python wheel, read from its zip file (PyPA, binary distribution format 1.0).
///
/// Everything read is compared with its RECORD, which must list exactly the files in the archive.
public struct Wheel: Sendable {
  public let name: WheelName
  public let metadata: WheelMetadata
  /// The directory of the metadata: `numpy-2.1.0.dist-info`.
  public let distInfo: String
  /// Whether the root of the archive is installed into purelib or platlib.
  public let isPurelib: Bool
  /// The valid tags in WHEEL, expanded. They decide nothing: the file name does.
  public let tags: [WheelTag]
  /// The commands to create, in the order of entry_points.txt.
  public let entryPoints: [EntryPoint]

  let archive: ZipArchive
  /// The files with their digests, without directories, RECORD and signatures.
  let files: [WheelFile]

  private enum Limit {
    /// Maximum bytes of METADATA, WHEEL and entry_points.txt.
    static let text: UInt64 = 16 << 20
    /// Maximum bytes of RECORD.
    static let record: UInt64 = 128 << 20
  }

  /// Reads the metadata. It blocks.
  /// - Throws: `PythonError` if it is not a wheel with this name, or if RECORD and the archive disagree;
  ///   `ArchiveError`.
  public init(_ archive: ZipArchive, name: WheelName) throws {
    let directory = try Wheel.distInfo(in: archive, name)
    let record = try Wheel.record(in: archive, directory, name)
    let files = try Wheel.files(in: archive, record, directory, name: name)
    /// - Returns: nil if there is no such file.
    func text(_ file: String) throws -> String? {
      let path = Array("\(directory)/\(file)".utf8)
      guard let found = files.first(where: { $0.entry.path == path }) else { return nil }
      let subject = "wheel \(name): \(file)"
      guard found.entry.size <= Limit.text else {
        throw PythonError(.malformed, subject, reason: "it has \(found.entry.size) bytes, more than \(Limit.text)")
      }
      let bytes = try found.content(of: archive, wheel: name).bytes()
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw PythonError(.malformed, subject, reason: "it is not UTF-8")
      }
      return text
    }
    func required(_ file: String) throws -> String {
      guard let text = try text(file) else {
        throw PythonError(.malformed, "wheel \(name)", reason: "there is no \(directory)/\(file) in it")
      }
      return text
    }
    let wheel = try WheelDescription(try required("WHEEL"), of: name)
    metadata = try WheelMetadata(try required("METADATA"), of: name)
    entryPoints =
      try text("entry_points.txt").map {
        try EntryPointsFile($0, of: "wheel \(name): entry_points.txt").entryPoints
      } ?? []
    isPurelib = wheel.isPurelib
    tags = wheel.tags
    distInfo = directory
    self.name = name
    self.archive = archive
    self.files = files
  }

  /// The files to install into an image, with a new INSTALLER and RECORD, sorted by path bytes.
  ///
  /// The same wheel and layout give the same entries. Scripts whose first line is replaced are read for it;
  /// contents are compared with the wheel's RECORD when read to the end.
  /// - Throws: `PythonError` if two files have the same destination; `ArchiveError`.
  /// - Parameter bytecode: the compiled modules, by their paths below the library; nil for none.
  public func entries(in layout: InstallLayout, bytecode: ZipArchive? = nil) throws -> [TarEntry] {
    var installation = WheelInstallation(self, layout)
    return try installation.entries(bytecode)
  }

  /// The directory that the archive's root is installed into.
  public func library(in layout: InstallLayout) -> FilePath { isPurelib ? layout.purelib : layout.platlib }

  /// The modules in the library directory.
  var modules: [WheelFile] {
    let slash = UInt8(ascii: "/")
    return files.filter { file in
      file.entry.path.suffix(3).elementsEqual(".py".utf8)
        && !file.entry.path.prefix { $0 != slash }.suffix(5).elementsEqual(".data".utf8)
    }
  }

  private static func distInfo(in archive: ZipArchive, _ name: WheelName) throws -> String {
    let suffix = Array(".dist-info".utf8)
    var found: Set<[UInt8]> = []
    for entry in archive.entries {
      let top = entry.path.prefix { $0 != UInt8(ascii: "/") }
      if top.count < entry.path.count || entry.isDirectory, top.reversed().starts(with: suffix.reversed()) {
        found.insert(Array(top))
      }
    }
    guard let only = found.first, found.count == 1 else {
      throw PythonError(.malformed, "wheel \(name)", reason: "it has \(found.count) .dist-info directories, not 1")
    }
    let text = String(decoding: only, as: UTF8.self)
    guard name.isStem(text.dropLast(suffix.count)) else {
      throw PythonError(
        .malformed, "wheel \(name)",
        reason: "its metadata is in \"\(text.prefix(200))\", which belongs to another distribution"
      )
    }
    return text
  }

  private static func record(in archive: ZipArchive, _ directory: String, _ name: WheelName) throws -> WheelRecord {
    let path = Array("\(directory)/RECORD".utf8)
    guard let entry = archive[path], !entry.isDirectory else {
      throw PythonError(.malformed, "wheel \(name)", reason: "there is no \(directory)/RECORD in it")
    }
    let subject = "wheel \(name): RECORD"
    guard entry.size <= Limit.record else {
      throw PythonError(.malformed, subject, reason: "it has \(entry.size) bytes, more than \(Limit.record)")
    }
    return try WheelRecord(try archive.content(entry).bytes(), own: path, of: subject)
  }

  /// The files in archive order, after checking that RECORD lists them and no others.
  private static func files(
    in archive: ZipArchive, _ record: WheelRecord, _ directory: String, name: WheelName
  ) throws -> [WheelFile] {
    let subject = "wheel \(name): RECORD"
    let own = Array("\(directory)/RECORD".utf8)
    // RECORD cannot list its own signatures.
    let signatures = ["RECORD.jws", "RECORD.p7s"].map { Array("\(directory)/\($0)".utf8) }
    for path in record.rows.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      guard let entry = archive[path], !entry.isDirectory else {
        let text = String(decoding: path.prefix(200), as: UTF8.self)
        throw PythonError(.malformed, subject, reason: "it lists \"\(text)\", which is not in the wheel")
      }
    }
    var files: [WheelFile] = []
    for entry in archive.entries where !entry.isDirectory && entry.path != own && !signatures.contains(entry.path) {
      let text = String(decoding: entry.path.prefix(200), as: UTF8.self)
      guard let row = record.rows[entry.path], let digest = row.digest else {
        throw PythonError(.malformed, subject, reason: "it does not list \"\(text)\", which is in the wheel")
      }
      guard row.size ?? entry.size == entry.size else {
        throw PythonError(
          .malformed, subject, reason: "\"\(text)\" has \(entry.size) bytes, but RECORD lists another size")
      }
      files.append(WheelFile(entry: entry, digest: digest))
    }
    return files
  }
}

/// A file in a wheel with its digest from RECORD.
struct WheelFile {
  let entry: ZipEntry
  let digest: Digest

  /// The content, verified against the digest when read to the end.
  func content(of archive: ZipArchive, wheel: WheelName) -> VerifiedBlob {
    let digest = digest
    let subject = "wheel \(wheel): \"\(String(decoding: entry.path.prefix(200), as: UTF8.self))\""
    return VerifiedBlob(archive.content(entry), digest: digest) {
      PythonError(
        .wrongDigest, subject, reason: "its bytes do not have the digest in RECORD, \(digest)",
        hint: "the wheel was changed after it was built: download it again, or use another one")
    }
  }
}
