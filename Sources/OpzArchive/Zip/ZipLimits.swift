/// Limits on the resources that reading a zip file may take. They are checked before any content is read.
public struct ZipLimits: Sendable {
  /// The number of members, including directories.
  public var members = 500_000
  /// The content of one member, in bytes.
  public var memberBytes: UInt64 = 1 << 38
  /// The content of all members, in bytes.
  public var totalBytes: UInt64 = 1 << 40
  /// Content bytes per stored byte, for each member and for all together, checked from 64 MiB of content on. Deflate
  /// reaches 1032; the libraries in real wheels stay below 20.
  public var ratio: UInt64 = 200
  /// The length of a path in bytes.
  public var pathLength = 4095
  /// The length of all paths in bytes: they are held in memory.
  public var nameBytes = 64 << 20
  /// The number of components of a path.
  public var depth = 255

  /// Whether a stored member may have its size only after its content, as torch writes them. A streaming reader has
  /// to guess where such a member ends; a seeking one finds the end in the directory.
  public var allowsStoredBeforeDescriptor = false

  /// The default limits.
  public init() {}

  /// How much content there may be before the ratio applies: small members of zeros are harmless.
  static let ratioFloor: UInt64 = 64 << 20
  /// The longest component in bytes (NAME_MAX).
  static let componentLength = 255
}
