public import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// What a garbage collection keeps and drops, and why.
public struct CollectionReport: Sendable {
  /// A version, and the rule that keeps or deletes it.
  public struct Version: Sendable, Codable {
    public let reference: String
    public let keeps: Bool
    public let reason: String
  }

  /// A blob that was removed (in a dry run: would be), and why.
  public struct Blob: Sendable, Codable {
    public let digest: Digest
    public let size: UInt64
    public let reason: String
  }

  /// All versions, with the reason why each stays or is deleted.
  public var versions: [Version] = []
  /// Blobs that were removed, or would be.
  public var dropped: [Blob] = []
  /// Unreferenced blobs within the grace period.
  public var young = 0
  /// Blobs that stay because something names them.
  public var kept = 0
  /// Temporary files of writers that crashed.
  public var temporary = 0
  /// Virtual environments of the cache that were removed, or would be.
  public var environments = 0

  /// Bytes that were freed, or would be.
  public var freed: UInt64 { dropped.reduce(0) { $0 &+ $1.size } }
}

extension Registry {
  /// How a garbage collection treats versions and blobs.
  public struct CollectionOptions: Sendable {
    /// Whether this is a dry run, which changes nothing.
    public var isDryRun = false
    /// The grace period in seconds: younger unreferenced blobs are kept, because they may belong to a version that is
    /// being built.
    public var grace: Int64 = 86_400
    public var rules = RetentionRules()
    /// Blobs that may be removed although a version names them, because they were just found in a container registry.
    public var elsewhere: Set<Digest> = []

    /// Creates options that keep every version and remove blobs that nothing refers to after a day.
    public init() {}

    /// The start of the grace period, in milliseconds since 1970.
    fileprivate func edge(_ now: Timestamp) -> Int64 { now.milliseconds - max(0, min(grace, 1 << 40)) * 1000 }
  }

  /// Deletes versions by the retention rules, then removes unreferenced blobs. It holds the registry's lock
  /// exclusively, so no version is recorded meanwhile; readers continue, and files that they have open stay readable.
  public func collect(_ options: CollectionOptions, by author: Author) throws -> CollectionReport {
    var report = CollectionReport()
    try applyRules(options, author, report: &report)
    try FileLock.holding(root.appending("lock"), .exclusive) {
      let roots = try reachable(
        ignoring: options.isDryRun ? Set(report.versions.filter { !$0.keeps }.map(\.reference)) : [])
      try sweep(roots, options, author: author, report: &report)
      let edge = options.edge(author.at)
      for part in ["models", "cache", "runtimes", "repositories"] {
        try removeTemporary(below: root.appending(part), olderThan: edge, options, &report)
      }
      try removeTemporary(in: root, olderThan: edge, options, &report)
    }
    return report
  }

  private func removeTemporary(
    below directory: FilePath, olderThan edge: Int64, _ options: CollectionOptions, _ report: inout CollectionReport
  ) throws {
    guard try FileStatus.find(directory, followLinks: false)?.kind == .directory else { return }
    try removeTemporary(in: directory, olderThan: edge, options, &report)
    for name in try Directory.names(directory) where name.first != UInt8(ascii: ".") {
      try removeTemporary(
        below: directory.appending(FilePath(bytes: name).components), olderThan: edge, options, &report)
    }
  }

  /// Removes temporary files that killed writers left.
  private func removeTemporary(
    in directory: FilePath, olderThan edge: Int64, _ options: CollectionOptions, _ report: inout CollectionReport
  ) throws {
    for name in try Directory.names(directory) where name.starts(with: Durable.temporaryPrefix.utf8) {
      let path = directory.appending(FilePath(bytes: name).components)
      guard let status = try FileStatus.find(path, followLinks: false), status.modified / 1_000_000 <= edge else {
        continue
      }
      report.temporary += 1
      if !options.isDryRun { try Durable.remove(path) }
    }
  }

  private func applyRules(_ options: CollectionOptions, _ author: Author, report: inout CollectionReport) throws {
    for name in try models() {
      let state = try state(name)
      for (rank, entry) in state.live.reversed().enumerated() {
        let reference = "\(name)@\(entry.version)"
        let tags = state.tags(of: try load(name, entry))
        let reason = options.rules.reason(entry, rank: rank, tags: tags, state, now: author.at)
        report.versions.append(
          .init(reference: reference, keeps: reason != nil, reason: reason ?? "the retention rules do not keep it"))
        if reason == nil, !options.isDryRun {
          try delete(name, entry.version, image: entry.image, force: !options.rules.aliased, by: author)
        }
      }
    }
  }

