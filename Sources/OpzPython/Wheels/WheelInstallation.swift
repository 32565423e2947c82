import OpzArchive
import OpzIO
import SystemPackage

/// Maps the files of a wheel to the directories of a layout.
struct WheelInstallation {
  private let wheel: Wheel
  private let layout: InstallLayout
  /// The destination of the archive's root, to which RECORD's paths are relative.
  private let library: [UInt8]
  private let commands: Set<String>
  private var installed: [[UInt8]: InstalledFile] = [:]

  private struct InstalledFile {
    let entry: TarEntry
    /// Nil for RECORD itself.
    let digest: Digest?
    let size: UInt64?
  }

  /// Files that the installer writes, not the build.
  private static let installerFiles: Set = ["INSTALLER", "REQUESTED", "direct_url.json"]
  private static let slash = UInt8(ascii: "/")

  init(_ wheel: Wheel, _ layout: InstallLayout) {
    self.wheel = wheel
    self.layout = layout
    commands = Set(wheel.entryPoints.map(\.name))
    library = wheel.library(in: layout).bytes
  }

  mutating func entries(_ bytecode: ZipArchive?) throws -> [TarEntry] {
    for file in wheel.files { try install(file) }
    if let bytecode { try add(bytecode) }
    for entryPoint in wheel.entryPoints {
      let script = entryPoint.script(interpreter: layout.interpreter)
      try addBytes(script, at: layout.scripts.bytes + [Self.slash] + Array(entryPoint.name.utf8), mode: 0o755)
    }
    try addBytes(Array("opz\n".utf8), at: inDistInfo("INSTALLER"), mode: 0o644)
    try addRecord()
    return installed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value.entry)
  }

  private mutating func install(_ file: WheelFile) throws {
    let content = file.content(of: wheel.archive, wheel: wheel.name)
    let mode: UInt32 = file.entry.isExecutable ? 0o755 : 0o644
    let parts = file.entry.path.split(separator: Self.slash).map { String(decoding: $0, as: UTF8.self) }
    guard parts.count > 1, parts[0].hasSuffix(".data") else {
      if parts.count == 2, parts[0] == wheel.distInfo, Self.installerFiles.contains(parts[1]) { return }
      return try add(content, file.digest, at: library + [Self.slash] + file.entry.path, mode: mode)
    }
    let key = try scheme(parts)
    let name = parts.dropFirst(2).joined(separator: "/")
    let path = directory(key).bytes + [Self.slash] + Array(name.utf8)
    if key == .scripts {
      if isEntryPointScript(parts.last ?? "") { return }
      try addScript(content, file.digest, at: path)
    } else {
      try add(content, file.digest, at: path, mode: mode)
    }
  }

  /// Adds compiled modules, except those that the wheel brings itself, and what is no module's: the Python that compiled
  /// them can be one of a base, which is not trusted to write anywhere else.
  private mutating func add(_ bytecode: ZipArchive) throws {
    let modules = Set(wheel.modules.map { Array($0.entry.path.dropLast(3)) })
    for entry in bytecode.entries where !entry.isDirectory {
      guard WheelInstallation.source(of: entry.path).map(modules.contains) == true else {
        let path = String(decoding: entry.path.prefix(200), as: UTF8.self)
        throw refuse("the Python that compiled it gave it the file \"\(path)\"")
      }
      let path = library + [Self.slash] + entry.path
      guard installed[path] == nil else { continue }
      let content = bytecode.content(entry)
      var hasher = DigestHasher()
      try content.forEachChunk { hasher.update($0) }
      try add(content, hasher.finish(), at: path, mode: 0o644)
    }
  }

  /// The module, without its ending, of a compiled file: `pkg/a` of `pkg/__pycache__/a.cpython-311.pyc`.
  static func source(of compiled: [UInt8]) -> [UInt8]? {
    var parts = compiled.split(separator: slash, omittingEmptySubsequences: false)
    guard let file = parts.popLast(), let directory = parts.popLast(), directory.elementsEqual("__pycache__".utf8),
      file.suffix(4).elementsEqual(".pyc".utf8), let tag = file.dropLast(4).lastIndex(of: UInt8(ascii: "."))
    else { return nil }
    return Array((parts + [file[..<tag]]).joined(separator: [slash]))
  }

  /// The subdirectories of a wheel's data directory.
  private enum Scheme: String {
    case purelib, platlib, scripts, data, headers
  }

  private func scheme(_ parts: [String]) throws -> Scheme {
    let path = parts.joined(separator: "/").prefix(200)
    // pip accepts any directory with this suffix as data, other installers only the one named like the metadata.
    guard wheel.name.isStem(parts[0].dropLast(".data".count)) else {
      throw refuse("\"\(path)\" is in a data directory of another distribution")
    }
    guard parts.count > 2, let key = Scheme(rawValue: parts[1]) else {
      throw refuse("\"\(path)\" is not in one of the data directories purelib, platlib, scripts, data and headers")
    }
    return key
  }

  private func directory(_ scheme: Scheme) -> FilePath {
    switch scheme {
    case .purelib: layout.purelib
    case .platlib: layout.platlib
    case .scripts: layout.scripts
    case .data: layout.data
    case .headers: layout.headers.appending(wheel.metadata.name)
    }
  }

  /// Old build tools include a script for each entry point; installers skip them, as pip does.
  private func isEntryPointScript(_ name: String) -> Bool {
    let lower = name.lowercased()
    let ending = [".exe", "-script.py", ".pya"].first { lower.hasSuffix($0) } ?? ""
    let command = name.dropLast(ending.count)
    return commands.contains(String(command))
  }

  /// Replaces a first line that starts with `#!python` with the layout's interpreter.
  private mutating func addScript(_ content: VerifiedBlob, _ digest: Digest, at path: [UInt8]) throws {
    guard let length = try firstLine(content) else { return try add(content, digest, at: path, mode: 0o755) }
    let changed = ReplacedPrefix(start: Array("#!\(layout.interpreter)\n".utf8), content: content, replaced: length)
    var hasher = DigestHasher()
    try changed.forEachChunk { hasher.update($0) }
    try add(changed, hasher.finish(), at: path, mode: 0o755)
  }

  /// The length of a first line to replace, including its end; nil if the file does not start with `#!python`.
  private func firstLine(_ content: VerifiedBlob) throws -> UInt64? {
    let limit = 1 << 16
    let source = try content.open(at: 0)
    var head: [UInt8] = []
    let marker = Array("#!python".utf8)
    try withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      while head.count < limit, !head.contains(UInt8(ascii: "\n")) {
        let count = try source.read(into: buffer)
        if count == 0 { return }
        head += buffer[..<count]
        if head.count >= marker.count, !head.starts(with: marker) { return }
      }
    }
    guard head.starts(with: marker) else { return nil }
    if let end = head.firstIndex(of: UInt8(ascii: "\n")) { return UInt64(end + 1) }
    guard UInt64(head.count) == content.size else {
      throw refuse("the first line of a script is longer than \(limit) bytes")
    }
    return content.size
  }

  private mutating func addBytes(_ bytes: [UInt8], at path: [UInt8], mode: UInt32) throws {
    try add(BytesBlob(bytes), .of(bytes), at: path, mode: mode)
  }

  private mutating func add(_ content: any Blob, _ digest: Digest?, at path: [UInt8], mode: UInt32) throws {
    let entry = TarEntry.file(FilePath(bytes: path), content, mode: mode)
    let size = digest == nil ? nil : content.size
    guard installed.updateValue(InstalledFile(entry: entry, digest: digest, size: size), forKey: path) == nil else {
      throw refuse("two of its files would be installed as \"\(String(decoding: path.prefix(200), as: UTF8.self))\"")
    }
  }

  private mutating func addRecord() throws {
    let own = inDistInfo("RECORD")
    var lines = installed.map { (path: relative($0.key), digest: $0.value.digest, size: $0.value.size) }
    lines.append((relative(own), nil, nil))
    lines.sort { $0.path.lexicographicallyPrecedes($1.path) }
    let record = lines.flatMap { WheelRecord.line($0.path, $0.digest, size: $0.size) }
    try add(BytesBlob(record), nil, at: own, mode: 0o644)
  }

  private func inDistInfo(_ file: String) -> [UInt8] { library + Array("/\(wheel.distInfo)/\(file)".utf8) }

  /// A path relative to the library: `pkg/a.py`, `../../../bin/x`.
  private func relative(_ path: [UInt8]) -> [UInt8] {
    let from = library.split(separator: Self.slash)
    let to = path.split(separator: Self.slash)
    let shared = zip(from, to).prefix { $0 == $1 }.count
    let up = Array(repeating: Array("..".utf8)[...], count: from.count - shared)
    return Array((up + to[shared...]).joined(separator: [Self.slash]))
  }

  private func refuse(_ reason: String) -> PythonError {
    PythonError(.malformed, "wheel \(wheel.name)", reason: reason)
  }
}
