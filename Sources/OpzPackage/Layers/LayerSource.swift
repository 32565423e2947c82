public import OpzArchive
public import OpzOCI
public import SystemPackage

/// The content of a layer before it is written.
public enum LayerSource: Sendable {
  case files([SourceFile])
  case packages(PackageSource)
  case stored(StoredSource)

  /// A layer that is in the store already and that this image shares with another: it is neither read nor written.
  public struct StoredSource: Sendable {
    public let layer: Layer
    /// The layer's title for users.
    public let title: String
    /// What wrote it: a compressor and its version, or the name of the image that it was taken from.
    public let compressor: String

    /// Names a layer in the store.
    public init(_ layer: Layer, title: String, compressor: String) {
      self.layer = layer
      self.title = title
      self.compressor = compressor
    }
  }

  /// Content identified by the digests of its packages, without opening them.
  public struct PackageSource: Sendable {
    /// What kind of package a layer holds.
    public enum Kind: String, Sendable {
      case wheel
      /// Debian's. Its files replace none of the base, as dpkg has it.
      case deb
    }

    public let kind: Kind
    /// File names, sorted.
    public let names: [String]
    /// The directory they are installed below; empty for the whole image.
    public let root: FilePath
    /// Everything that the entries depend on, one line each: the packages' digests and their layout.
    public let identity: [String]
    /// Bytes of all packages' files.
    public let size: UInt64
    public let entries: @Sendable () throws -> [TarEntry]

    /// Creates a source whose tar entries are listed only when the layer is written.
    /// - Parameters:
    ///   - names: of the packages' files, sorted.
    ///   - root: the directory they are installed below; empty for the whole image.
    ///   - identity: one line for each fact that the entries depend on, including the packages' digests.
    ///   - size: bytes of all packages as stored.
    ///   - entries: lists the entries; called when the layer is written.
    public init(
      _ kind: Kind, names: [String], root: FilePath, identity: [String], size: UInt64,
      entries: @escaping @Sendable () throws -> [TarEntry]
    ) {
      self.kind = kind
      self.names = names
      self.root = root
      self.identity = identity
      self.size = size
      self.entries = entries
    }

    /// `wheel`, `package`
    public var noun: String { kind == .wheel ? "wheel" : "package" }
  }

  public var files: [SourceFile] {
    if case .files(let files) = self { files } else { [] }
  }
}
