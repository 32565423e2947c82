public import OpzIO

/// Repositories of one registry that may have a blob already, so that it can be mounted from there (distribution-spec, "Mounting a blob from another
/// repository").
public struct MountOrigins: Sendable {
  /// Where single blobs are known to be.
  public var known: [Digest: [String]]
  /// Repositories that may have any of the blobs, the likeliest first. Each costs one request for a blob that it does not have.
  public var likely: [String]

  public init(known: [Digest: [String]] = [:], likely: [String] = []) {
    self.known = known
    self.likely = likely
  }

  func repositories(for digest: Digest) -> [String] {
    let first = known[digest] ?? []
    return first + likely.filter { !first.contains($0) }
  }
}
