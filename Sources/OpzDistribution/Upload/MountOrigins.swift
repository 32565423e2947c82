public import OpzIO

/// The repositories of one remote registry that may already have a blob, from which it can be mounted
/// (distribution-spec, "Mounting a blob from another repository").
public struct MountOrigins: Sendable {
  /// The repositories that are known to have a blob.
  public var known: [Digest: [String]]
  /// Repositories that may have any of the blobs, the likeliest first. Each costs one request for a blob that it does
  /// not have.
  public var likely: [String]

  /// Creates a list of candidates; repository names are without the host.
  public init(known: [Digest: [String]] = [:], likely: [String] = []) {
    self.known = known
    self.likely = likely
  }

  func repositories(for digest: Digest) -> [String] {
    let first = known[digest] ?? []
    return first + likely.filter { !first.contains($0) }
  }
}
