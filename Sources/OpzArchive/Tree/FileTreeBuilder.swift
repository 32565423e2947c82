import OpzIO
import SystemPackage

/// Applies layers to a tree in memory, one entry at a time (OCI image-spec, layer.md).
struct FileTreeBuilder {
  private let limits: ArchiveLimits
  private let root = TreeNode(FileTreeBuilder.impliedDirectory, layer: 0)
  private var layer = 0
  private var archive = ""
  private var seenWhiteouts: Set<FilePath> = []
  private var totalBytes: UInt64 = 0
  private var entries = 0
  private var nameBytes = 0

  private static let impliedDirectory = FileTree.Node(kind: .directory, mode: 0o755, uid: 0, gid: 0, size: 0)

  init(_ limits: ArchiveLimits) { self.limits = limits }

  mutating func begin(layer: Int, archive: String) {
    self.layer = layer
    self.archive = archive
    seenWhiteouts = []
  }

  /// Counts an entry against the limits. Call it before the entry's content is read.
  mutating func admit(_ header: TarHeader) throws {
    entries += 1
    totalBytes += header.size
    nameBytes += header.nameBytes
    guard entries <= limits.entries else {
      throw ArchiveError(.overLimit, archive, reason: "the layers have more than \(limits.entries) entries")
    }
    guard nameBytes <= limits.nameBytes else {
      throw ArchiveError(.overLimit, archive, reason: "the layers' paths have more than \(limits.nameBytes) bytes")
    }
    guard totalBytes <= limits.totalBytes else {
      throw ArchiveError(.overLimit, archive, reason: "the layers hold more than \(limits.totalBytes) bytes")
    }
  }

  mutating func add(_ header: TarHeader, digest: Digest?, offset: UInt64) throws {
    let parts = header.path.isEmpty ? [] : ArchivePath.components(header.path.bytes).map { Array($0) }
    guard let name = parts.last else { return }
    let parents = parts.dropLast()
    if parents.contains(where: { Whiteout.isReserved($0) }) {
      throw refuse(header, "a directory's name begins with .wh.")
    }
    if let whiteout = try Whiteout.parse(name, archive: archive) {
      if seenWhiteouts.insert(header.path).inserted { apply(whiteout, in: parents) }
      return
    }
    let node = FileTree.Node(
      kind: header.kind, mode: header.mode, uid: header.uid, gid: header.gid, size: header.size, digest: digest)
    let parent = try directory(parents, for: header)
    switch header.kind {
    case .directory:
      if let existing = parent.children[name], existing.node.kind == .directory {
        existing.node = node
        existing.layer = layer
      } else {
        parent.children[name] = TreeNode(node, layer: layer)
      }
    case .hardlink(let target):
      let linked = try linked(target, header)
      parent.children[name] = TreeNode(linked.node, layer: layer, place: linked.place)
    case .file:
      parent.children[name] = TreeNode(node, layer: layer, place: FileTree.Place(layer: layer, offset: offset))
    case .symlink, .characterDevice, .blockDevice, .fifo:
      parent.children[name] = TreeNode(node, layer: layer)
    }
  }

  func finished() -> FileTree {
    var nodes: [FilePath: FileTree.Node] = [:]
    var places: [FilePath: FileTree.Place] = [:]
    root.visit([]) { path, item in
      let path = FilePath(bytes: path)
      nodes[path] = item.node
      places[path] = item.place
    }
    return FileTree(nodes: nodes, places: places)
  }

  /// The directory that an entry goes into, created with defaults where no layer lists it. A link on the way is an
  /// error: container runtimes differ in whether they follow it.
  private func directory(_ parts: ArraySlice<[UInt8]>, for header: TarHeader) throws -> TreeNode {
    var current = root
    for part in parts {
      let next = current.children[part] ?? TreeNode(FileTreeBuilder.impliedDirectory, layer: layer)
      guard next.node.kind == .directory else {
        throw refuse(header, "\"\(ArchivePath.text(part))\" in its path is not a directory")
      }
      current.children[part] = next
      current = next
    }
    return current
  }

  private func find(_ parts: ArraySlice<[UInt8]>) -> TreeNode? {
    parts.reduce(root as TreeNode?) { $0?.children[$1] }
  }

  private func linked(_ target: FilePath, _ header: TarHeader) throws -> TreeNode {
    let parts = ArchivePath.components(target.bytes).map { Array($0) }
    guard let node = find(parts[...]) else {
      throw ArchiveError(
        .malformed, archive, reason: "\"\(header.path)\" is a hard link to \"\(target)\", which does not exist")
    }
    guard node.node.kind == .file else {
      throw refuse(header, "it is a hard link to \"\(target)\", which is not a file")
    }
    return node
  }

  /// A whiteout hides entries of lower layers, never those of its own layer.
  private func apply(_ whiteout: Whiteout, in parts: ArraySlice<[UInt8]>) {
    guard let parent = find(parts) else { return }
    switch whiteout {
    case .bookkeeping: return
    case .opaque: parent.removeChildren(below: layer)
    case .sibling(let name):
      if let child = parent.children[name], !child.survives(whiteoutOf: layer) { parent.children[name] = nil }
    }
  }

  private func refuse(_ header: TarHeader, _ reason: String) -> ArchiveError {
    ArchiveError(.unsafe, "\(archive): entry \"\(header.path)\"", reason: reason)
  }
}

/// A name in the tree while layers are applied.
private final class TreeNode {
  var node: FileTree.Node
  /// The last layer with an entry for this name.
  var layer: Int
  let place: FileTree.Place?
  var children: [[UInt8]: TreeNode] = [:]

  init(_ node: FileTree.Node, layer: Int, place: FileTree.Place? = nil) {
    self.node = node
    self.layer = layer
    self.place = place
  }

  func removeChildren(below layer: Int) {
    for (name, child) in children where !child.survives(whiteoutOf: layer) { children[name] = nil }
  }

  /// Removes what lower layers put here; false when nothing of `layer` remains.
  func survives(whiteoutOf layer: Int) -> Bool {
    removeChildren(below: layer)
    return self.layer == layer || !children.isEmpty
  }

  func visit(_ path: [UInt8], _ body: ([UInt8], TreeNode) -> Void) {
    for (name, child) in children {
      let childPath = path.isEmpty ? name : path + [UInt8(ascii: "/")] + name
      body(childPath, child)
      child.visit(childPath, body)
    }
  }
}

extension TarHeader {
  /// The memory that its names take, in bytes.
  fileprivate var nameBytes: Int {
    if case .symlink(let target) = kind { return path.bytes.count + target.count }
    return path.bytes.count
  }
}
