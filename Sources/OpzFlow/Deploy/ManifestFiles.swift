import OpzIO
import OpzLint
import OpzStore
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Reads the manifests that a user names: files, directories, or `-` for standard input. Blocking.
struct ManifestFiles {
  private static let maximumCount = 100_000
  private static let bytes = 64 << 20

  private let session: Session
  private(set) var found: [LintInput] = []

  /// - Throws: `FlowError` of category `notFound` for a missing file, or for a directory without manifests.
  static func read(_ names: [String], _ session: Session) throws -> [LintInput] {
    var files = ManifestFiles(session: session)
    for name in names {
      let before = files.found.count
      try files.add(name)
      if files.found.count == before {
        throw FlowError(.notFound, name, reason: "no manifests: nothing in it ends in .yaml, .yml or .json")
      }
    }
    return files.found
  }

  private init(session: Session) { self.session = session }

  private mutating func add(_ name: String) throws {
    if name == "-" {
      found.append(LintInput("-", try ManifestFiles.standardInput()))
      return
    }
    let path = session.path(name)
    guard let status = try FileStatus.find(path) else {
      throw FlowError(
        .notFound, name, reason: "no such file or directory", hint: "name a file, a directory, or - for standard input")
    }
    switch status.kind {
    case .directory: try walk(path, shown: FilePath(name), depth: 0)
    case .file: try read(path, name)
    default:
      // Process substitution, `<(helm template .)`, is a pipe.
      found.append(LintInput(name, try ManifestFiles.drain(OpenFile.reading(path))))
    }
  }

  private mutating func walk(_ directory: FilePath, shown: FilePath, depth: Int) throws {
    guard depth < 64 else { return }
    for entry in try Directory.entries(directory) where !entry.string.hasPrefix(".") {
      let (path, name) = (directory.appending(entry), shown.appending(entry).string)
      // Links to directories are not followed, since they could form a cycle.
      let link = try FileStatus.of(path, followLinks: false)
      guard let status = link.kind == .symlink ? try FileStatus.find(path) : link else { continue }
      if status.kind == .directory, link.kind == .directory {
        try walk(path, shown: shown.appending(entry), depth: depth + 1)
      } else if status.kind == .file, let kind = entry.extension?.lowercased(), ["yaml", "yml", "json"].contains(kind) {
        try read(path, name, wasFoundInDirectory: kind == "json")
      }
    }
  }

  /// - Parameter wasFoundInDirectory: whether the file was found in a directory rather than named; then JSON of other programs is
  ///   skipped.
  private mutating func read(_ path: FilePath, _ name: String, wasFoundInDirectory: Bool = false) throws {
    guard found.count < ManifestFiles.maximumCount else {
      throw FlowError(.failed, name, reason: "more than \(ManifestFiles.maximumCount) files")
    }
    let bytes = try SmallFile.read(path, limit: ManifestFiles.bytes)
    if wasFoundInDirectory, !bytes.contains(text: "\"apiVersion\"") { return }
    found.append(LintInput(name, bytes))
  }

  private static func standardInput() throws -> [UInt8] {
    // Duplicate the descriptor, because `OpenFile` closes its own.
    let descriptor = dup(STDIN_FILENO)
    guard descriptor >= 0 else { throw IOFailure(errno: errno, operation: "dup", path: "-") }
    return try drain(OpenFile(adopting: descriptor, path: "-"))
  }

  private static func drain(_ file: consuming OpenFile) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= ManifestFiles.bytes else {
        throw FlowError(.failed, "-", reason: "more than \(ManifestFiles.bytes >> 20) MiB")
      }
    }
  }
}
