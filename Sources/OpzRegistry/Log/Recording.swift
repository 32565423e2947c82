public import OpzIO
public import OpzJSON
public import OpzOCI
import OpzStore
import SystemPackage

/// Who changes a registry, and when.
public struct Author: Sendable {
  public var actor: String
  public var at: Timestamp

  /// Creates an author.
  ///
  /// - Parameters:
  ///   - actor: the name that events have, `user@host`.
  ///   - at: the time that events have.
  public init(actor: String, at: Timestamp = .now()) {
    self.actor = actor
    self.at = at
  }
}

extension Registry {
  /// The result of recording a version.
  public enum Outcome: Sendable {
    case recorded(Version)
    /// A version has the same content already.
    case existed(Version)
    /// A version has the same content already, and its settings changed: an event has the new ones.
    case configured(Version, [SettingsChange])
  }

  /// Records a version, in the order blobs, record, claim, event.
  ///
  /// The blobs of the image and of `record.tests` are in the store already.
  /// - Parameters:
  ///   - settings: the new settings, for a version that exists already.
  ///   - choose: called under the model's lock; decides which number the record gets, or which version it is already.
  public func record(
    _ name: ModelName, by author: Author, details: [String: JSONValue] = [:], settings: VersionSettings? = nil,
    choose: @Sendable (_ known: KnownVersions) throws -> Choice
  ) throws -> Outcome {
    try locked(name) {
      let state = try state(name)
      switch try choose(KnownVersions(registry: self, name: name, state: state)) {
      case .same(let version):
        try store.flush()
        let changes = try settings.map { try configure(version, $0, in: state, author: author, details: details) } ?? []
        if !changes.isEmpty {
          return .configured(version, changes)
        }
        try append(.repackaged, version, author: author, details: details)
        return .existed(version)
      case .new(let record, let version):
        let bytes = try CanonicalJSON.encodePretty(record)
        if record.format > 1 { try requireFormat2(for: "its record") }
        try requireBlobs(of: record)
        guard state.versions[version] == nil else {
          throw RegistryError(
            .versionTaken, record.reference, reason: "the version exists",
            hint: "opz package --version auto takes the next")
        }
        let artifact = try RecordArtifact.store(record, bytes, in: store)
        let recorded = try claim(
          Version(name: name, version: version, record: record, bytes: bytes, artifact: artifact))
        try append(.packaged, recorded, author: author, details: details)
        return .recorded(recorded)
      }
    }
  }

  /// How to record a build: under a version that already has its content, or as a new version with this record and
  /// number.
  public enum Choice: Sendable {
    case same(Version)
    case new(VersionRecord, SemanticVersion)
  }

  /// Adds a version that was recorded elsewhere, byte for byte. Its blobs are in the store.
  /// - Throws: `RegistryError.versionTaken` if the number has other content here, `.damaged` for a record that
  ///   contradicts its image.
  public func adopt(
    _ bytes: [UInt8], artifact: Descriptor, by author: Author, details: [String: JSONValue] = [:]
  ) throws -> Outcome {
    let record = try VersionRecord.decode(bytes, subject: artifact.digest.description)
    let name = try ModelName(record.name)
    guard let version = SemanticVersion(record.version) else {
      throw RegistryError(.damaged, artifact.digest.description, reason: "\"\(record.version)\" is not a version")
    }
    try record.require(agreementWith: try ImageFacts(record.image, in: store))
    return try locked(name) {
      let state = try state(name)
      if state.versions[version] != nil {
        guard let entry = try state.only(version, of: name) else {
          throw RegistryError(
            .versionTaken, record.reference, reason: "the version was deleted here; its number stays taken",
            hint: "pull into another registry with --registry DIR")
        }
        let existing = try load(name, entry)
        guard existing.bytes == bytes else {
          throw RegistryError(
            .versionTaken, record.reference, reason: "this registry has another version of that number",
            hint:
              "opz show \(record.reference) tells where it came from; pull into another registry with --registry DIR")
        }
        return .existed(existing)
      }
      if record.format > 1 { try requireFormat2(for: "the record of \(record.reference)") }
      let recorded = try claim(Version(name: name, version: version, record: record, bytes: bytes, artifact: artifact))
      try append(.pulled, recorded, author: author, details: details)
      return .recorded(recorded)
    }
  }

  /// Adds an event about a version that exists.
  /// - Returns: its hash.
  @discardableResult
  public func note(
    _ kind: Event.Kind, _ version: Version, by author: Author, details: [String: JSONValue]
  ) throws -> String {
    try locked(version.name) { try append(kind, version, author: author, details: details) }
  }

