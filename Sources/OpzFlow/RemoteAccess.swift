import OpzDistribution
import OpzIO
import OpzOCI

extension Session {
  /// A repository of a container registry, with this user's credentials.
  /// - Parameter mounts: repositories on the same host that have a blob.
  func repository(_ reference: Reference, mounts: [Digest: [String]] = [:]) throws -> RemoteRepository {
    try RemoteRepository(
      reference, environment: environment, mountCandidates: mounts, userAgent: tool.replacing(" ", with: "/"),
      progress: progress,
      insecure: insecure)
  }
}
