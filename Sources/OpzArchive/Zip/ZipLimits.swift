/// What a zip file may cost its reader. All but the last are checked before any content is read.
public struct ZipLimits: Sendable {
  /// Members, directories among them.
  public var members = 500_000
  /// One member's content, in bytes.
  public var memberBytes: UInt64 = 1 << 38
  /// Content of all members together, in bytes.
  public var totalBytes: UInt64 = 1 << 40
  /// Content for each byte that is stored of it, of a member and of all together, from 64 MiB of content on. Deflate reaches 1032;
  /// the libraries in real wheels stay below 20.
  public var ratio: UInt64 = 200
  /// Bytes of a path.
  public var pathLength = 4095
  /// Bytes of all paths together: they are held in memory.
  public var nameBytes = 64 << 20
  /// Components of a path.
  public var depth = 255

  /// Whether a stored member may say its size behind its content only, as torch writes them. A reader that streams has to guess where such a one ends;
  /// those that seek find it by the directory.
  public var allowsStoredBeforeDescriptor = false

  public init() {}

  /// How much content there may be before the ratio counts: small members of zeros are harmless.
  static let ratioFloor: UInt64 = 64 << 20
  /// Bytes of a component (NAME_MAX).
  static let componentLength = 255
}
