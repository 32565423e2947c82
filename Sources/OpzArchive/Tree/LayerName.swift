/// A name in a layer with its metadata, without content.
public struct LayerName: Sendable, Hashable {
  /// What the name is.
  public enum Kind: Sendable, Hashable {
    case directory(mode: UInt32, uid: UInt32, gid: UInt32)
    /// The target's raw bytes, which may point anywhere.
    case link(target: [UInt8])
    /// A file, a hard link, a device or a FIFO, or a whiteout.
    case other
  }

  /// The path's bytes: relative, without `.`, `..` and empty components. Empty for the root itself.
  public let path: [UInt8]
  public let kind: Kind

  /// Makes a name; `path` must be normalized.
  public init(path: [UInt8], kind: Kind) {
    self.path = path
    self.kind = kind
  }

  /// Takes the name from a tar header.
  public init(_ header: TarHeader) {
    path = header.path.bytes
    switch header.kind {
    case .directory: kind = .directory(mode: header.mode, uid: header.uid, gid: header.gid)
    case .symlink(let target): kind = .link(target: target)
    case .file, .hardlink, .characterDevice, .blockDevice, .fifo: kind = .other
    }
  }
}
