import OpzIO
public import SystemPackage

/// Finds the files of a project that go into the image.
///
/// Names that are no content (`.git`, caches) or that look like secrets (`.env`, private keys) are left out and reported. A
/// symbolic link stays a link; one that leads out of what is packaged is refused.
public struct SourceTree: Sendable {
  public private(set) var files: [SourceFile] = []
  /// Paths that were left out, with the reason.
  public private(set) var ignored: [(path: String, reason: String)] = []

  private let project: FilePath

  public init(project: FilePath) { self.project = project }

  /// Adds the model: a file goes to `/models/<name>`, a directory's content to `/models`.
  public mutating func add(model path: String) throws {
    let place = project.pushing(FilePath(path))
    let status = try SourceTree.status(place, key: "model.path")
    if status.kind == .directory {
      try walk(place, destination: LayerRole.model.root, role: .model, root: place, depth: 0)
    } else {
      let name = place.lastComponent?.string ?? "model"
      try add(
        place, destination: "\(LayerRole.model.root)/\(name)", role: .model, root: place.removingLastComponent(),
        depth: 0, named: true)
    }
  }

  /// Adds a file or directory of code or configuration at its own path below `/app`.
  public mutating func add(_ path: String, role: LayerRole) throws {
    let place = project.pushing(FilePath(path))
    _ = try SourceTree.status(place, key: role.rawValue)
    let parts = path.split(separator: "/").filter { $0 != "." }
    guard !parts.isEmpty else {
      return try walk(place, destination: role.root, role: role, root: project, depth: 0)
    }
    try add(
      place, destination: "\(role.root)/\(parts.joined(separator: "/"))", role: role, root: project, depth: 0,
      named: true)
  }

  private mutating func walk(
    _ directory: FilePath, destination: String, role: LayerRole, root: FilePath, depth: Int
  ) throws {
    guard depth < 128 else {
      throw PackageError(.unsafePath, directory.string, "directories are nested deeper than 128")
    }
    for entry in try Directory.entries(directory) {
      let path = directory.appending(entry)
      guard let name = String(validating: entry.bytes, as: UTF8.self) else {
        throw PackageError(.unsafePath, path.string, "the name is not UTF-8", hint: "rename the file")
      }
      if let reason = IgnoredNames.reason(name) {
        ignored.append((path.string, reason))
        continue
      }
      try add(path, destination: "\(destination)/\(name)", role: role, root: root, depth: depth + 1, named: false)
    }
  }

  private mutating func add(
    _ path: FilePath, destination: String, role: LayerRole, root: FilePath, depth: Int, named: Bool
  ) throws {
    let status = try FileStatus.of(path, followLinks: false)
    func append(_ kind: SourceFile.Kind, _ mode: UInt32) {
      guard !files.contains(where: { $0.destination == destination && $0.role == role }) else { return }
      files.append(
        SourceFile(role: role, source: path, destination: destination, kind: kind, mode: mode, status: status))
    }
    switch status.kind {
    case .file: append(.file(size: status.size), status.mode & 0o111 == 0 ? 0o644 : 0o755)
    case .directory:
      append(.directory, 0o755)
      try walk(path, destination: destination, role: role, root: root, depth: depth)
    case .symlink:
      append(.symlink(target: try SymbolicLink.target(path, within: root)), 0o777)
    case .other:
      throw PackageError(
        .unsafePath, path.string, "neither a file, a directory nor a link",
        hint: "remove it, or name the files to package")
    }
  }

  private static func status(_ path: FilePath, key: String) throws -> FileStatus {
    guard let status = try FileStatus.find(path) else {
      throw PackageError(.missingFile, path.string, "\(key) in opz.yaml names it, and it does not exist")
    }
    return status
  }
}
