import OpzIO
public import SystemPackage

/// Finds the files of a project that go into the image.
///
/// Files matched by `IgnoreRules` are left out of directories and reported. A symbolic link stays a link, unless
/// links are followed; one that leads out of the project is refused. Hard links become separate files, because a
/// checkout does not preserve them. Names are bytes.
public struct SourceTree: Sendable {
  public private(set) var files: [SourceFile] = []
  /// Paths that were left out, with the reason.
  public private(set) var ignored: [(path: String, reason: String)] = []

  private let project: FilePath
  private let links: LinkRule
  /// Destinations so far, so that a file named by two keys is packaged once.
  private var taken: [LayerRole: Set<FilePath>] = [:]
  /// Where the files that links were followed to are packaged.
  private var followed: [LayerRole: [FilePath: FilePath]] = [:]

  /// Creates an empty tree for the files below a project directory.
  public init(project: FilePath, links: LinkRule = .keep) {
    self.project = project
    self.links = links
  }

  /// Leads links to where their targets are packaged. To be called when all files are in the tree.
  /// - Throws: `PackageError.unsafePath` for a link whose target is not packaged.
  public mutating func settleLinks() throws { files = try LinkTargets(files).settled() }

  /// Adds the model: a file goes to `/models/<name>`, a directory's content to `/models`.
  public mutating func add(model path: String) throws {
    let names = SourceTree.names(path)
    let source = project.pushing(FilePath(path)).withoutDots
    let status = try SourceTree.status(source, key: "model.path")
    let walk = Walk(role: .model, root: project)
    let destination = FilePath(LayerRole.model.root)
    if status.kind == .directory {
      try descend(source, names, destination: destination, walk: walk, above: try rules(above: names))
    } else {
      let name = source.lastComponent.map { destination.appending($0) } ?? destination.appending("model")
      try add(
        SourceTree.split(source), names, destination: name, walk: walk, rules: IgnoreRules())
    }
  }

  /// Adds a file or directory of code or configuration at its own path below `/app`.
  public mutating func add(_ path: String, role: LayerRole) throws {
    let names = SourceTree.names(path)
    let source = project.pushing(FilePath(path)).withoutDots
    let status = try SourceTree.status(source, key: role.rawValue)
    let walk = Walk(role: role, root: project)
    let destination = names.reduce(FilePath(role.root)) { $0.appending(FilePath(bytes: $1).components) }
    if names.isEmpty {
      try descend(source, names, destination: destination, walk: walk, above: try rules(above: names))
    } else {
      let rules = status.kind == .directory ? try rules(above: names) : IgnoreRules()
      try add(SourceTree.split(source), names, destination: destination, walk: walk, rules: rules)
    }
  }

  /// Adds a file or directory at its destination in opz.yaml; a directory's content goes into it.
  public mutating func add(_ placed: PlacedFiles) throws {
    let names = SourceTree.names(placed.path)
    let source = project.pushing(FilePath(placed.path)).withoutDots
    let status = try SourceTree.status(source, key: "files")
    let destination = FilePath(String(placed.to.drop { $0 == "/" })).lexicallyNormalized()
    var walk = Walk(role: .files, root: project)
    walk.owner = placed.owner
    walk.mode = placed.mode
    if status.kind == .directory {
      if !destination.isEmpty {
        take(
          SourceTree.split(source), destination, walk: walk, kind: .directory, mode: walk.directoryMode, status: status)
      }
      try descend(source, names, destination: destination, walk: walk, above: try rules(above: names))
    } else {
      let name = placed.to.hasSuffix("/") ? source.lastComponent.map { destination.appending($0) } : destination
      try add(SourceTree.split(source), names, destination: name ?? destination, walk: walk, rules: IgnoreRules())
    }
  }

  /// The constants of a directory walk.
  private struct Walk {
    let role: LayerRole
    /// Links must stay below it.
    let root: FilePath
    var owner = SourceFile.Owner.root
    /// Permission bits of files, if set in opz.yaml.
    var mode: UInt32?

    /// Execute bits are added where files have read bits.
    var directoryMode: UInt32 { mode.map { $0 | ($0 & 0o444) >> 2 } ?? 0o755 }
  }

  /// The directory of a file, shared by all its files, and the name.
  private typealias Entry = (directory: FilePath, name: FilePath.Component?)

  private static func split(_ path: FilePath) -> Entry { (path.removingLastComponent(), path.lastComponent) }

  private static func names(_ path: String) -> [[UInt8]] {
    path.utf8.split(separator: UInt8(ascii: "/")).map(Array.init).filter { $0 != [46] }
  }

  /// The ignore rules of the directories from the project to the parent of `names`.
  private func rules(above names: [[UInt8]]) throws -> IgnoreRules {
    var rules = IgnoreRules()
    var directory = project
    for depth in names.indices {
      try SourceTree.read(directory, depth: depth, into: &rules)
      directory.append(FilePath(bytes: names[depth]).components)
    }
    return rules
  }

