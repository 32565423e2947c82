import OpzDistribution
public import OpzIO
import OpzJSON
public import OpzOCI
public import OpzRegistry
import OpzStore
import OpzTrust

/// `opz pull`: fetches a version from a container registry, byte for byte, with its record and referrers.
public struct PullVersion: Sendable {
  /// The version that is now in the local registry, and what was fetched for it.
  public struct Result: Sendable {
    public let version: Registry.Version
    public let existed: Bool
    /// Bytes that were fetched.
    public let bytes: UInt64
    /// Manifests that were fetched with the image, other than the record.
    public let referrers: [Descriptor]
  }

  private let source: Reference
  /// The model that the version must belong to; nil accepts any.
  private let expected: ModelName?
  private let session: Session
  /// Whether to fetch the image's referrers. The record is always fetched.
  public var referrers = true
  /// The digest of the record to use, if the registry has several for the image.
  public var chosenRecord: Digest?
  /// Whether to accept a tag that names an older version than when it was last seen.
  public var acceptsRollback = false

  /// Prepares a pull. The remote repository is not contacted before `run()`.
  ///
  /// - Parameters:
  ///   - source: the image's tag or digest; the tag `latest` if it has neither.
  ///   - name: the model that the version must belong to; nil accepts any.
  public init(_ source: Reference, expecting name: ModelName? = nil, in session: Session) {
    self.source = source
    expected = name
    self.session = session
  }

  /// Fetches the image, its record and its referrers, and adds the version to the local registry, created if missing.
  ///
  /// Blobs that are already here are not fetched. The version is added only after all of its blobs have arrived, so a
  /// pull that fails can simply be repeated.
  /// - Throws: `FlowError` of category `conflict` for a version of another model, and for a tag that names an older
  ///   version than when it was last seen, unless `acceptsRollback` is set; `RegistryError.versionTaken` if the
  ///   number has different content here; the errors of the remote repository.
  public func run() async throws -> Result {
    let remote = try session.pullSource(source)
    async let connections: Void = remote.prepareConnections()
    let image = try await remote.resolve(source.tagOrDigest)
    let registry = try session.createRegistry()
    let left = SkippedContent(session.progress)
    // The image's blobs are on their way while the record is read and checked. If it is refused, they are given up.
    async let blobs = fetchBlobs(of: image, from: remote, registry)
    async let read = ImageFacts.of(image, in: remote)
    let listed = try await RemoteReferrers.of(image.digest, in: remote, left)
    try RemoteRecord.require(listed.records, source)
    let facts = try await read
    async let others = fetchReferrers(of: facts, listed, from: remote, registry, left: left)
    async let attachments = fetchAttachments(of: image, listed, from: remote, registry, left: left)
    let found = try await RemoteRecord.find(
      of: facts, among: listed.records, wanted: chosenRecord, in: remote, source, left)
    try check(found.record, registry)
    // It was read to be checked, and need not be fetched again.
    let isNew = try await blocking { [store = registry.store] in
      let isNew = try !store.has(Descriptor.of(found.bytes, RecordArtifact.artifactType))
      _ = try store.put(found.bytes, RecordArtifact.artifactType)
      return isNew
    }
    async let documents = copy(found.artifact, from: remote, to: registry.store, progress: session.progress)
    async let artifacts = fetchArtifacts(of: found.record, from: remote, registry)
    var moved = isNew ? UInt64(found.bytes.count) : 0
    moved &+= try await blobs &+ documents.bytes &+ artifacts &+ others.bytes
    await connections
    let arrived = StoredFirst(store: registry.store, remote: remote)
    moved &+= try await copy(image, from: arrived, to: registry.store, progress: session.progress).bytes
    let (version, existed) = try await adopt(
      found.bytes, found.artifact, referrers: try await others.descriptors, registry: registry)
    try await attachments.attach(to: version, registry, by: session.author, left)
    await left.close()
    let attached =
      referrers ? try registry.state(version.name).attachments(of: version).map(\.descriptor.withoutAnnotations) : []
    return Result(
      version: version, existed: existed, bytes: moved, referrers: attached + (try await others.descriptors))
  }

  /// - Throws: `FlowError` of category `conflict` if the version must not be pulled.
  private func check(_ record: VersionRecord, _ registry: Registry) throws {
    if let expected, expected.description != record.name {
      throw FlowError(
        .conflict, source.description, reason: "it is \(record.reference), not \(expected)",
        hint: "omit the name; a version keeps its name and number")
    }
    if !acceptsRollback { try refuseRollback(to: record, registry) }
  }

  /// Fetches the blobs of an image, or of the images of an index, but no documents: they come when the blobs are here
  /// and the record is known.
  /// - Returns: the bytes that were fetched.
  private func fetchBlobs(
    of image: Descriptor, from remote: RemoteRepository, _ registry: Registry
  ) async throws -> UInt64 {
    var images = [image]
    if image.mediaType.isIndex {
      images = try await remote.index(image).content.manifests.filter(\.mediaType.isManifest)
    }
    var seen: Set<Digest> = []
    var blobs = ContentGraph()
    for manifest in try await concurrently(images, { try await remote.manifest($0) }) {
      blobs.blobs += manifest.references.filter { seen.insert($0.digest).inserted }
    }
    return try await copy(blobs, root: image, from: remote, to: registry.store, progress: session.progress).bytes
  }

