public import OpzIO
import OpzJSON
public import OpzOCI
public import OpzStore
public import SystemPackage

/// A registry of models in a directory: an OCI image layout with the records and events of each version beside it.
///
///     oci-layout, index.json       the layout's marker and a generated index
///     blobs/<alg>/<hex>            all content
///     models/<name>/versions/<version>/version.json
///     models/<name>/versions/<version>/{oci-layout,index.json,blobs}   a small layout of this version, generated
///     models/<name>/events/<number>-<hash>.json
///     models/<name>/heads/<hash>
///     models/<name>/lock, lock     flock(2)
///     repositories/<name>/         what clients of `opz registry serve` pushed (`Repository`)
///     cache/                       can be rebuilt
///
/// `docs/reference/formats.md` is the whole of it. A version exists once an event names it.
public struct Registry: Sendable {
  public let root: FilePath
  public let store: LayoutStore
  /// Of `registry.json` when it was opened: 1, or 2 for registries whose readers pass over what they do not know.
  public let format: Int
  /// The user says that only this machine writes here, so locks need not work across machines.
  public var isSingleHost = false

  /// Opens a registry, creating it if there is none.
  public static func create(_ root: FilePath) throws -> Registry {
    let marker = RegistryMarker.path(in: root)
    if try FileStatus.find(marker) == nil {
      try requireRoom(root)
      try Durable.makeDirectory(root)
      let lock = try FileLock.take(root.appending("lock"), .exclusive)
      let store = try LayoutStore.prepared(root)
      try Durable.makeDirectory(root.appending("models"))
      if try FileStatus.find(marker) == nil {
        for (file, text) in Registry.gitFiles {
          _ = try Durable.createExclusively(root.appending(file), with: Array(text.utf8))
        }
        try Durable.replace(
          marker, with: try CanonicalJSON.encodePretty(RegistryMarker(format: RegistryFormat.newest)))
      }
      _ = consume lock
      return Registry(root: root, store: store, format: try RegistryMarker.read(in: root).format)
    }
    return try open(root)
  }

  /// Requires that a registry can be created: that the directory does not exist, is empty, or is an OCI layout.
  /// - Throws: `RegistryError` for a directory with other files; `IOFailure` for what is no directory.
  public static func requireRoom(_ root: FilePath) throws {
    // A creator that was killed leaves these.
    let begun = ["lock", "blobs", "index.json"]
    if try FileStatus.find(root) != nil, try FileStatus.find(root.appending("oci-layout")) == nil,
      try !Directory.entries(root).allSatisfy({
        begun.contains($0.string) || $0.string.hasPrefix(Durable.temporaryPrefix)
      })
    {
      throw RegistryError(
        .badName, root.string, reason: "the directory is not empty and is not a registry",
        hint: "name an empty or a new directory with --registry DIR")
    }
  }

  /// Opens a registry that exists.
  public static func open(_ root: FilePath) throws -> Registry {
    guard try FileStatus.find(RegistryMarker.path(in: root)) != nil else {
      throw RegistryError(
        .notFound, root.string, reason: "there is no registry here",
        hint: "opz package makes one; --registry DIR or OPZ_REGISTRY names another")
    }
    let format = try RegistryMarker.read(in: root).format
    return Registry(root: root, store: try LayoutStore.open(root), format: format)
  }

  /// The same registry for a command that writes many small blobs before it records a version: see
  /// `LayoutStore.batchingSyncs`.
  public func batchingSyncs() -> Registry {
    var registry = Registry(root: root, store: store.batchingSyncs(), format: format)
    registry.isSingleHost = isSingleHost
    return registry
  }

  /// A registry in git keeps records and events; blobs live in a container registry, and the rest is generated.
  private static let gitFiles = [
    (
      ".gitignore",
      """
      /blobs/
      /cache/
      /repositories/
      /index.json
      lock
      .opz-tmp-*
      /models/**/versions/*/blobs
      /models/**/versions/*/index.json
      /models/**/versions/*/oci-layout

      """
    ),
    (".gitattributes", "# Hashes are of bytes: nothing changes line ends.\n* -text\n"),
  ]

  func directory(_ name: ModelName) -> FilePath {
    root.appending("models").pushing(FilePath(name.description))
  }

  func directory(_ name: ModelName, _ version: SemanticVersion) -> FilePath {
    versionsDirectory(name).appending(version.description)
  }

