public import OpzHTTP
public import OpzIO
public import OpzOCI
public import OpzStore
import Synchronization
public import SystemPackage

/// A repository of a remote registry as a content store (OCI distribution-spec 1.1).
///
/// Plain HTTP is used for this machine only, unless `insecure` says otherwise. Credentials come from Docker's and
/// Podman's configuration, and are sent to the remote registry's own origin and to the token server that it names,
/// nowhere else. Transient failures are retried within the retry budget; then a `DistributionError` says why.
public final class RemoteRepository: ContentStore, TagStore {
  public let reference: Reference
  let client: RemoteClient
  private let mounts: MountOrigins
  /// Digests that `contains` has just found missing, which `put` need not check again.
  private let missing = Mutex<Set<Digest>>([])
  /// The subjects of documents, by the digest of the document; nil for a document without one.
  private let known = Mutex<[Digest: Digest?]>([:])
  /// The referrers of each subject, so that a thousand referrers of one image cost one list request.
  private let lists = Mutex<[Digest: Task<Set<Digest>, any Error>]>([:])
  /// Stored documents that are not in the list of their subject's referrers yet; nil where `put` lists them itself.
  let held = Mutex<HeldReferrers?>(nil)
  let manifests: ManifestRequests
  let referrersTag: ReferrersTag
  /// Where the content is read, if not from the repository itself alone.
  let mirrors: MirrorChain?

  /// Sets up the client; sends nothing.
  /// - Parameters:
  ///   - reference: its host and repository are used, its tag and digest are not.
  ///   - environment: its variables lead to Docker's and Podman's configuration, proxies and certificate files.
  ///   - mounts: repositories of the same remote registry that may already have a blob.
  ///   - userAgent: `NAME/VERSION`.
  ///   - insecure: allows plain HTTP to any host.
  ///   - writes: whether the repository will be written to. Then one token is asked for that allows both.
  ///   - state: where pending uploads and registry profiles are saved; nil to keep them in memory only.
  ///   - retry: the retry budget of each request and blob.
  /// - Throws: `DistributionError` with the code `refusedAddress` for a host that cannot be connected to, or
  ///   `connection` where libcurl cannot be loaded.
  public convenience init(
    _ reference: Reference, environment: [String: String], mounts: MountOrigins = MountOrigins(),
    userAgent: String, progress: any ProgressSink = NoProgress(), insecure: Bool = false, writes: Bool = false,
    state: TransferState? = nil, retry: RetryPolicy = RetryPolicy()
  ) throws {
    try self.init(
      reference, environment: environment, mounts: mounts, userAgent: userAgent, progress: progress,
      insecure: insecure, retry: retry, scheme: nil, writes: writes, state: state)
  }

  init(
    _ reference: Reference, environment: [String: String], mounts: MountOrigins = MountOrigins(),
    userAgent: String = "opz", progress: any ProgressSink = NoProgress(), insecure: Bool = false, retry: RetryPolicy,
    scheme: Origin.Scheme?, writes: Bool = false, state: TransferState? = nil, quirks: RemoteQuirks = .known,
    mirror: PullSource? = nil
  ) throws {
    self.reference = reference
    self.mounts = mounts
    mirrors = nil
    client = try RemoteClient(
      reference, environment: environment, userAgent: userAgent, progress: progress, insecure: insecure, retry: retry,
      scheme: scheme, writes: writes, state: state, quirks: quirks, mirror: mirror)
    manifests = ManifestRequests(client: client)
    referrersTag = ReferrersTag(manifests)
  }

  /// Sets up a repository that is read from the sources of a route, and written to the last of them; sends nothing.
  /// - Parameters:
  ///   - route: from `MirrorFiles`.
  ///   - reference: its host and repository name the content.
  ///   - retry: of the last source. A mirror gets two attempts and 20 seconds in which to answer.
  /// - Throws: `DistributionError` with the code `refusedAddress` or `configuration`.
  public init(
    _ reference: Reference, from route: PullRoute, environment: [String: String], userAgent: String,
    progress: any ProgressSink = NoProgress(), insecure: Bool = false, state: TransferState? = nil,
    retry: RetryPolicy = RetryPolicy()
  ) throws {
    var short = retry
    (short.attempts, short.deadline, short.idle) = (
      min(2, retry.attempts), min(15, retry.deadline), min(20, retry.idle)
    )
    let links = try route.sources.enumerated().map { index, source in
      let open = { (retry: RetryPolicy) in
        try RemoteRepository(
          source.reference, environment: environment, userAgent: userAgent, progress: progress,
          insecure: insecure && source.isUpstream, retry: retry, scheme: nil, state: state, mirror: source)
      }
      guard index + 1 == route.sources.count else {
        let mirror = try open(short)
        return MirrorChain.Link(source: source, repository: mirror, brief: mirror)
      }
      var once = short
      once.attempts = 1
      return MirrorChain.Link(source: source, repository: try open(retry), brief: try open(once))
    }
    guard let last = links.last else {
      throw DistributionError(.configuration, route.file.string, reason: "it names no source of \(reference.name)")
    }
    self.reference = reference
    (mounts, client, manifests) = (MountOrigins(), last.repository.client, last.repository.manifests)
    referrersTag = last.repository.referrersTag
    mirrors = MirrorChain(links, progress: progress)
  }