  /// Checks that each blob is here or known to be elsewhere: a reused blob may have been collected since it was found.
  private func requireBlobs(of record: VersionRecord) throws {
    let elsewhere = Set(record.layers.filter { $0.origin != nil }.map(\.descriptor.digest))
    var roots = [record.image] + (record.artifacts ?? [:]).values + record.tests.map(\.descriptor)
    roots += record.fileList.map { [$0] } ?? []
    while let root = roots.popLast() {
      guard try store.has(root) else {
        if elsewhere.contains(root.digest) { continue }
        throw RegistryError(
          .conflict, record.reference,
          reason: "\(root.mediaType) \(root.digest) was collected while the version was made",
          hint: "run the command again")
      }
      roots += try children(of: root)
    }
  }

  /// Reads the configuration of an image, if it is here, and refuses one that other readers may read differently.
  func check(config: Descriptor) throws {
    guard config.mediaType.isImageConfig, config.size <= UInt64(ImageConfig.limit), try store.has(config) else {
      return
    }
    try ImageConfig.check(store.content(config, limit: ImageConfig.limit), subject: config.digest.description)
  }

  /// The descriptors in a manifest or an index; empty for other blobs.
  func children(of descriptor: Descriptor) throws -> [Descriptor] {
    guard descriptor.mediaType.isIndex || descriptor.mediaType.isManifest else { return [] }
    let bytes = try store.content(descriptor)
    let subject = descriptor.digest.description
    if descriptor.mediaType.isIndex {
      return try Index(raw: bytes, mediaType: descriptor.mediaType, subject: subject).content.manifests
    }
    return try Manifest(raw: bytes, mediaType: descriptor.mediaType, subject: subject).references
  }

  /// - Throws: `RegistryError.conflict` on a file system whose locks do not work across machines.
  func requireLocks() throws {
    guard !isSingleHost, let place = RealPath.of(root), let mount = MountTable.current()?.mount(of: place),
      let problem = LockReach.problem(mount)
    else { return }
    throw RegistryError(
      .conflict, root.string, reason: "writers on two machines would not see each other's locks: \(problem)",
      hint:
        "use a mount with locks, or a registry on each machine that meet in git; OPZ_ONE_HOST=1 if this machine alone writes here"
    )
  }

  func locked<Value>(_ name: ModelName, _ body: () throws -> Value) throws -> Value {
    try requireLocks()
    return try writing(name, body)
  }

  private func writing<Value>(_ name: ModelName, _ body: () throws -> Value) throws -> Value {
    try FileLock.holding(root.appending("lock"), .shared) {
      try refuseLinks(name)
      try Durable.makeDirectory(directory(name))
      return try FileLock.holding(directory(name).appending("lock"), .exclusive, body: body)
    }
  }

  /// Writes `version.json` and the generated files, together with pending blobs. A `version.json` without an event was
  /// left by a writer that crashed; its number is free, and the file is replaced.
  private func claim(_ version: Version) throws -> Version {
    let place = try ownDirectory(version.name, version.version)
    var parents: [FilePath] = []
    try Durable.makeDirectory(place, unsynced: &parents)
    let json = try PendingFile(version.bytes, at: place.appending("version.json"), mode: 0o444, collision: .replace)
    try store.flush(with: [json] + layout(of: version), syncing: parents)
    return version
  }

  @discardableResult
  func append(
    _ kind: Event.Kind, _ version: Version, author: Author, details: [String: JSONValue],
    alias: Event.AliasMove? = nil
  ) throws -> String {
    if !kind.isOfFormat1 { try requireFormat2(for: "an event of the kind \(kind.rawValue)") }
    let entry = try log(version.name).append { number, heads in
      Event(
        kind: kind, model: version.name.description, version: version.version.description, at: author.at.description,
        actor: author.actor, number: number, heads: heads, image: version.record.image.digest,
        record: version.artifact, content: version.record.content, alias: alias, details: details)
    }
    if kind == .packaged || kind == .pulled { try exportIndex(adding: version, tag: version.record.reference) }
    if let alias {
      let tag = "\(version.name)@\(alias.name)"
      try kind == .unaliased ? exportIndex(removing: tag) : exportIndex(adding: version, tag: tag)
    }
    return entry.hash
  }
}

/// The versions of a model while its lock is held. Records are read only when they are asked for.
public struct KnownVersions: Sendable {
  let registry: Registry
  let name: ModelName
  /// The folded events.
  public let state: ModelState

  /// The newest release, or the newest pre-release if there is no release.
  public func newest() throws -> Registry.Version? { try state.newest.map { try registry.load(name, $0) } }

  /// The version with a number.
  public func find(_ version: SemanticVersion) throws -> Registry.Version? {
    try state.only(version, of: name).map { try registry.load(name, $0) }
  }

  /// The newest version with this content.
  public func find(content: Digest) throws -> Registry.Version? {
    for entry in state.live.reversed() {
      if let known = entry.content, known != content { continue }
      let version = try registry.load(name, entry)
      if version.record.content == content { return version }
    }
    return nil
  }
}