  /// The events of a model.
  public func log(_ name: ModelName) -> EventLog { EventLog(directory: directory(name), format: format) }
}

// MARK: Reading

extension Registry {
  /// A recorded version: its record, the record's own bytes, and the artifact that carries it.
  public struct Version: Sendable {
    public let name: ModelName
    public let version: SemanticVersion
    public let record: VersionRecord
    public let bytes: [UInt8]
    /// The manifest whose subject is the image.
    public let artifact: Descriptor

    /// Of `version.json` as it is: what a signature names beside the image.
    public var recordDigest: Digest { .of(bytes) }
  }

  /// The names of all models, sorted.
  public func models() throws -> [ModelName] { try modelsAndOthers().models }

  /// The names of all models, and the paths below `models` that are not valid names.
  func modelsAndOthers() throws -> (models: [ModelName], others: [String]) {
    var names: [ModelName] = []
    var others: [String] = []
    try collect(root.appending("models"), prefix: "", into: &names, &others)
    return (names.sorted { $0.description.utf8.lexicographicallyPrecedes($1.description.utf8) }, others.sorted())
  }

  private func collect(
    _ directory: FilePath, prefix: String, into names: inout [ModelName], _ others: inout [String]
  ) throws {
    for entry in try EventLog.list(directory) where !ModelName.reserved.contains(entry.string) {
      let (path, text) = (directory.appending(entry), prefix + entry.string)
      switch try FileStatus.find(path, followLinks: false)?.kind {
      case .directory: break
      // It could lead in a circle or out of the registry.
      case .symlink:
        others.append(text)
        continue
      case .file, .other, nil: continue
      }
      let name = try? ModelName(text)
      if try FileStatus.find(path.appending("events")) != nil {
        if let name { names.append(name) } else { others.append(text) }
      }
      // Below an invalid name there are no valid ones, so the depth is bounded by the length of a name.
      if name != nil { try collect(path, prefix: text + "/", into: &names, &others) }
    }
  }

  /// The versions of a model, oldest first by precedence.
  public func versions(_ name: ModelName) throws -> [SemanticVersion] {
    try state(name).live.map(\.version)
  }

  /// The state of a model: its events folded, with the help of `cache/`.
  public func state(_ name: ModelName) throws -> ModelState { try fold(name).state }

  func fold(_ name: ModelName) throws -> (state: ModelState, events: [EventLog.Name]) {
    let log = log(name)
    let names = try log.names()
    let file = root.appending("cache").appending("state")
      .appending(name.description.split(separator: "/").joined(separator: "%2F") + ".state")
    let cached = StateFile.read(file)
    var found = cached ?? StateFile(mark: .init(), state: ModelState())
    let old = names.prefix { $0.number <= found.mark.top }
    // A merge may have brought events that come before the folded ones: then the fold starts over.
    let isPrefix = old.count == found.mark.count && (old.isEmpty || StateFile.Mark(old) == found.mark)
    if !isPrefix { found = StateFile(mark: .init(), state: ModelState()) }
    let new = isPrefix ? names[old.endIndex...] : names[...]
    let events = new.count > 8 ? try? OpenDirectory(log.events) : nil
    for name in new { found.state.apply(try log.read(name, in: events)) }
    if new.count > 16 {
      found.mark = StateFile.Mark(names)
      // In a read-only registry the cache stays as it is.
      try? found.write(file)
    }
    return (found.state, names)
  }

  /// The state at a moment: events with a later time are left out.
  public func state(_ name: ModelName, at moment: Timestamp) throws -> ModelState {
    var state = ModelState()
    for entry in try log(name).entries() where entry.event.at <= moment.description { state.apply(entry) }
    return state
  }

  /// The version that a reference names.
  ///
  /// - Throws: `RegistryError.notFound`; `.conflict` if two clones gave the number, or the alias, to different content.
  public func find(_ reference: LocalReference) throws -> Version { try find(reference, in: state(reference.name)) }

  /// The version that a reference named in a state.
  public func find(_ reference: LocalReference, in state: ModelState) throws -> Version {
    guard !state.versions.isEmpty else { throw unknown(reference.name) }
    let found: ModelState.Entry?
    switch reference.selector {
    case .version(let version): found = try state.only(version, of: reference.name)
    case .newest: found = try state.newest.flatMap { try state.only($0.version, of: reference.name) }
    case .digest(let digest): found = state.live.last { $0.image == digest }
    case .alias(let alias):
      let version = try state.target(alias, of: reference.name)
      found = try state.only(version, of: reference.name)
    }
    guard let found else { throw missing(reference, state) }
    return try load(reference.name, found)
  }