  private static func read(_ directory: FilePath, depth: Int, into rules: inout IgnoreRules) throws {
    let file = directory.appending(IgnoreRules.fileName)
    guard let status = try FileStatus.find(file), status.kind == .file else { return }
    guard status.size <= IgnoreRules.maximumBytes else {
      throw PackageError(.unsafePath, file.string, reason: "\(status.size) bytes are too many for an ignore file")
    }
    rules.add(try FileBlob(file, size: status.size).bytes(), name: file.string, depth: depth)
  }

  /// Adds the content of a directory.
  private mutating func descend(
    _ directory: FilePath, _ names: [[UInt8]], destination: FilePath, walk: Walk, above: IgnoreRules
  ) throws {
    guard names.count < 128 else {
      throw PackageError(.unsafePath, directory.string, reason: "directories are nested deeper than 128")
    }
    var rules = above
    try SourceTree.read(directory, depth: names.count, into: &rules)
    for entry in try Directory.entries(directory) {
      let path = directory.appending(entry)
      let inside = names + [entry.bytes]
      let status = try status(of: path)
      let content: () throws -> [UInt8]? = {
        guard status.kind == .file, status.size <= SecretFileContent.limit else { return nil }
        return try FileBlob(path, size: status.size).bytes()
      }
      if let reason = try rules.reason(inside, isDirectory: status.kind == .directory, content: content) {
        ignored.append((path.string, reason))
        continue
      }
      try add(
        (directory, entry), inside, destination: destination.appending(entry), walk: walk, rules: rules, known: status)
    }
  }

  private mutating func add(
    _ entry: Entry, _ names: [[UInt8]], destination: FilePath, walk: Walk, rules: IgnoreRules,
    known: FileStatus? = nil
  ) throws {
    let path = entry.name.map { entry.directory.appending($0) } ?? entry.directory
    let status = try known ?? status(of: path)
    switch status.kind {
    case .file:
      let mode = walk.mode ?? (status.mode & 0o111 == 0 ? 0o644 : 0o755)
      let real = links == .follow ? RealPath.of(path) : nil
      if let real, let first = followed[walk.role]?[real] {
        // The bytes are in the image once, and its other names are links to the first.
        let target = LinkTargets.path(from: destination, to: first)
        return take(entry, destination, walk: walk, kind: .symlink(target: target), mode: 0o777, status: status)
      }
      if let real { followed[walk.role, default: [:]][real] = destination }
      take(
        real.map(SourceTree.split) ?? entry, destination, walk: walk, kind: .file(size: status.size), mode: mode,
        status: status)
    case .directory:
      take(entry, destination, walk: walk, kind: .directory, mode: walk.directoryMode, status: status)
      if links == .follow { try requireNoLoop(path) }
      try descend(path, names, destination: destination, walk: walk, above: rules)
    case .symlink:
      let target = try SymbolicLink.target(path, within: walk.root)
      take(entry, destination, walk: walk, kind: .symlink(target: target), mode: 0o777, status: status)
    case .other:
      throw PackageError(
        .unsafePath, path.string, reason: "neither a file, a directory nor a link",
        hint: "remove it, or name it in \(IgnoreRules.fileName)")
    }
  }

  /// The status of a file, or of what a link leads to if links are followed.
  private func status(of path: FilePath) throws -> FileStatus {
    guard links == .follow else { return try FileStatus.of(path, followLinks: false) }
    if let status = try? FileStatus.find(path) { return status }
    throw PackageError(
      .unsafePath, path.string, reason: "the link leads nowhere",
      hint: "remove it, or name it in \(IgnoreRules.fileName)")
  }

  /// A link to a directory above it would be followed without end.
  private func requireNoLoop(_ path: FilePath) throws {
    guard try FileStatus.of(path, followLinks: false).kind == .symlink, let real = RealPath.of(path),
      let parent = RealPath.of(path.removingLastComponent()), parent.starts(with: real)
    else { return }
    throw PackageError(
      .unsafePath, path.string, reason: "the link leads to a directory that it is in",
      hint: "remove it, or name it in \(IgnoreRules.fileName)")
  }

  private mutating func take(
    _ entry: Entry, _ destination: FilePath, walk: Walk, kind: SourceFile.Kind, mode: UInt32,
    status: FileStatus
  ) {
    guard taken[walk.role, default: []].insert(destination).inserted else { return }
    files.append(
      SourceFile(
        role: walk.role, in: entry.directory, name: entry.name, destination: destination, kind: kind, mode: mode,
        owner: walk.owner, status: status))
  }

  private static func status(_ path: FilePath, key: String) throws -> FileStatus {
    guard let status = try FileStatus.find(path) else {
      throw PackageError(.missingFile, path.string, reason: "\(key) in opz.yaml names a file that does not exist")
    }
    return status
  }
}
