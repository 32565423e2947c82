public import OpzArchive
public import OpzIO
public import SystemPackage

/// A Debian binary package (deb(5)): an `ar` archive of two tars.
public struct DebArchive: Sendable {
  /// What apt and dpkg are told of the package: name, version, dependencies.
  public let control: ControlParagraph
  /// The text of the same, as it is in the package.
  public let controlText: [UInt8]
  /// The MD5 digests of its files, as dpkg keeps them; nil for a package without them.
  public let checksums: [UInt8]?
  /// The programs that dpkg would run, by their names: `postinst`.
  public let scripts: [MaintainerScript]

  private let data: BlobSlice
  private let format: StreamFormat?
  private let name: String

  private enum Limit {
    /// Bytes of control.tar, unpacked.
    static let control: UInt64 = 32 << 20
    /// Bytes of data.tar, unpacked.
    static let data: UInt64 = 8 << 30
    /// Unpacked bytes for each packed one, beyond the first 64 MiB.
    static let ratio: UInt64 = 500
    static let ratioFloor: UInt64 = 64 << 20
  }

  /// Reads everything but the files. It blocks.
  /// - Parameter name: the package's, for messages.
  /// - Throws: `DebianError`, `ArchiveError`.
  public init(_ blob: any Blob, name: String) throws {
    self.name = name
    var members = try ArMembers(blob, name: name)
    guard let mark = try members.next(), mark.name == "debian-binary",
      mark.content.size <= 64, try mark.content.bytes().starts(with: Array("2.".utf8))
    else { throw DebianError(.malformed, name, reason: "it is no Debian package of format 2") }
    func part(_ wanted: String) throws -> (BlobSlice, StreamFormat?) {
      while let member = try members.next() {
        if member.name.hasPrefix("_") { continue }
        let suffixes: [(String, StreamFormat?)] = [("", nil), (".gz", .gzip), (".xz", .xz), (".zst", .zstd)]
        guard let (_, format) = suffixes.first(where: { member.name == wanted + $0.0 }) else {
          throw DebianError(
            .unsupported, name, reason: "it has \"\(member.name)\" where \(wanted) is expected, plain or as gz, xz, zst"
          )
        }
        return (member.content, format)
      }
      throw DebianError(.malformed, name, reason: "it has no \(wanted)")
    }
    let (packed, packing) = try part("control.tar")
    (data, format) = try part("data.tar")
    let files = try DebArchive.controlFiles(packed, packing, name: name)
    guard let text = files["control"],
      let paragraph = try ControlParagraph.all(in: text, subject: "\(name): control", limit: 1).first
    else { throw DebianError(.malformed, name, reason: "it has no control file") }
    (control, controlText, checksums) = (paragraph, text, files["md5sums"])
    scripts = MaintainerScript.names.compactMap { script in
      files[script].map { MaintainerScript(name: script, text: $0) }
    }
  }

  private static func controlFiles(
    _ packed: BlobSlice, _ format: StreamFormat?, name: String
  ) throws -> [String: [UInt8]] {
    let subject = "\(name): control.tar"
    var limits = ArchiveLimits()
    limits.entries = 1_000
    limits.totalBytes = Limit.control
    let reader = TarReader(
      try LimitedSource(packed, format, most: Limit.control, name: subject), name: subject, limits: limits)
    var files: [String: [UInt8]] = [:]
    while let header = try reader.next() {
      guard header.path.components.count == 1 else { continue }
      guard header.kind == .file else {
        guard MaintainerScript.names.contains(header.path.string) else { continue }
        throw DebianError(.unsuitable, name, reason: "its \(header.path) is a link")
      }
      var bytes: [UInt8] = []
      try reader.forEachChunk { bytes.append(contentsOf: $0) }
      files[header.path.string] = bytes
    }
    return files
  }

  // MARK: Files

  /// Unpacks data.tar into a file, whose parts the entries of a layer are. It blocks.
  /// - Throws: `DebianError.overLimit` for what unpacks to too much, `ArchiveError`, `IOFailure`.
  public func unpackData(to path: FilePath) throws {
    try Durable.makeDirectory(path.removingLastComponent())
    let new = try NewFile(in: path.removingLastComponent())
    let source = try LimitedSource(
      data, format, most: Limit.data, ratio: Limit.ratio, floor: Limit.ratioFloor, name: "\(name): data.tar")
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count = try source.read(into: buffer)
      if count == 0 { break }
      try new.file.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
    try new.replace(path)
  }

  /// The package's files, and what programs that look for packages read of it in `var/lib/dpkg/status.d`. It blocks.
  /// - Parameter tar: data.tar, unpacked.
  /// - Throws: `DebianError.unsuitable` for devices, owners that only its scripts would make, and paths that container
  ///   runtimes fill; `ArchiveError` for names that lead out of the image.
  public func entries(in tar: FilePath) throws -> [TarEntry] {
    let blob = try FileBlob(tar)
    let reader = try TarReader(StoredLayer(blob, .none, name: "\(name): data.tar"))
    var entries: [TarEntry] = []
    var files: [FilePath: TarEntry] = [:]
    while let header = try reader.next() {
      if header.path.isEmpty { continue }
      let kind = try kind(of: header, at: reader.offset, in: blob, files)
      let entry = TarEntry(header.path, kind, mode: header.mode, uid: header.uid, gid: header.gid)
      if case .file = kind { files[header.path] = entry }
      entries.append(entry)
    }
    return try entries + status()
  }

