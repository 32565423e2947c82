/// A name in a layer, with what it says about the file system and nothing of the content.
public struct LayerName: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case directory(mode: UInt32, uid: UInt32, gid: UInt32)
    /// The target's bytes, as they are. They may point anywhere.
    case link(target: [UInt8])
    /// A file, a hard link, a device, a fifo; a whiteout too.
    case other
  }

  /// Relative, without `.`, `..` and empty components. Empty for the root itself.
  public let path: [UInt8]
  public let kind: Kind

  public init(path: [UInt8], kind: Kind) {
    self.path = path
    self.kind = kind
  }

  public init(_ header: TarHeader) {
    path = header.path.bytes
    switch header.kind {
    case .directory: kind = .directory(mode: header.mode, uid: header.uid, gid: header.gid)
    case .symlink(let target): kind = .link(target: target)
    case .file, .hardlink, .characterDevice, .blockDevice, .fifo: kind = .other
    }
  }
}
