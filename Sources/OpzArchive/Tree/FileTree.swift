public import OpzIO
public import SystemPackage

/// The files of an image after all of its layers and their whiteouts are applied: what a container would see.
public struct FileTree: Sendable {
  public struct Node: Sendable, Hashable {
    /// Never a hard link: such a name has the linked file's node.
    public var kind: TarHeader.Kind
    /// Permission bits, 12 of them.
    public var mode: UInt32
    public var uid: UInt32
    public var gid: UInt32
    /// Bytes of content; 0 for everything but files.
    public var size: UInt64
    /// The content's digest, of files, when the tree was read with digests.
    public var digest: Digest?

    public init(kind: TarHeader.Kind, mode: UInt32, uid: UInt32, gid: UInt32, size: UInt64, digest: Digest? = nil) {
      self.kind = kind
      self.mode = mode
      self.uid = uid
      self.gid = gid
      self.size = size
      self.digest = digest
    }
  }

  /// Where a file's content is. Names with the same place are hard links to each other.
  struct Place: Sendable, Hashable {
    let layer: Int
    /// In the uncompressed tar.
    let offset: UInt64
  }

  /// By path, relative to the root, which itself has no node.
  public let nodes: [FilePath: Node]
  let places: [FilePath: Place]

  /// All paths, sorted by their bytes: directories come before what is in them.
  public var paths: [FilePath] {
    nodes.keys.map { ($0, $0.bytes) }.sorted { $0.1.lexicographicallyPrecedes($1.1) }.map(\.0)
  }

  public subscript(path: FilePath) -> Node? { nodes[path] }

  /// Bytes of all contents, hard links counted once: what unpacking needs on the disk.
  public var contentSize: UInt64 {
    var seen: Set<Place> = []
    return nodes.reduce(0) { sum, item in
      guard let place = places[item.key], seen.insert(place).inserted else { return sum }
      return sum &+ item.value.size
    }
  }

  /// One line for each path in which the two trees differ, sorted: empty when a container sees the same.
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
