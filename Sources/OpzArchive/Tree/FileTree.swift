public import OpzIO
public import SystemPackage

/// The files of an image after all layers and their whiteouts are applied: what a container would see.
public struct FileTree: Sendable {
  /// The metadata of one file.
  public struct Node: Sendable, Hashable {
    /// Never a hard link: such a name has the linked file's node.
    public var kind: TarHeader.Kind
    /// The 12 permission bits.
    public var mode: UInt32
    public var uid: UInt32
    public var gid: UInt32
    /// The content's size in bytes; 0 for everything but files.
    public var size: UInt64
    /// The digest of a file's content; nil unless the tree was read with digests.
    public var digest: Digest?

    /// Makes a node from its metadata.
    public init(kind: TarHeader.Kind, mode: UInt32, uid: UInt32, gid: UInt32, size: UInt64, digest: Digest? = nil) {
      self.kind = kind
      self.mode = mode
      self.uid = uid
      self.gid = gid
      self.size = size
      self.digest = digest
    }
  }

  /// Where a file's content is. Names with the same location are hard links to each other.
  struct Place: Sendable, Hashable {
    let layer: Int
    /// The byte offset in the uncompressed tar.
    let offset: UInt64
  }

  /// The nodes by path, relative to the root, which itself has no node.
  public let nodes: [FilePath: Node]
  let places: [FilePath: Place]

  /// All paths, sorted by their bytes, so directories come before their contents. Computed at each call.
  public var paths: [FilePath] {
    nodes.keys.map { ($0, $0.bytes) }.sorted { $0.1.lexicographicallyPrecedes($1.1) }.map(\.0)
  }

  /// The node at a path, without following links; nil when nothing is there.
  public subscript(path: FilePath) -> Node? { nodes[path] }

  /// The size of all content in bytes, hard links counted once: the disk space that unpacking needs.
  public var contentSize: UInt64 {
    var seen: Set<Place> = []
    return nodes.reduce(0) { sum, item in
      guard let place = places[item.key], seen.insert(place).inserted else { return sum }
      return sum &+ item.value.size
    }
  }

  /// One line per path in which the two trees differ, sorted by path; empty when a container would see the same.
  public func differences(from other: FileTree) -> [String] {
    let all = Set(nodes.keys).union(other.nodes.keys)
    return all.map { ($0, $0.bytes) }.sorted { $0.1.lexicographicallyPrecedes($1.1) }.compactMap { path, _ in
      switch (nodes[path], other.nodes[path]) {
      case (let mine?, let theirs?) where mine == theirs: nil
      case (let mine?, let theirs?): "\(path): \(mine) here, \(theirs) there"
      case (let mine?, nil): "\(path): \(mine) here, missing there"
      case (nil, let theirs?): "\(path): missing here, \(theirs) there"
      case (nil, nil): nil
      }
    }
  }
}

extension FileTree.Node: CustomStringConvertible {
  /// The kind, mode and owner on one line, for messages.
  public var description: String {
    let what =
      switch kind {
      case .file: "file of \(size) bytes" + (digest.map { " \($0.short)" } ?? "")
      case .directory: "directory"
      case .symlink(let target): "link to \(ArchivePath.text(target))"
      case .hardlink(let target): "hard link to \(target)"
      case .characterDevice(let major, let minor): "character device \(major),\(minor)"
      case .blockDevice(let major, let minor): "block device \(major),\(minor)"
      case .fifo: "fifo"
      }
    return "\(what) 0\(String(mode, radix: 8)) \(uid):\(gid)"
  }
}
