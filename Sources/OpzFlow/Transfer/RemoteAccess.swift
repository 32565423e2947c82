public import OpzDistribution
import OpzIO
import OpzOCI
import SystemPackage

extension Session {
  /// A repository of a container registry, with this user's credentials.
  /// - Parameter mounts: repositories on the same host that have a blob.
  func repository(_ reference: Reference, mounts: MountOrigins = MountOrigins()) throws -> RemoteRepository {
    try RemoteRepository(
      reference, environment: environment, mounts: mounts, userAgent: userAgent, progress: progress,
      insecure: insecure, state: transferState)
  }

  /// Where uploads and registries' limits are remembered: `OPZ_PUSH_STATE`, which a pipeline can keep in a cached directory, else the
  /// registry's cache; nil where there is neither.
  public var transferState: TransferState? {
    if let named = environment["OPZ_PUSH_STATE"], !named.isEmpty { return TransferState(directory: path(named)) }
    guard !registryPath.isEmpty, let marker = try? FileStatus.find(registryPath.appending("oci-layout")),
      marker.kind == .file
    else {
      return nil
    }
    return TransferState(directory: registryPath.appending("cache").appending("push"))
  }

  /// What registries are told that we are: `opz/0.1.0`.
  public var userAgent: String { tool.replacing(" ", with: "/") }
}
