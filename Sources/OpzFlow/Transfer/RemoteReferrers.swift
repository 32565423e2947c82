import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTrust

/// The manifests that a repository lists as referrers of an image. Each is read, because only the document itself says
/// its subject and type.
struct RemoteReferrers: Sendable {
  /// Version records, judging by their type alone.
  private(set) var records: [Descriptor] = []
  /// All others, with the types that opz evaluates first.
  private(set) var others: [Descriptor] = []

  /// The types that affect decisions, in the order in which they are read.
  private static let known = [
    RecordArtifact.artifactType, SigstoreBundle.mediaType, SimpleSigning.artifactType, DSSEEnvelope.mediaType,
    ModelBOM.mediaType, ScanVerdict.mediaType,
  ]

  /// The most referrers to read other than records; records are all read.
  static let most = ReferrerGraph.limit

  /// - Throws: `DistributionError` if the registry does not respond or the list cannot be read.
  static func of(_ image: Digest, in remote: RemoteRepository, _ left: SkippedContent) async throws -> RemoteReferrers {
    let entries = try await list(image, remote, left: left)
    var found = RemoteReferrers()
    var rest = most
    for start in stride(from: 0, to: entries.count, by: 8) {
      var batch: [Descriptor] = []
      for entry in entries[start..<min(start + 8, entries.count)] {
        if entry.artifactType != RecordArtifact.artifactType { rest -= 1 }
        if rest >= 0 || entry.artifactType == RecordArtifact.artifactType { batch.append(entry) }
      }
      let manifests = try await concurrently(batch) { entry in
        try await left.trying("the referrer \(entry.digest.short)") { try await read(entry, about: image, remote) }
      }
      for manifest in manifests.compactMap({ $0 }) { found.add(manifest) }
    }
    if rest < 0 { await left.add("\(-rest) of its referrers", "at most \(most) are read") }
    return found
  }

  private mutating func add(_ manifest: Manifest) {
    var descriptor = manifest.descriptor
    descriptor.artifactType = manifest.content.artifactType ?? manifest.content.config.mediaType
    if descriptor.artifactType == RecordArtifact.artifactType {
      records.append(descriptor)
    } else {
      others.append(descriptor)
    }
  }

  /// The registry's list without duplicates, known types first. If the list is cut off, asks for each known type
  /// separately.
  private static func list(_ image: Digest, _ remote: RemoteRepository, left: SkippedContent) async throws
    -> [Descriptor]
  {
    let all = try await remote.referrerList(of: image)
    var entries = all.entries
    if let reason = all.leftOut {
      await left.add("part of the list of referrers", reason)
      for type in known {
        let some = try await remote.referrerList(of: image, type: type)
        entries += some.entries.filter { $0.artifactType == type }
        if let reason = some.leftOut { await left.add("part of the referrers of the type \(type)", reason) }
      }
    }
    let ranks = Dictionary(uniqueKeysWithValues: known.enumerated().map { ($1, $0) })
    func rank(_ entry: Descriptor) -> Int {
      guard let type = entry.artifactType else { return known.count }
      return ranks[SigstoreBundle.reads(type) ? SigstoreBundle.mediaType : type] ?? known.count
    }
    let order = entries.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
    var seen: Set<Digest> = []
    return order.map(\.element).filter { seen.insert($0.digest).inserted }
  }

  private static func read(
    _ entry: Descriptor, about image: Digest, _ remote: RemoteRepository
  ) async throws -> Manifest {
    let manifest = try await remote.manifest(named: entry.digest.description)
    guard manifest.content.subject?.digest == image else {
      throw FlowError(
        .verification, "\(entry.digest)", reason: "it is listed as a referrer of the image, but is not one")
    }
    return manifest
  }
}
