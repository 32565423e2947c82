import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// Repositories of a destination's own host that have a blob, so that it need not be sent there.
enum Mounts {
  /// Every blob below an image that comes from another repository.
  static func all(
    below root: Descriptor, in content: some ContentReader, from repository: String
  ) async throws -> [Digest: [String]] {
    let graph = try await ContentGraph.of(root, in: content)
    return Dictionary(graph.blobs.map { ($0.digest, [repository]) }, uniquingKeysWith: { one, _ in one })
  }

  /// The layers of a version's base.
  static func origins(of record: VersionRecord, for destination: Reference) -> [Digest: [String]] {
    var mounts: [Digest: [String]] = [:]
    for layer in record.layers {
      guard let origin = layer.origin, let reference = try? Reference(parsing: origin),
        reference.host == destination.host, reference.repository != destination.repository
      else { continue }
      mounts[layer.descriptor.digest] = [reference.repository]
    }
    return mounts
  }
}
