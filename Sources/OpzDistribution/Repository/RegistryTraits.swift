import OpzIO

/// A registry profile: the limits and quirks that a remote registry has shown. Nil means unknown.
public struct RegistryTraits: Codable, Sendable, Hashable {
  /// How a blob is uploaded.
  public enum Way: String, Codable, Sendable {
    /// A monolithic upload: one PUT.
    case whole
    /// A chunked upload: PATCH requests and an empty PUT.
    case chunks
  }

  static let currentFormat = 1

  var format = RegistryTraits.currentFormat
  /// The origin of the remote registry.
  public let registry: String
  /// When the profile last changed, in milliseconds since 1970.
  public var learned: Int64 = 0
  /// The only upload method that the remote registry supports; nil where both work or nothing is known.
  public var way: Way?
  /// The smallest size of every chunk but the last, in bytes.
  public var chunkMinimum: UInt64?
  /// The largest request body, in bytes.
  public var requestMaximum: UInt64?
  /// Whether blobs can be mounted from other repositories.
  public var mounts: Bool?
  /// Whether the referrers API exists.
  public var referrers: Bool?
  /// Whether an upload can be resumed after a connection broke in the middle of a chunk.
  public var survivesCuts: Bool?

  /// Creates a profile in which nothing is known.
  /// - Parameter registry: the origin, such as `https://ghcr.io`.
  public init(registry: String) { self.registry = registry }

  /// Blobs of up to this many bytes are monolithic uploads unless the profile says otherwise, because a broken
  /// connection costs no more than that.
  static let wholeLimit: UInt64 = 16 << 20
  /// A larger minimum chunk size is taken for an error and ignored, in bytes.
  static let largestMinimum: UInt64 = 1 << 30
  /// The request limit is never lowered below this many bytes.
  static let smallestRequest: UInt64 = 64 << 10
  /// Seconds after which a profile expires.
  static let age: Int64 = 30 * 86_400

  /// The upload method for a blob of `size` bytes.
  func way(of size: UInt64) -> Way {
    if let way { return way }
    if let requestMaximum, size > requestMaximum { return .chunks }
    return size <= RegistryTraits.wholeLimit ? .whole : .chunks
  }

  /// Whether a profile that was read from a file is valid and recent.
  func isUsable(for registry: String, now: Timestamp) -> Bool {
    let age = (now.milliseconds &- learned) / 1000
    return format == RegistryTraits.currentFormat && self.registry == registry
      && (-86_400...RegistryTraits.age).contains(age) && chunkMinimum ?? 0 <= RegistryTraits.largestMinimum
      && requestMaximum ?? .max >= RegistryTraits.smallestRequest
  }
}
