import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// The other manifests that a version's record names, a ModelPack artifact for one: they are no referrers, and without them a pull of a
/// copy would fail.
enum Companions {
  struct Companion: Sendable {
    let name: String
    let descriptor: Descriptor
  }

  /// Those of the image that the source has.
  static func of(
    _ image: Digest, _ referrers: [ReferrerGraph.Referrer], in source: some ReferrerReader,
    progress: any ProgressSink
  ) async throws -> [Companion] {
    let records = referrers.filter { $0.subject == image && $0.descriptor.artifactType == RecordArtifact.artifactType }
    guard let record = records.first?.descriptor else { return [] }
    let bytes = try await RecordArtifact.record(in: try await source.manifest(record), of: source)
    let named = try VersionRecord.decode(bytes, subject: record.digest.description).artifacts ?? [:]
    var found: [Companion] = []
    for (name, descriptor) in named.sorted(by: { $0.key < $1.key }) {
      if try await source.contains(descriptor.bare) {
        found.append(Companion(name: name, descriptor: descriptor))
      } else {
        progress.report(.note("the version's \(name) artifact is not there, so the copy cannot be pulled as a version"))
      }
    }
    return found
  }
}