  /// The events about a version.
  public func events(of name: ModelName, _ version: SemanticVersion, in state: ModelState) throws -> [Event] {
    try entries(of: name, version, in: state).map(\.event)
  }

  /// The same with the hashes of their files.
  public func entries(of name: ModelName, _ version: SemanticVersion, in state: ModelState) throws -> [EventLog.Entry] {
    let log = log(name)
    return try (state.events[version] ?? []).map { try log.read($0) }
  }

  /// All versions of a model, oldest first.
  public func all(_ name: ModelName) throws -> [Version] { try state(name).live.map { try load(name, $0) } }

  /// Reads the record of a version.
  public func load(_ name: ModelName, _ entry: ModelState.Entry) throws -> Version {
    try load(name, entry.version, artifact: entry.artifact)
  }

  /// - Parameter versions: the open directory of the model's versions, for callers that read many.
  func load(
    _ name: ModelName, _ version: SemanticVersion, artifact: Descriptor, in versions: OpenDirectory? = nil
  ) throws -> Version {
    if let bytes = versions?.read(Array("\(version)/version.json".utf8), limit: VersionRecord.limit),
      let record = VersionRecord(plain: bytes), record.format == VersionRecord.currentFormat, record.critical == nil
    {
      return Version(name: name, version: version, record: record, bytes: bytes, artifact: artifact)
    }
    let path = directory(name, version).appending("version.json")
    let bytes = try SmallFile.read(path, limit: VersionRecord.limit)
    let record = try VersionRecord.decode(bytes, subject: path.string)
    return Version(name: name, version: version, record: record, bytes: bytes, artifact: artifact)
  }

  /// The directory of a version, checked before something is written to it.
  func ownDirectory(_ name: ModelName, _ version: SemanticVersion) throws -> FilePath {
    try refuseLinks(name, below: ["versions/\(version)"])
    return directory(name, version)
  }

  /// Refuses symbolic links below `models`: a link may have come with a clone, and would make us write elsewhere.
  /// - Throws: `RegistryError.damaged`.
  func refuseLinks(_ name: ModelName, below parts: [String] = ["events", "heads", "versions"]) throws {
    var path = root.appending("models")
    let parents = name.description.split(separator: "/").map { part in
      path.append(String(part))
      return path
    }
    for place in parents + parts.map({ path.pushing(FilePath($0)) })
    where try FileStatus.find(place, followLinks: false)?.kind == .symlink {
      throw RegistryError(
        .damaged, place.string, reason: "it is a symbolic link, which a registry must not have here",
        hint: "find out who created it; replace it by a directory")
    }
  }

  func versionsDirectory(_ name: ModelName) -> FilePath { directory(name).appending("versions") }

  private func unknown(_ name: ModelName) -> RegistryError {
    RegistryError(
      .notFound, name.description, reason: "no such model in the registry at \(root)", hint: hint(for: name.description)
    )
  }

  /// What to write instead of a name that no model has.
  public func hint(for name: String) -> String {
    let known = ((try? models()) ?? []).map(\.description)
    // `churn/1.0.0`, as in the paths of other registries.
    if let slash = name.lastIndex(of: "/"), known.contains(String(name[..<slash])),
      let version = SemanticVersion(near: String(name[name.index(after: slash)...]))
    {
      return "write \(name[..<slash])@\(version)"
    }
    let near = NearestName.candidates(for: name, in: known)
    if !near.isEmpty { return "did you mean \(near.joined(separator: " or "))? opz list shows all models" }
    return known.isEmpty
      ? "opz package records one" : "it has \(known.prefix(8).joined(separator: ", ")); opz list shows all"
  }

  private func missing(_ reference: LocalReference, _ state: ModelState) -> RegistryError {
    if case .version(let version) = reference.selector, state.versions[version] != nil {
      return RegistryError(
        .notFound, reference.description, reason: "the version was deleted; its number stays taken",
        hint: "opz history \(reference.name) says when and by whom")
    }
    let known = state.live.map(\.version)
    return RegistryError(
      .notFound, reference.description, reason: "no such version",
      hint: known.isEmpty
        ? "all versions were deleted"
        : "the newest are \(known.suffix(5).reversed().map(\.description).joined(separator: ", "))")
  }
}
