import OpzIO

/// How a blob is uploaded (distribution-spec 1.1, "Pushing blobs"). The raw values are those of saved profiles.
public enum UploadMethod: String, Codable, Sendable {
  /// One PUT.
  case monolithic = "whole"
  /// PATCH requests and an empty PUT.
  case chunked = "chunks"
}

/// A registry profile: the limits and quirks that a remote registry has shown. Nil means unknown.
public struct RemoteRegistryProfile: Codable, Sendable, Hashable {
  static let currentFormat = 1

  var format = RemoteRegistryProfile.currentFormat
  /// The origin of the remote registry.
  public let registry: String
  /// When the profile last changed, in milliseconds since 1970.
  public var learned: Int64 = 0
  /// The only upload method that the remote registry supports; nil where both work or nothing is known.
  public var uploadMethod: UploadMethod?
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
  /// Where connections broke while blobs were uploaded: a middlebox ends each after some bytes or seconds.
  public var uploadLimit: ConnectionLimit?
  /// The same while blobs were downloaded.
  public var downloadLimit: ConnectionLimit?
  /// Where a single connection broke during an upload that went on without loss: a limit once another breaks there.
  public var uploadBreak: ConnectionLimit?
  /// The same during a download.
  public var downloadBreak: ConnectionLimit?

  // The names in the file.
  private enum CodingKeys: String, CodingKey {
    case format, registry, learned
    case uploadMethod = "way"
    case chunkMinimum, requestMaximum, mounts, referrers, survivesCuts, uploadLimit, downloadLimit, uploadBreak,
      downloadBreak
  }

  /// Creates a profile in which nothing is known.
  /// - Parameter registry: the origin, such as `https://ghcr.io`.
  public init(registry: String) { self.registry = registry }

  /// Blobs of up to this many bytes are monolithic uploads unless the profile says otherwise, because a broken
  /// connection costs no more than that.
  static let monolithicLimit: UInt64 = 16 << 20
  /// A larger minimum chunk size is taken for an error and ignored, in bytes.
  static let largestMinimum: UInt64 = 1 << 30
  /// The request limit is never lowered below this many bytes.
  static let smallestRequest: UInt64 = 64 << 10
  /// Seconds after which a profile expires.
  static let age: Int64 = 30 * 86_400

  /// The upload method for a blob of `size` bytes.
  func uploadMethod(for size: UInt64) -> UploadMethod {
    if let uploadMethod { return uploadMethod }
    if let requestMaximum, size > requestMaximum { return .chunked }
    if let uploadLimit, size > uploadLimit.share { return .chunked }
    return size <= RemoteRegistryProfile.monolithicLimit ? .monolithic : .chunked
  }

  /// Whether a profile that was read from a file is valid and recent.
  func isUsable(for registry: String, now: Timestamp) -> Bool {
    let age = (now.milliseconds &- learned) / 1000
    return format == RemoteRegistryProfile.currentFormat && self.registry == registry
      && (-86_400...RemoteRegistryProfile.age).contains(age)
      && chunkMinimum ?? 0 <= RemoteRegistryProfile.largestMinimum
      && requestMaximum ?? .max >= RemoteRegistryProfile.smallestRequest
  }

  /// Returns the profile without limits on connections that are invalid or too old.
  func withoutOldLimits(now: Timestamp) -> RemoteRegistryProfile {
    var profile = self
    if let limit = uploadLimit, !limit.isUsable(now: now) { profile.uploadLimit = nil }
    if let limit = downloadLimit, !limit.isUsable(now: now) { profile.downloadLimit = nil }
    if let once = uploadBreak, !once.isUsable(now: now) { profile.uploadBreak = nil }
    if let once = downloadBreak, !once.isUsable(now: now) { profile.downloadBreak = nil }
    return profile
  }
}

extension RemoteRegistryProfile {
  /// Updates the profile with the findings of `opz doctor`, so that the next push need not discover them. What was
  /// not checked stays unchanged.
  mutating func take(_ probe: RemoteProbe) {
    if probe.chunks == false || probe.chunkRefused != nil {
      uploadMethod = .monolithic
    } else if probe.chunks == true, uploadMethod == .monolithic {
      uploadMethod = nil
    }
    if let minimum = probe.chunkMinimum, minimum <= RemoteRegistryProfile.largestMinimum { chunkMinimum = minimum }
    if let taken = probe.largestTaken, let refused = probe.smallestRefused, taken < refused,
      taken >= RemoteRegistryProfile.smallestRequest
    {
      requestMaximum = taken
    }
    mounts = probe.mounts ?? mounts
    referrers = probe.referrers ?? referrers
  }
}