  private func kind(
    of header: TarHeader, at offset: UInt64, in blob: FileBlob, _ files: [FilePath: TarEntry]
  ) throws -> TarEntry.Kind {
    func unsuitable(_ reason: String) -> DebianError {
      DebianError(
        .unsuitable, name, reason: "/\(header.path) \(reason)", hint: "install it in the base, with apt")
    }
    // Owners below 100 are the same in every Debian (base-passwd).
    guard header.uid < 100, header.gid < 100 else { throw unsuitable("belongs to \(header.uid):\(header.gid)") }
    if let first = header.path.components.first?.string, ["dev", "proc", "sys"].contains(first) {
      throw unsuitable("is where container runtimes mount")
    }
    switch header.kind {
    case .file:
      guard let part = BlobSlice(blob, from: offset, size: header.size) else {
        throw DebianError(.malformed, name, reason: "/\(header.path) is cut short")
      }
      return .file(part)
    case .directory: return .directory
    case .symlink(let target): return .symlink(target: target)
    case .hardlink(let target):
      guard let linked = files[target] else { throw unsuitable("is a hard link to a file that is not in the package") }
      return linked.kind
    case .characterDevice, .blockDevice, .fifo: throw unsuitable("is a device")
    }
  }

  /// Scanners and bills of materials read these where there is no line in dpkg's status.
  private func status() throws -> [TarEntry] {
    guard let package = control["Package"], PackageName.isValid(package) else {
      throw DebianError(.malformed, name, reason: "its control file has no usable name")
    }
    let directory = FilePath("var/lib/dpkg/status.d")
    var text = controlText
    while text.last == 10 { text.removeLast() }
    let own = TarEntry.file(directory.appending(package), BytesBlob(text + [10]))
    return [own] + (checksums.map { [.file(directory.appending("\(package).md5sums"), BytesBlob($0))] } ?? [])
  }
}

/// The members of an `ar` archive, in order. Names are of at most 15 bytes, as in every .deb.
private struct ArMembers {
  private let blob: any Blob
  private let archive: String
  private var place: UInt64 = 8

  init(_ blob: any Blob, name: String) throws {
    (self.blob, archive) = (blob, name)
    guard let mark = BlobSlice(blob, from: 0, size: 8), try mark.bytes() == Array("!<arch>\n".utf8) else {
      throw DebianError(.malformed, name, reason: "it is no Debian package")
    }
  }

  mutating func next() throws -> (name: String, content: BlobSlice)? {
    if place >= blob.size { return nil }
    func malformed() -> DebianError { DebianError(.malformed, archive, reason: "a member of it is malformed") }
    guard let header = try BlobSlice(blob, from: place, size: 60)?.bytes(), header[58...].elementsEqual([96, 10]),
      let size = UInt64(text(header[48..<58])), let content = BlobSlice(blob, from: place + 60, size: size)
    else { throw malformed() }
    // What is odd is padded, except at the end.
    place += 60 + size + size % 2
    var name = text(header[..<16])
    if name.hasSuffix("/") { name.removeLast() }
    return (name, content)
  }

  private func text(_ bytes: ArraySlice<UInt8>) -> String {
    var bytes = bytes
    while bytes.last == 32 { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Unpacked bytes, of which there may not be too many.
public final class LimitedSource: ByteSource {
  private let source: any ByteSource
  private let most: UInt64
  private let name: String
  private var produced: UInt64 = 0

  /// - Parameters:
  ///   - format: nil for bytes that are not packed.
  ///   - most: the most bytes that come out.
  ///   - ratio: the most for each byte that goes in, beyond `floor`; nil for any number.
  /// - Throws: `ArchiveError`.
  public init(
    _ blob: any Blob, _ format: StreamFormat?, most: UInt64, ratio: UInt64? = nil, floor: UInt64 = 0, name: String
  ) throws {
    let packed = try blob.open(at: 0)
    source = try format.map { try UnpackingSource.stream(packed, $0, name: name) } ?? packed
    let (product, overflow) = blob.size.multipliedReportingOverflow(by: ratio ?? .max)
    self.most = ratio == nil || overflow ? most : min(most, max(floor, product))
    self.name = name
  }

  /// Reads up to the buffer's size; 0 at the end.
  /// - Throws: `DebianError.overLimit`, `ArchiveError` for damaged data.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try source.read(into: buffer)
    produced += UInt64(count)
    guard produced <= most else {
      throw DebianError(.overLimit, name, reason: "it unpacks to more than \(ByteCount.text(most))")
    }
    return count
  }

  /// Everything to the end.
  /// - Throws: as `read`.
  public func bytes() throws -> [UInt8] {
    var all: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count = try read(into: buffer)
      if count == 0 { return all }
      all.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }
}