  private func fetchArtifacts(
    of record: VersionRecord, from remote: RemoteRepository, _ registry: Registry
  ) async throws -> UInt64 {
    let (store, progress) = (registry.store, session.progress)
    return try await concurrently(Array((record.artifacts ?? [:]).values)) { artifact in
      try await copy(artifact, from: remote, to: store, progress: progress).bytes
    }.reduce(0, &+)
  }

  private func fetchAttachments(
    of image: Descriptor, _ listed: RemoteReferrers, from remote: RemoteRepository, _ registry: Registry,
    left: SkippedContent
  ) async throws -> PulledAttachments {
    guard referrers else { return PulledAttachments() }
    return try await PulledAttachments.fetch(
      listed.others, about: image.digest, from: remote, to: registry.store, progress: session.progress, left)
  }

  /// Whoever can move a tag could point it back at a version with known vulnerabilities.
  private func refuseRollback(to record: VersionRecord, _ registry: Registry) throws {
    let state = try registry.state(ModelName(record.name))
    guard source.digest == nil, let last = state.seen[source.description], last != record.image.digest,
      let before = state.versions.first(where: { $0.value.contains { $0.image == last } })?.key,
      let now = SemanticVersion(record.version), now < before
    else { return }
    throw FlowError(
      .conflict, source.description,
      reason: "the tag was moved back: it names \(record.reference), but named \(before) when it was last seen",
      hint: "--force accepts the older version; \(source.name)@\(record.image.digest) does not depend on the tag")
  }

  /// Fetches the referrers of the platforms' images and of other referrers. Those of the image itself are attached to
  /// the version.
  private func fetchReferrers(
    of image: ImageFacts, _ listed: RemoteReferrers, from remote: RemoteRepository, _ registry: Registry,
    left: SkippedContent
  ) async throws -> (descriptors: [Descriptor], bytes: UInt64) {
    guard referrers else { return ([], 0) }
    // The image's own referrers are already listed.
    var documents = image.images.map(\.manifest.descriptor.digest).filter { $0 != image.root.digest }
    documents += listed.others.map(\.digest)
    var moved: UInt64 = 0
    let found = try await ReferrerGraph.of(documents, in: remote, progress: session.progress, left: left)
    var others: [Descriptor] = []
    for other in found.referrers where other.subject != image.root.digest {
      let (store, progress) = (registry.store, session.progress)
      let bytes = try await left.trying("the referrer \(other.descriptor.digest.short)") {
        let graph = try await other.content(in: remote)
        // Anyone who may push can add large blobs.
        guard graph.blobs.allSatisfy({ $0.size <= UInt64(Evidence.limit) }) else {
          throw FlowError(.verification, "\(other.descriptor.digest)", reason: "it is too large to be pulled")
        }
        return try await copy(
          graph, root: other.descriptor.withoutAnnotations, from: remote, to: store, progress: progress
        ).bytes
      }
      guard let bytes else { continue }
      moved &+= bytes
      others.append(other.descriptor.withoutAnnotations)
    }
    return (others, moved)
  }

  private func adopt(
    _ bytes: [UInt8], _ artifact: Descriptor, referrers: [Descriptor], registry: Registry
  ) async throws -> (version: Registry.Version, existed: Bool) {
    var details: [String: JSONValue] = ["source": .string(source.description)]
    if !referrers.isEmpty { details["referrers"] = .array(try referrers.map { try JSONValue(encoding: $0) }) }
    let (found, session, source) = (details, session, source)
    return try await blocking {
      switch try registry.adopt(bytes, artifact: artifact, by: session.author, details: found) {
      case .recorded(let version): return (version, false)
      case .existed(let version), .configured(let version, _):
        // An existing version may have new referrers, and the tag may have named another version before.
        let state = try registry.state(version.name)
        let known = Set((state.referrers[version.version] ?? []).map(\.digest))
        let isMoved = state.seen[source.description].map { $0 != version.record.image.digest } ?? false
        if isMoved || referrers.contains(where: { !known.contains($0.digest) }) {
          try registry.note(.pulled, version, by: session.author, details: found)
        }
        return (version, true)
      }
    }
  }
}

/// A repository of which much has arrived in a store.
private struct StoredFirst: ContentReader {
  let store: LayoutStore
  let remote: RemoteRepository

  func contains(_ descriptor: Descriptor) async throws -> Bool {
    if try store.has(descriptor) { return true }
    return try await remote.contains(descriptor)
  }

  func blob(_ descriptor: Descriptor) async throws -> any Blob {
    if try store.has(descriptor) { return try store.file(descriptor) }
    return try await remote.blob(descriptor)
  }
}