  /// Whether the repository has the content. A document with a subject must also be in the list of referrers, so that
  /// a push that was interrupted between the two is completed by the next one.
  /// - Throws: `DistributionError`.
  public func contains(_ descriptor: Descriptor) async throws -> Bool {
    if let mirrors {
      return try await mirrors.read(.content, name(descriptor.digest), isAnswer: { $0 }) {
        try await $0.contains(descriptor)
      }.value
    }
    let isThere = try await isWhole(descriptor, client.readScopes)
    if !isThere { _ = missing.withLock { $0.insert(descriptor.digest) } }
    return isThere
  }

  /// Returns the content of a descriptor. Documents are fetched at once. For a blob each `open(at:)` sends a GET, and
  /// only reading tells whether the repository has it. Reading blocks, so use a thread outside of the cooperative pool.
  /// - Throws: `DistributionError`, with the code `notFound` where the repository does not have the document.
  public func blob(_ descriptor: Descriptor) async throws -> any Blob {
    if descriptor.mediaType.isDocument { return BytesBlob(try await document(descriptor)) }
    if let mirrors { return MirroredBlob(chain: mirrors, descriptor: descriptor, progress: client.progress) }
    return RemoteBlob(client: client, descriptor: descriptor)
  }

  /// 2, or 8 where the registry is far away.
  public var parallelTransfers: Int {
    mirrors?.likeliest.parallelTransfers ?? (client.isFar ? RemoteClient.bulkStreams : 2)
  }

  /// Opens some connections to a registry that is far away, for a caller who will soon ask for much. It is to run beside
  /// the first request, and reports no failure.
  public func prepareConnections() async {
    await (mirrors?.likeliest.client ?? client).openConnections(7)
  }

  /// Stores content unless the repository has it. When it returns, the content is stored under the descriptor's
  /// digest.
  /// - Throws: `DistributionError`, with the code `wrongSize` or `wrongDigest` for content that does not match its
  ///   descriptor.
  public func put(_ descriptor: Descriptor, from blob: any Blob) async throws {
    let item = descriptor.digest.short
    let isMissing = missing.withLock { $0.remove(descriptor.digest) != nil }
    client.progress.report(.started(item: item, total: descriptor.size))
    do {
      if !isMissing, try await isWhole(descriptor, [.push(reference.repository)]) {
        client.progress.report(.finished(item: item, outcome: .existed))
        return
      }
      let outcome = try await send(descriptor, blob)
      client.progress.report(.finished(item: item, outcome: outcome))
    } catch {
      client.progress.report(.finished(item: item, outcome: .failed))
      throw error
    }
  }

  /// Returns the descriptor for a tag or digest. Its digest is computed from the bytes that the remote registry
  /// sends.
  /// - Throws: `DistributionError`, with the code `notFound`, or `wrongDigest` where the computed digest differs from
  ///   the requested or stated one.
  public func resolve(_ tagOrDigest: String) async throws -> Descriptor {
    try await found(tagOrDigest).descriptor
  }

  /// The document that a tag or digest names, from the first source that has it.
  private func found(_ tagOrDigest: String) async throws -> ManifestRequests.Found {
    guard let mirrors else { return try await manifests.get(tagOrDigest) }
    let isTag = Digest(tagOrDigest) == nil
    let (found, link) = try await mirrors.read(isTag ? .names : .content, "\(reference.name) \(tagOrDigest)") {
      try await $0.manifests.get(tagOrDigest)
    }
    if isTag { mirrors.say(tagOrDigest, found.descriptor.digest, name: reference.name, link: link) }
    return found
  }

  /// The manifest that a tag or a digest names. Its size and type are what the registry sends, not what a list says of it.
  /// - Throws: an error of category `notFound` when there is none.
  public func manifest(named tagOrDigest: String) async throws -> Manifest {
    let found = try await found(tagOrDigest)
    let subject = "\(reference.name)\(tagOrDigest.contains(":") ? "@" : ":")\(tagOrDigest)"
    let manifest = try Manifest(raw: found.bytes, mediaType: found.descriptor.mediaType, subject: subject)
    guard manifest.descriptor.digest == found.descriptor.digest else {
      throw DistributionError(.badResponse, subject, reason: "manifests of other digests than sha256 are not read here")
    }
    return manifest
  }

