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
    var found: [Companion] = []
    for record in records.map(\.descriptor) {
      guard let named = try await artifacts(record, of: image, in: source, progress) else { continue }
      for (name, descriptor) in named.sorted(by: { $0.key < $1.key })
      where Reference.isTag("x.\(name)") && !found.contains(where: { $0.name == name }) {
        if try await source.contains(descriptor.bare) {
          found.append(Companion(name: name, descriptor: descriptor))
        } else {
          progress.report(
            .note("the version's \(name) artifact is not there, so the copy cannot be pulled as a version"))
        }
      }
    }
    return found
  }

  /// What a record names; nil, and said, where it cannot be read or is about another image: anybody who may push can add one.
  private static func artifacts(
    _ record: Descriptor, of image: Digest, in source: some ReferrerReader, _ progress: any ProgressSink
  ) async throws -> [String: Descriptor]? {
    do {
      let bytes = try await RecordArtifact.record(in: try await source.manifest(record), of: source)
      let read = try VersionRecord.decode(bytes, subject: record.digest.description)
      if read.image.digest == image { return read.artifacts ?? [:] }
      progress.report(.note("the version record \(record.digest.short) is about another image"))
    } catch let error as any ExplainedError where LeftOut.isAboutContent(error) || error is RegistryError {
      progress.report(.note("the version record \(record.digest.short) cannot be read: \(error.reason)"))
    }
    return nil
  }
}
