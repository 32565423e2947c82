import OpzIO
import SystemPackage

/// The digest of the files in a directory that a wheel built of it depends on.
///
/// These are the files that build systems read (pyproject.toml, setup.py, setup.cfg, MANIFEST.in), modules at the top,
/// and all that is in `src` and in directories of modules. What running and building leave behind does not count.
enum SourceDigest {
  private static let maximumFiles = 100_000
  private static let maximumDepth = 64

  static func of(_ directory: FilePath) throws -> Digest {
    var hasher = DigestHasher(.sha256)
    var count = 0
    for entry in try Directory.entries(directory) {
      let path = directory.appending(entry)
      switch try FileStatus.of(path, followLinks: false).kind {
      case .file where isBuildFile(entry.string): try add(path, entry.string, to: &hasher)
      case .directory where try isCode(path, entry.string):
        try walk(path, entry.string, depth: 0, count: &count, into: &hasher)
      default: break
      }
    }
    return hasher.finish()
  }

  private static func walk(
    _ directory: FilePath, _ name: String, depth: Int, count: inout Int, into hasher: inout DigestHasher
  ) throws {
    guard depth < maximumDepth else {
      throw PythonError(.malformed, directory.string, reason: "directories are nested deeper than \(maximumDepth)")
    }
    for entry in try Directory.entries(directory) where !isLeftOver(entry.string) {
      count += 1
      guard count <= maximumFiles else {
        throw PythonError(
          .malformed, directory.string, reason: "more than \(maximumFiles) files are the source of a wheel")
      }
      let (path, own) = (directory.appending(entry), "\(name)/\(entry.string)")
      switch try FileStatus.of(path, followLinks: false).kind {
      case .file: try add(path, own, to: &hasher)
      case .directory: try walk(path, own, depth: depth + 1, count: &count, into: &hasher)
      // A link's target is built into the wheel.
      case .symlink where try FileStatus.find(path)?.kind == .file: try add(path, own, to: &hasher)
      case .symlink, .other: break
      }
    }
  }

  private static func add(_ path: FilePath, _ name: String, to hasher: inout DigestHasher) throws {
    var content = DigestHasher(.sha256)
    try FileBlob(path).forEachChunk { content.update($0) }
    hasher.update(Array("\(name.utf8.count):\(name) \(content.finish().hex)\n".utf8))
  }

  private static func isBuildFile(_ name: String) -> Bool {
    ["pyproject.toml", "setup.cfg", "MANIFEST.in", "VERSION"].contains(name) || name.hasSuffix(".py")
  }

  /// Whether a directory at the top has modules.
  private static func isCode(_ path: FilePath, _ name: String) throws -> Bool {
    if name == "src" { return true }
    guard !isLeftOver(name), !["build", "dist", "tests", "test", "docs"].contains(name) else { return false }
    return try Directory.entries(path).contains { $0.string.hasSuffix(".py") }
  }

  private static func isLeftOver(_ name: String) -> Bool {
    name.hasPrefix(".") || name == "__pycache__" || name.hasSuffix(".pyc") || name.hasSuffix(".egg-info")
  }
}
