import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// The version record of an image in a container registry. Anyone who may push can add one, so each record is compared
/// with the image: one that contradicts it is ignored, and if several agree with it, none is trusted.
struct RemoteRecord: Sendable {
  let artifact: Descriptor
  let bytes: [UInt8]
  let record: VersionRecord

  /// - Throws: `FlowError` of category `notFound` if the image has no record.
  static func require(_ candidates: [Descriptor], _ source: Reference) throws {
    guard candidates.isEmpty else { return }
    throw FlowError(
      .notFound, source.description, reason: "the image has no version record, so opz did not push it",
      hint: "it can be the base of a custom runtime: runtime: {kind: custom, base: \(source)}")
  }

  /// Finds the one version record that matches the image.
  /// - Parameters:
  ///   - wanted: the digest of the record's bytes, to choose one of several.
  ///   - source: the name for errors.
  /// - Throws: `FlowError` of category `verification` if not exactly one of the records matches the image.
  static func find(
    of facts: ImageFacts, among candidates: [Descriptor], wanted: Digest?, in remote: RemoteRepository,
    _ source: Reference, _ left: SkippedContent
  ) async throws -> RemoteRecord {
    var matches = Matches(wanted: wanted)
    for candidate in candidates {
      do {
        matches.add(try await read(try await remote.manifest(candidate), of: facts, in: remote))
      } catch let error as any ExplainedError where SkippedContent.isContentError(error) || error is RegistryError {
        if matches.reasons.count < 4 { matches.reasons.append("\(candidate.digest.short): \(error.reason)") }
        await left.add("the version record \(candidate.digest.short)", error.reason)
      }
    }
    if let chosen = matches.chosen { return chosen }
    throw matches.failure(source, candidates: candidates.count)
  }

  /// The records that match the image. A record can have 64 MiB, so only one is kept in memory.
  private struct Matches {
    let wanted: Digest?
    private var kept: RemoteRecord?
    /// By the digest of the record's bytes, what errors call it.
    private var names: [Digest: String] = [:]
    /// Why the first of the other records do not match.
    var reasons: [String] = []

    init(wanted: Digest?) { self.wanted = wanted }

    mutating func add(_ record: RemoteRecord) {
      let digest = Digest.of(record.bytes)
      names[digest] = "\(digest) (\(record.record.reference) of \(record.record.created))"
      if let kept, kept.bytes == record.bytes {
        self.kept = kept.preferred(to: record)
      } else if kept == nil || digest == wanted {
        kept = record
      }
    }

    /// The record that was asked for, or else the only one.
    var chosen: RemoteRecord? {
      guard let kept else { return nil }
      let isChosen = if let wanted { Digest.of(kept.bytes) == wanted } else { names.count == 1 }
      return isChosen ? kept : nil
    }

    func failure(_ source: Reference, candidates: Int) -> FlowError {
      let all = names.sorted { $0.key < $1.key }.map(\.value)
      let list = all.prefix(16).joined(separator: ", ") + (all.count > 16 ? ", and \(all.count - 16) more" : "")
      guard !all.isEmpty else {
        return FlowError(
          .verification, source.description,
          reason: "none of the \(candidates) version records that the registry has matches the image: "
            + reasons.joined(separator: "; "),
          hint: "the registry's referrers are wrong; push the version again from where it was made")
      }
      if let wanted {
        return FlowError(
          .notFound, source.description, reason: "no record has the digest \(wanted); the registry has \(list)")
      }
      return FlowError(
        .verification, source.description, reason: "the image has \(all.count) different version records: \(list)",
        hint: "delete the wrong ones in the registry, or name the right one: --record DIGEST")
    }
  }

  /// Chooses between two artifacts with the same record: the one that opz itself would create, so that every pull gets
  /// the same one.
  private func preferred(to other: RemoteRecord) -> RemoteRecord {
    let own = try? RecordArtifact.manifest(record, bytes).descriptor.digest
    if artifact.digest == own { return self }
    if other.artifact.digest == own { return other }
    return artifact.digest < other.artifact.digest ? self : other
  }

  private static func read(
    _ manifest: Manifest, of image: ImageFacts, in remote: RemoteRepository
  ) async throws -> RemoteRecord {
    let subject = manifest.descriptor.digest.description
    func refuse(_ reason: String) -> FlowError { FlowError(.verification, subject, reason: reason) }
    let bytes = try await RecordArtifact.record(in: manifest, of: remote)
    let record = try VersionRecord.decode(bytes, subject: subject)
    if let reason = record.contradiction(to: image) { throw refuse(reason) }
    let own = Set([Descriptor.emptyConfig.digest, .of(bytes)] + record.tests.map(\.descriptor.digest))
      .union(record.fileList.map { [$0.digest] } ?? [])
    if let other = manifest.references.first(where: { !own.contains($0.digest) }) {
      throw refuse("it references \(other.digest), which the record does not list")
    }
    let layers = Set(image.layers.map(\.descriptor.digest))
    for (name, artifact) in record.artifacts ?? [:] {
      let artifact = try await remote.manifest(artifact)
      guard artifact.content.layers.allSatisfy({ layers.contains($0.digest) }),
        artifact.content.config.size <= UInt64(Document.limit)
      else {
        throw refuse("its \(PrintableText.line(name, limit: 40)) artifact has layers that the image does not have")
      }
    }
    var artifact = manifest.descriptor
    artifact.artifactType = RecordArtifact.artifactType
    return RemoteRecord(artifact: artifact, bytes: bytes, record: record)
  }
}
