public import OpzArchive
public import OpzOCI
public import SystemPackage

/// The content of a layer before it is written.
public enum LayerSource: Sendable {
  case files([SourceFile])
  case wheels(WheelSource)
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

  /// Content identified by the digests of its wheels, without opening them.
  public struct WheelSource: Sendable {
    /// File names, sorted.
    public let wheels: [String]
    /// The directory they are installed below.
    public let root: FilePath
    /// Everything that the entries depend on, one line each: the wheels' digests and their layout.
    public let identity: [String]
    /// Bytes of all wheel files.
    public let size: UInt64
    public let entries: @Sendable () throws -> [TarEntry]

    /// Creates a source whose tar entries are listed only when the layer is written.
    /// - Parameters:
    ///   - identity: one line for each fact that the entries depend on, including the wheels' digests.
    ///   - size: bytes of all wheels as stored.
    ///   - entries: lists the entries; called when the layer is written.
    public init(
      wheels: [String], root: FilePath, identity: [String], size: UInt64,
      entries: @escaping @Sendable () throws -> [TarEntry]
    ) {
      self.wheels = wheels
      self.root = root
      self.identity = identity
      self.size = size
      self.entries = entries
    }
  }

  public var files: [SourceFile] {
    if case .files(let files) = self { files } else { [] }
  }
}
