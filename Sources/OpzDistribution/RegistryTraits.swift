import OpzIO

/// What a registry has shown of its limits. Nil means that nothing is known yet.
public struct RegistryTraits: Codable, Sendable, Hashable {
  /// How a blob is sent.
  public enum Way: String, Codable, Sendable {
    /// One PUT.
    case whole
    /// Some PATCHes and an empty PUT.
    case chunks
  }

  static let currentFormat = 1

  var format = RegistryTraits.currentFormat
  /// The registry's origin.
  public let registry: String
  /// Milliseconds since 1970 of the last thing learned.
  public var learned: Int64 = 0
  /// The only way in which the registry takes blobs.
  public var way: Way?
  /// Bytes that each chunk but the last must have.
  public var chunkMinimum: UInt64?
  /// Bytes that one request may have.
  public var requestMaximum: UInt64?
  /// Whether blobs can be mounted from other repositories.
  public var mounts: Bool?
  /// Whether the referrers API is there.
  public var referrers: Bool?
  /// Whether an upload can be gone on with after a connection was cut inside of a chunk.
  public var survivesCuts: Bool?

  public init(registry: String) { self.registry = registry }

  /// Blobs of up to this size are sent in one piece where nothing else is known: a cut costs no more than that.
  static let wholeLimit: UInt64 = 16 << 20
  /// A registry that asks for larger chunks is not believed.
  static let largestMinimum: UInt64 = 1 << 30
  /// Requests are not made smaller than this to please a proxy.
  static let smallestRequest: UInt64 = 64 << 10
  /// Seconds after which a registry is tried anew.
  static let age: Int64 = 30 * 86_400

  /// The way that a blob goes.
  func way(of size: UInt64) -> Way {
    if let way { return way }
    if let requestMaximum, size > requestMaximum { return .chunks }
    return size <= RegistryTraits.wholeLimit ? .whole : .chunks
  }

  /// Whether what was read from a file can be believed.
  func isUsable(for registry: String, now: Timestamp) -> Bool {
    let age = (now.milliseconds &- learned) / 1000
    return format == RegistryTraits.currentFormat && self.registry == registry
      && (-86_400...RegistryTraits.age).contains(age) && chunkMinimum ?? 0 <= RegistryTraits.largestMinimum
      && requestMaximum ?? .max >= RegistryTraits.smallestRequest
  }
}