  /// Puts the manifest's own bytes under the tag once more.
  public func tag(_ descriptor: Descriptor, as tag: String) async throws {
    guard Reference.isTag(tag) else {
      throw DistributionError(.badResponse, "\(reference.name):\(PrintableText.brief(tag))", reason: "not a tag")
    }
    let bytes = try await manifests.get(descriptor.digest.description).bytes
    try await manifests.put(bytes, descriptor.mediaType, as: tag)
  }

  /// Adds subjects that the caller has read from documents, so that the documents need not be fetched for them.
  /// - Parameter subjects: the subject of each document, by the document's digest; nil for a document without one.
  public func cacheSubjects(_ subjects: [Digest: Digest?]) {
    known.withLock { $0.merge(subjects) { _, new in new } }
  }

  /// Forgets the cached lists of referrers, so that they are fetched again.
  public func clearReferrerCache() { lists.withLock { $0 = [:] } }

  /// The registry profile as known so far.
  public var profile: RemoteRegistryProfile { client.profiles.current }

  /// Changes the registry profile and saves it.
  public func learn(_ change: (inout RemoteRegistryProfile) -> Void) { client.profiles.learn(change) }

  private func isWhole(_ descriptor: Descriptor, _ scopes: [Scope]) async throws -> Bool {
    // Only artifacts have subjects in opz. For everything else the HEAD is enough, which no remote registry counts as
    // a pull.
    guard descriptor.mediaType.isDocument, descriptor.artifactType != nil else {
      return try await client.has(descriptor, scopes)
    }
    guard let known = known.withLock({ $0[descriptor.digest] }) else {
      guard try await client.has(descriptor, scopes) else { return false }
      guard let subject = try await subject(of: descriptor) else { return true }
      return try await isListed(descriptor.digest, subject)
    }
    guard let subject = known else { return try await client.has(descriptor, scopes) }
    let list = list(of: subject)
    guard try await client.has(descriptor, scopes) else { return false }
    return try await isListed(descriptor.digest, subject, list: list)
  }

  private func isListed(
    _ digest: Digest, _ subject: Digest, list: Task<Set<Digest>, any Error>? = nil
  ) async throws -> Bool {
    do {
      return try await (list ?? self.list(of: subject)).value.contains(digest)
    } catch let error as DistributionError where !error.isTransient {
      // Where the referrers cannot be listed, they cannot be repaired either.
      return true
    } catch {
      lists.withLock { $0[subject] = nil }
      throw error
    }
  }

  private func subject(of descriptor: Descriptor) async throws -> Digest? {
    try ReferrerEntry(await manifests.get(descriptor.digest.description).bytes, descriptor)?.subject
  }

  /// The list of a subject's referrers, which is requested at once.
  private func list(of subject: Digest) -> Task<Set<Digest>, any Error> {
    lists.withLock { lists in
      if let task = lists[subject] { return task }
      let task = Task { Set(try await self.referrers(of: subject).map(\.digest)) }
      lists[subject] = task
      return task
    }
  }

  private func send(_ descriptor: Descriptor, _ blob: any Blob) async throws -> ProgressOutcome {
    guard blob.size == descriptor.size else {
      throw DistributionError(
        .wrongSize, name(descriptor.digest),
        reason: "the content has \(blob.size) bytes, and its descriptor says \(descriptor.size)")
    }
    guard descriptor.mediaType.isDocument else {
      let upload = BlobUpload(client, descriptor, blob: UploadSource.of(blob), readsAhead: blob.isExpensiveToReread)
      return try await upload.run(candidates: mounts.repositories(for: descriptor.digest))
    }
    try await send(document: descriptor, blob)
    client.progress.report(.advanced(item: descriptor.digest.short, bytes: descriptor.size))
    return .done
  }

