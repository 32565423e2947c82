import OpzIO
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
///     cache/                       can be rebuilt
///
/// `registry/FORMAT.md` is the whole of it. A version exists once an event names it.
public struct Registry: Sendable {
  public let root: FilePath
  public let store: LayoutStore

  /// Opens a registry, making one where nothing is.
  public static func create(_ root: FilePath) throws -> Registry {
    let marker = root.appending("registry.json")
    if try FileStatus.find(marker) == nil {
      if try FileStatus.find(root) != nil, try !Directory.entries(root).isEmpty,
        try FileStatus.find(root.appending("oci-layout")) == nil
      {
        throw RegistryError(
          .badName, root.string, "the directory is not empty and is not a registry",
          hint: "name an empty or a new directory with --registry DIR")
      }
      try Durable.makeDirectory(root)
      let lock = try FileLock.take(root.appending("lock"), .alone)
      let store = try LayoutStore.prepared(root)
      try Durable.makeDirectory(root.appending("models"))
      if try FileStatus.find(marker) == nil {
        try Durable.replace(marker, with: try CanonicalJSON.encodePretty(Marker(format: 1)))
      }
      _ = consume lock
      return Registry(root: root, store: store)
    }
    return try open(root)
  }

  /// Opens a registry that exists.
  public static func open(_ root: FilePath) throws -> Registry {
    let path = root.appending("registry.json")
    guard try FileStatus.find(path) != nil else {
      throw RegistryError(
        .notFound, root.string, "there is no registry here",
        hint: "opz package makes one; --registry DIR or OPZ_REGISTRY names another")
    }
    let marker = try CanonicalJSON.decode(Marker.self, from: SmallFile.read(path, limit: 4096), subject: path.string)
    guard marker.format == 1 else {
      throw RegistryError(
        .unknownFormat, path.string, "the registry has format \(marker.format), this opz reads 1",
        hint: "use a newer opz")
    }
    return Registry(root: root, store: try LayoutStore.open(root))
  }

  struct Marker: Codable { var format: Int }

  func directory(_ name: ModelName) -> FilePath {
    root.appending("models").pushing(FilePath(name.description))
  }

  func directory(_ name: ModelName, _ version: SemanticVersion) -> FilePath {
    directory(name).appending("versions").appending(version.description)
  }

  /// The events of a model.
  public func log(_ name: ModelName) -> EventLog { EventLog(directory: directory(name)) }
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
  }

  /// The names of all models, sorted.
  public func models() throws -> [ModelName] {
    var names: [ModelName] = []
    try collect(root.appending("models"), prefix: "", depth: 0, into: &names)
    return names.sorted { $0.description.utf8.lexicographicallyPrecedes($1.description.utf8) }
  }

  private func collect(_ directory: FilePath, prefix: String, depth: Int, into names: inout [ModelName]) throws {
    guard depth < 32 else { return }
    for entry in try EventLog.list(directory) {
      let path = directory.appending(entry)
      guard try FileStatus.of(path).kind == .directory else { continue }
      if ModelName.reserved.contains(entry.string) { continue }
      let text = prefix + entry.string
      if try FileStatus.find(path.appending("events")) != nil { names.append(try ModelName(text)) }
      try collect(path, prefix: text + "/", depth: depth + 1, into: &names)
    }
  }

  /// The versions of a model, oldest first by precedence.
  public func versions(_ name: ModelName) throws -> [SemanticVersion] {
    Array(try recorded(name).keys).sorted()
  }

  /// Versions that an event has recorded, with the artifact of each.
  func recorded(_ name: ModelName) throws -> [SemanticVersion: Descriptor] {
    var found: [SemanticVersion: Descriptor] = [:]
    for entry in try log(name).entries() where entry.event.kind == .packaged || entry.event.kind == .pulled {
      if let version = SemanticVersion(entry.event.version), let record = entry.event.record { found[version] = record }
    }
    return found
  }

  /// The version that a reference names.
  public func find(_ reference: LocalReference) throws -> Version {
    let recorded = try recorded(reference.name)
    guard !recorded.isEmpty else { throw unknown(reference.name) }
    switch reference.selector {
    case .version(let version):
      guard let artifact = recorded[version] else { throw missing(reference, recorded.keys.sorted()) }
      return try load(reference.name, version, artifact)
    case .newest:
      let order = recorded.keys.sorted()
      guard let newest = order.last(where: { !$0.isPrerelease }) ?? order.last, let artifact = recorded[newest] else {
        throw unknown(reference.name)
      }
      return try load(reference.name, newest, artifact)
    case .digest(let digest):
      for (version, artifact) in recorded.sorted(by: { $0.key > $1.key }) {
        let candidate = try load(reference.name, version, artifact)
        if candidate.record.image.digest == digest { return candidate }
      }
      throw missing(reference, recorded.keys.sorted())
    }
  }

  /// All versions of a model, oldest first.
  public func all(_ name: ModelName) throws -> [Version] {
    try recorded(name).sorted { $0.key < $1.key }.map { try load(name, $0.key, $0.value) }
  }

  private func load(_ name: ModelName, _ version: SemanticVersion, _ artifact: Descriptor) throws -> Version {
    let path = directory(name, version).appending("version.json")
    let bytes = try SmallFile.read(path, limit: 64 << 20)
    let record = try VersionRecord.decode(bytes, subject: path.string)
    return Version(name: name, version: version, record: record, bytes: bytes, artifact: artifact)
  }

  private func unknown(_ name: ModelName) -> RegistryError {
    let near = ((try? models()) ?? []).map(\.description).prefix(8)
    return RegistryError(
      .notFound, name.description, "no such model in the registry at \(root)",
      hint: near.isEmpty ? "opz package records one" : "it has \(near.joined(separator: ", ")); opz list shows all")
  }

  private func missing(_ reference: LocalReference, _ known: [SemanticVersion]) -> RegistryError {
    RegistryError(
      .notFound, reference.description, "no such version",
      hint: "the newest are \(known.suffix(5).reversed().map(\.description).joined(separator: ", "))")
  }
}
