public import OpzDistribution
import OpzIO
import OpzOCI
import SystemPackage

extension Session {
  /// Opens a repository of a container registry with the user's credentials.
  /// - Parameters:
  ///   - mounts: repositories on the same host that may have a blob.
  ///   - writes: whether it will be written to.
  func repository(
    _ reference: Reference, mounts: MountOrigins = MountOrigins(), writes: Bool = false
  ) throws -> RemoteRepository {
    try RemoteRepository(
      reference, environment: environment, mounts: mounts, userAgent: userAgent, progress: progress,
      insecure: insecure, writes: writes, state: transferState)
  }

  /// Opens a repository of a container registry for reading, from the mirrors that the user's files name for it.
  /// - Parameters:
  ///   - reference: names the image. Some mirrors are for images with a digest alone, or for those with a tag.
  ///   - byDigest: whether all of the image is asked for by digest; nil where the reference says it.
  /// - Throws: `DistributionError`, with the code `blocked` for an image that must not be pulled.
  func pullSource(_ reference: Reference, byDigest: Bool? = nil) throws -> RemoteRepository {
    guard let route = try MirrorFiles(environment: environment).route(to: reference, byDigest: byDigest) else {
      return try repository(reference)
    }
    return try RemoteRepository(
      reference, from: route, environment: environment, userAgent: userAgent, progress: progress, insecure: insecure,
      state: transferState)
  }

  /// Where upload sessions and registry limits are remembered: the directory in `OPZ_PUSH_STATE`, which a pipeline can
  /// cache, or else the local registry's cache; nil if there is neither.
  public var transferState: TransferState? {
    if let named = environment["OPZ_PUSH_STATE"], !named.isEmpty { return TransferState(directory: path(named)) }
    guard !registryPath.isEmpty, let marker = try? FileStatus.find(registryPath.appending("oci-layout")),
      marker.kind == .file
    else {
      return nil
    }
    return TransferState(directory: registryPath.appending("cache").appending("push"))
  }

  /// The User-Agent header: `opz/0.1.0`.
  public var userAgent: String { tool.replacing(" ", with: "/") }
}
