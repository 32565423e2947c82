public import OpzIO
public import SystemPackage

/// A model's files on disk, found as OpenSSF model signing does: everything in a directory except what is ignored, or
/// one file.
///
/// A model consists of regular files and directories. A link is an error or, if links are allowed, stands for the file
/// that it leads to, which must be in the model too; otherwise a signature would not cover it.
public struct ModelTree: Sendable {
  /// A file to be hashed.
  public struct File: Sendable {
    /// The name in a manifest; see `ModelManifest.Resource.name`.
    public let name: [UInt8]
    /// Where the content is, with allowed links resolved.
    let path: FilePath
    let status: FileStatus
  }

  /// The most files of one model; a signature over more would be too large to read.
  public static let most = 500_000
  /// The deepest nesting of directories.
  private static let depth = 128

  /// The files, sorted as in a manifest.
  public let files: [File]
  /// The name of the model's directory or file.
  public let name: String
  /// False for a model that is one file.
  public let isDirectory: Bool

  /// Total size of the files, in bytes.
  public var size: UInt64 { files.reduce(0) { $0 &+ $1.status.size } }

  /// Finds the files of a model.
  /// - Parameters:
  ///   - root: a directory or a regular file.
  ///   - ignored: paths relative to `root` that are left out, with everything below them.
  /// - Throws: `TrustError.unsignable` for what cannot be part of a model, naming its path; `IOFailure`.
  public init(_ root: FilePath, ignoring ignored: [[UInt8]], allowsLinks: Bool) throws {
    let status = try FileStatus.of(root, followLinks: false)
    if status.kind == .symlink, !allowsLinks { throw ModelTree.link(root) }
    let real = RealPath.of(root) ?? root
    let target = try FileStatus.of(real)
    isDirectory = target.kind == .directory
    name = String(decoding: (real.lastComponent?.bytes ?? []), as: UTF8.self)
    guard isDirectory else {
      guard target.kind == .file else { throw ModelTree.special(root) }
      files = [File(name: ModelManifest.singleFileName, path: real, status: target)]
      return
    }
    var walk = Walk(root: root, real: real, ignored: Set(ignored), allowsLinks: allowsLinks)
    try walk.run()
    files = walk.files.sorted { ModelManifest.precedes($0.name, $1.name) }
  }

  private struct Walk {
    let root: FilePath
    let real: FilePath
    let ignored: Set<[UInt8]>
    let allowsLinks: Bool
    var files: [File] = []

    mutating func run() throws {
      // Directories still to be read, bounded by the check on the number of files below.
      var rest: [(name: [UInt8], depth: Int)] = [([], 0)]
      while let (prefix, depth) = rest.popLast() {
        let directory = prefix.isEmpty ? real : real.pushing(FilePath(bytes: prefix))
        guard depth < ModelTree.depth else {
          throw TrustError(.unsignable, shown(prefix), reason: "directories are nested deeper than \(ModelTree.depth)")
        }
        for entry in try Directory.names(directory) {
          let name = prefix.isEmpty ? entry : prefix + [UInt8(ascii: "/")] + entry
          if ignored.contains(name) { continue }
          let path = directory.pushing(FilePath(bytes: entry))
          let status = try FileStatus.of(path, followLinks: false)
          switch status.kind {
          case .directory: rest.append((name, depth + 1))
          case .file: files.append(File(name: name, path: path, status: status))
          case .symlink: files.append(try linked(name, path))
          case .other: throw ModelTree.special(root.pushing(FilePath(bytes: name)))
          }
          guard files.count + rest.count <= ModelTree.most else {
            throw TrustError(.unsignable, root.string, reason: "it contains more than \(ModelTree.most) files")
          }
        }
      }
    }

    private func shown(_ name: [UInt8]) -> String { root.pushing(FilePath(bytes: name)).string }

    /// The file that a link in the model leads to.
    private func linked(_ name: [UInt8], _ path: FilePath) throws -> File {
      guard allowsLinks else { throw ModelTree.link(root.pushing(FilePath(bytes: name))) }
      guard let target = RealPath.of(path) else {
        throw TrustError(.unsignable, shown(name), reason: "the link is broken")
      }
      guard target.starts(with: real), target != real else {
        throw TrustError(
          .unsignable, shown(name), reason: "the link leads out of the model, to \(target)",
          hint: "cp -rL copies a directory and replaces links with the files they lead to")
      }
      let status = try FileStatus.of(target, followLinks: false)
      switch status.kind {
      case .file: return File(name: name, path: target, status: status)
      case .directory:
        throw TrustError(
          .unsignable, shown(name),
          reason: "the link leads to a directory, whose files a signature would not cover under this name",
          hint: "cp -rL copies a directory and replaces links with the files they lead to")
      default: throw ModelTree.special(root.pushing(FilePath(bytes: name)))
      }
    }
  }

  private static func link(_ path: FilePath) -> TrustError {
    TrustError(
      .unsignable, path.string, reason: "it is a symbolic link, and links are not allowed in this model",
      hint: "opz sign --allow-symlinks signs the files that links in the model lead to")
  }

  private static func special(_ path: FilePath) -> TrustError {
    TrustError(.unsignable, path.string, reason: "it is neither a regular file nor a directory")
  }
}