  private func send(document descriptor: Descriptor, _ blob: any Blob) async throws {
    guard descriptor.size <= UInt64(Document.limit) else {
      throw DistributionError(
        .tooLarge, name(descriptor.digest),
        reason: "\(descriptor.size) bytes are more than the \(Document.limit) that a manifest may have")
    }
    let bytes = try await blocking { try blob.bytes() }
    guard ManifestRequests.digest(bytes, descriptor.digest.algorithm) == descriptor.digest else {
      throw DistributionError(
        .wrongDigest, name(descriptor.digest), reason: "the content has another digest than its descriptor says")
    }
    let entry = try ReferrerEntry(bytes, descriptor)
    if let entry, client.profiles.current.referrers != true { await referrersTag.expectUpdate(of: entry.subject) }
    let response = try await manifests.put(bytes, descriptor.mediaType, as: descriptor.digest.description)
    guard let entry else { return }
    lists.withLock { $0[entry.subject] = nil }
    defer { lists.withLock { $0[entry.subject] = nil } }
    if let header = response["oci-subject"], try await listsReferrers(of: entry.subject, header) { return }
    let due = held.withLock { held in
      guard var all = held else { return [entry] }
      defer { held = all }
      return all.hold(entry)
    }
    try await eachSubject(due) { try await $0.add($1, to: $2) }
  }

  /// Whether the referrers API exists: the `OCI-Subject` header says so, but a list is requested once.
  private func listsReferrers(of subject: Digest, _ header: String) async throws -> Bool {
    if client.profiles.current.referrers == true || client.quirks.provesReferrers(header) { return true }
    let request = HTTPRequest(
      method: .get, address: client.address("referrers/\(subject)"),
      headers: [("Accept", MediaType.imageIndex.rawValue)])
    let response = try await client.send(
      request, scopes: client.readScopes, subject: "\(name(subject)) referrers")
    let isThere = !client.quirks.lacksReferrers(response.status)
    client.profiles.learn { $0.referrers = isThere }
    return isThere
  }

  private func document(_ descriptor: Descriptor) async throws -> [UInt8] {
    let item = descriptor.digest.short
    client.progress.report(.started(item: item, total: descriptor.size))
    do {
      let bytes = try await found(descriptor.digest.description).bytes
      client.progress.report(.advanced(item: item, bytes: UInt64(bytes.count)))
      client.progress.report(.finished(item: item, outcome: .done))
      return bytes
    } catch {
      client.progress.report(.finished(item: item, outcome: .failed))
      throw error
    }
  }

  func name(_ digest: Digest) -> String { "\(reference.name)@\(digest)" }
}

extension RemoteRepository {
  /// Returns the digest that a tag currently points to; nil where the tag does not exist.
  ///
  /// It sends a HEAD, which does not count as a pull (Docker Hub, "Pull usage and limits"), and fetches the manifest
  /// only where the response states no digest.
  /// - Throws: `DistributionError`, with the code `badResponse` for an invalid tag.
  public func digest(ofTag tag: String) async throws -> Digest? {
    let subject = "\(reference.name):\(PrintableText.brief(tag))"
    guard Reference.isTag(tag) else { throw DistributionError(.badResponse, subject, reason: "not a tag") }
    if let mirrors {
      return try await mirrors.read(.names, subject, isAnswer: { $0 != nil }) { try await $0.digest(ofTag: tag) }.value
    }
    let accepted: [MediaType] = [.imageManifest, .imageIndex, .dockerManifest, .dockerManifestList]
    let request = HTTPRequest(
      method: .head, address: client.address("manifests/\(tag)"),
      headers: [("Accept", accepted.map(\.rawValue).joined(separator: ", "))])
    let response = try await client.send(request, scopes: client.readScopes, subject: subject)
    if response.status == 404 { return nil }
    guard response.status == 200 else { throw client.failure(response, subject) }
    if let digest = response["docker-content-digest"].flatMap({ Digest($0) }) { return digest }
    return try await resolve(tag).digest
  }
}

/// The repositories of one remote registry that may already have a blob, from which it can be mounted
/// (distribution-spec, "Mounting a blob from another repository").
public struct MountOrigins: Sendable {
  /// The repositories that are known to have a blob.
  public var known: [Digest: [String]]
  /// Repositories that may have any of the blobs, the likeliest first. Each costs one request for a blob that it does
  /// not have.
  public var likely: [String]

  /// Creates a list of candidates; repository names are without the host.
  public init(known: [Digest: [String]] = [:], likely: [String] = []) {
    self.known = known
    self.likely = likely
  }

  func repositories(for digest: Digest) -> [String] {
    let first = known[digest] ?? []
    return first + likely.filter { !first.contains($0) }
  }
}

/// A directory in which a client saves pending uploads and registry profiles between processes.
///
/// It contains no credentials or tokens. Without it an upload starts at the blob's first byte; nothing else is lost.
/// A pipeline that caches the directory resumes where its last job ended.
public struct TransferState: Sendable {
  public let directory: FilePath

  /// Names the directory, which is created when it is first needed.
  public init(directory: FilePath) { self.directory = directory }

  var uploads: FilePath { directory.appending("uploads") }
  var profiles: FilePath { directory.appending("registries") }
}