  /// The digests that versions, runtimes, cards, attachments, deploys and repositories name.
  /// - Throws: if a document cannot be read: a collection that does not know what to keep removes nothing.
  private func reachable(ignoring gone: Set<String>) throws -> Set<Digest> {
    var found = try pinned()
    for name in try models() {
      let state = try state(name)
      for entry in state.live where !gone.contains("\(name)@\(entry.version)") {
        // The record from its artifact: if two clones gave away the number, version.json is only one of theirs.
        let record = try (try? recordBytes(of: entry)).map { try VersionRecord.decode($0, subject: "\(name)") }
        let version =
          try record.map {
            Version(name: name, version: entry.version, record: $0, bytes: [], artifact: entry.artifact)
          } ?? load(name, entry)
        let others = (version.record.artifacts ?? [:]).values
        for root in [entry.artifact, version.record.image] + others {
          try mark(root, &found, version: version, state: state)
        }
        for attachment in state.attachments(of: version) {
          try mark(attachment.descriptor, &found, version: version, state: state)
        }
        // A referrer may be elsewhere or lost: it is not part of the version.
        for referrer in state.referrers[entry.version] ?? [] where try store.has(referrer) {
          try mark(referrer, &found, version: version, state: state)
        }
        if let card = state.cards[entry.version] { found.insert(card.digest) }
        found.formUnion(version.record.layers.map(\.descriptor.digest))
        found.formUnion(try blobsOfSettings(of: version, in: state))
        // Named by events of unknown kinds. Such a blob may be elsewhere or lost.
        for blob in state.named[entry.version] ?? [] where try store.has(blob) {
          try mark(blob, &found, version: version, state: state)
        }
      }
      found.formUnion(state.deploys.map(\.manifests.digest))
    }
    return found
  }

  /// The blobs that the newest settings of a version name, also in members that this opz does not know.
  private func blobsOfSettings(of version: Version, in state: ModelState) throws -> [Digest] {
    guard let found = state.configuration(of: version) else { return [] }
    let event = try log(version.name).read(found.event).event
    return event.details["settings"].map { ModelState.descriptors(in: $0).map(\.digest) } ?? []
  }

  /// Blobs that must stay here even if they are elsewhere too: those of the pinned runtimes, from which the next native
  /// image is built, and those that repositories name, because clients pull them from here.
  private func pinned() throws -> Set<Digest> {
    var found: Set<Digest> = []
    for name in try repositories() {
      for root in try repository(name).manifests() { try mark(root, &found, version: nil, state: ModelState()) }
    }
    for image in try runtimes().map(\.image) { try mark(image, &found, version: nil, state: ModelState()) }
    return found
  }

  private func mark(_ root: Descriptor, _ found: inout Set<Digest>, version: Version?, state: ModelState) throws {
    guard found.insert(root.digest).inserted else { return }
    guard try store.has(root) else {
      // A manifest that is only elsewhere cannot name blobs here.
      if let version, state.places[version.version] != nil { return }
      throw RegistryError(
        .damaged, version?.record.reference ?? root.digest.description,
        reason: "\(root.digest) is missing, so what it names is not known",
        hint: "opz fsck names all such blobs; nothing was removed")
    }
    for child in try children(of: root) {
      if child.mediaType.isManifest || child.mediaType.isIndex {
        try mark(child, &found, version: version, state: state)
      } else {
        found.insert(child.digest)
      }
    }
  }

  private func sweep(
    _ named: Set<Digest>, _ options: CollectionOptions, author: Author, report: inout CollectionReport
  ) throws {
    let edge = options.edge(author.at)
    let safe = options.elsewhere.subtracting(try pinned())
    for algorithm in Digest.Algorithm.allCases {
      let directory = root.appending("blobs").appending(algorithm.rawValue)
      guard try FileStatus.find(directory) != nil else { continue }
      var isChanged = false
      for entry in try Directory.entries(directory) {
        let path = directory.appending(entry)
        let status = try FileStatus.of(path, followLinks: false)
        let isYoung = max(status.modified, status.changed) / 1_000_000 > edge
        if entry.string.hasPrefix(Durable.temporaryPrefix) {
          if isYoung { continue }
          report.temporary += 1
          if !options.isDryRun { try Durable.remove(path) }
          continue
        }
        guard let digest = Digest(algorithm: algorithm, hex: entry.string) else { continue }
        let isSafeElsewhere = safe.contains(digest)
        if named.contains(digest), !isSafeElsewhere {
          report.kept += 1
        } else if isYoung, !isSafeElsewhere {
          report.young += 1
        } else {
          let reason = isSafeElsewhere ? "a container registry has it" : "nothing names it"
          report.dropped.append(.init(digest: digest, size: status.size, reason: reason))
          if !options.isDryRun { try Durable.remove(path) }
          isChanged = true
        }
      }
      if isChanged, !options.isDryRun { try Durable.syncDirectory(directory) }
    }
    report.dropped.sort { $0.size > $1.size }
  }
}
