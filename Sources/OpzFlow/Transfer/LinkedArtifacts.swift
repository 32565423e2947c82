import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// Other manifests that a version's record names, such as its ModelPack artifact. They are not referrers, and a copy
/// without them could not be pulled.
enum LinkedArtifacts {
  struct LinkedArtifact: Sendable {
    let name: String
    let descriptor: Descriptor
  }

  /// The companions of the image that the source has.
  static func of(
    _ image: Digest, _ referrers: [ReferrerGraph.Referrer], in source: some ReferrerReader,
    progress: any ProgressSink
  ) async throws -> [LinkedArtifact] {
    let records = referrers.filter { $0.subject == image && $0.descriptor.artifactType == RecordArtifact.artifactType }
    var found: [LinkedArtifact] = []
    for record in records.map(\.descriptor) {
      guard let named = try await artifacts(record, of: image, in: source, progress) else { continue }
      for (name, descriptor) in named.sorted(by: { $0.key < $1.key })
      where Reference.isTag(TagMapping.companionTag(of: "x", name: name)) && !found.contains(where: { $0.name == name })
      {
        if try await source.contains(descriptor.withoutAnnotations) {
          found.append(LinkedArtifact(name: name, descriptor: descriptor))
        } else {
          progress.report(
            .note("the version's \(name) artifact is missing, so the copy cannot be pulled as a version"))
        }
      }
    }
    return found
  }

  /// The artifacts that a record names; nil, with a note, if it cannot be read or is about another image. Anyone who
  /// may push can add a record.
  private static func artifacts(
    _ record: Descriptor, of image: Digest, in source: some ReferrerReader, _ progress: any ProgressSink
  ) async throws -> [String: Descriptor]? {
    do {
      let bytes = try await RecordArtifact.record(in: try await source.manifest(record), of: source)
      let read = try VersionRecord.decode(bytes, subject: record.digest.description)
      if read.image.digest == image { return read.artifacts ?? [:] }
      progress.report(.note("the version record \(record.digest.short) is about another image"))
    } catch let error as any ExplainedError where SkippedContent.isContentError(error) || error is RegistryError {
      progress.report(.note("the version record \(record.digest.short) cannot be read: \(error.reason)"))
    }
    return nil
  }
}
