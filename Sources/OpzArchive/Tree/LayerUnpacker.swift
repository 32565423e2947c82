import OpzIO
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Unpacks the layers of an image into a new directory, safely even for untrusted layers.
///
/// There are two passes. The first reads the headers and applies all layers and whiteouts in memory, so that every
/// limit is checked and every surviving name is known before a byte is written. The second writes directories, then
/// files, then hard links, and symbolic links last: during the writing there is no link on the disk that a path could
/// go through, and nothing is ever deleted or replaced.
public struct LayerUnpacker: Sendable {
  /// What to do with devices and FIFOs.
  public enum SpecialFiles: Sendable {
    /// They are an error.
    case refuse
    /// They are skipped.
    case skip
  }

  /// What to do with symbolic links that lead out of the directory; absolute ones do.
  public enum EscapingLinks: Sendable {
    /// They are an error.
    case refuse
    /// They are created as they are, for a directory that becomes the root of a container.
    case keep
  }

  public var specialFiles = SpecialFiles.refuse
  public var leavingLinks = EscapingLinks.refuse
  /// Whether setuid and setgid bits are kept.
  public var keepsSetuid = false
  /// Whether files get the owners that the layers record. Requires root; ignored without it.
  public var appliesOwners = false

  /// Which files are written, by their paths and nodes; nil for all. Directories and symbolic links are always written.
  public var keeps: (@Sendable (FilePath, FileTree.Node) -> Bool)?

  /// The safest settings: devices, FIFOs and links that lead out are errors, owners and setuid bits are dropped.
  public init() {}

  /// Unpacks into `directory`, which is created if missing and must be empty. It blocks.
  /// - Returns: the unpacked tree, without digests.
  /// - Throws: `ArchiveError` or `IOFailure`; the directory is emptied again.
  @discardableResult
  public func unpack(_ stack: LayerStack, into directory: FilePath) throws -> FileTree {
    let tree = try stack.tree(digests: false)
    try check(tree)
    try Durable.makeDirectory(directory)
    guard try Directory.entries(directory).isEmpty else {
      throw IOFailure("the directory is not empty", path: directory, hint: "unpack into a new directory")
    }
    do {
      try write(tree, stack, into: directory)
    } catch {
      for entry in (try? Directory.entries(directory)) ?? [] { try? Durable.removeTree(directory.appending(entry)) }
      throw error
    }
    return tree
  }

  private func check(_ tree: FileTree) throws {
    for (path, node) in tree.nodes {
      switch node.kind {
      case .characterDevice, .blockDevice, .fifo:
        if specialFiles == .refuse {
          throw ArchiveError(.unsafe, "image entry \"\(path)\"", reason: "it is a device or a fifo (\(node))")
        }
      case .symlink(let target):
        if leavingLinks == .refuse, tree.leaves(target, from: path) {
          throw ArchiveError(
            .unsafe, "image entry \"\(path)\"",
            reason: "the link to \"\(ArchivePath.text(target))\" leads out of the directory"
          )
        }
      case .file, .directory, .hardlink: break
      }
    }
  }

  private func write(_ tree: FileTree, _ stack: LayerStack, into directory: FilePath) throws {
    let root = try UnpackRoot(directory)
    let paths = tree.paths.filter { path in
      guard let keeps, let node = tree[path], node.kind == .file else { return true }
      return keeps(path, node)
    }
    for path in paths where tree[path]?.kind == .directory { try root.makeDirectory(path) }
    let names = Dictionary(grouping: paths.filter { tree.places[$0] != nil }) { tree.places[$0] }
    for (index, layer) in stack.layers.enumerated() {
      let files = names.compactMap { place, names -> UnpackFile? in
        guard let place, place.layer == index, let first = names.first, let node = tree[first] else { return nil }
        return UnpackFile(offset: place.offset, names: names, node: node)
      }
      try writeFiles(files.sorted { $0.offset < $1.offset }, layer, limits: stack.limits, root: root)
    }
    for path in paths {
      guard let node = tree[path], case .symlink(let target) = node.kind else { continue }
      try root.makeLink(path, to: target, owner: owner(node))
    }
    for path in paths.reversed() {
      guard let node = tree[path], node.kind == .directory else { continue }
      try root.setDirectory(path, mode: mode(node), owner: owner(node))
    }
  }

  private func writeFiles(
    _ files: [UnpackFile], _ layer: StoredLayer, limits: ArchiveLimits, root: UnpackRoot
  ) throws {
    if files.isEmpty, layer.diffID == nil { return }
    let stream = try layer.open(limits)
    if layer.diffID != nil { stream.beginHashing() }
    for file in files {
      guard let first = file.names.first else { continue }
      guard file.offset >= stream.offset else {
        throw ArchiveError(.malformed, layer.name, reason: "two files of the tar overlap")
      }
      try stream.skip(file.offset - stream.offset)
      let output = try root.makeFile(first)
      try LayerStack.copy(stream, file.node.size) { try output.write($0) }
      try UnpackRoot.set(output, mode: mode(file.node), owner: owner(file.node))
      for name in file.names.dropFirst() { try root.makeHardLink(name, to: first) }
    }
    if layer.diffID != nil {
      try stream.drain()
      try LayerStack.check(stream, layer)
    }
  }

  private func mode(_ node: FileTree.Node) -> UInt32 { keepsSetuid ? node.mode : node.mode & 0o1777 }

  private func owner(_ node: FileTree.Node) -> UnpackRoot.Owner? {
    appliesOwners && geteuid() == 0 ? UnpackRoot.Owner(uid: node.uid, gid: node.gid) : nil
  }
}

/// Content that is written to the disk once, under one or more names.
private struct UnpackFile {
  let offset: UInt64
  let names: [FilePath]
  let node: FileTree.Node
}
