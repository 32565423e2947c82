public import OpzIO
import OpzJSON
public import OpzOCI
import OpzStore

/// A model as clients of the registry server see it: its versions and aliases are read-only tags.
public struct ModelRepository: Sendable {
  public let name: ModelName
  private let registry: Registry
  private let state: ModelState

  /// Nil if there is no such model, or all of its versions were deleted.
  public init?(_ name: String, in registry: Registry) throws {
    guard let name = try? ModelName(name), try registry.hasModel(name) else { return nil }
    let state = try registry.state(name)
    guard !state.live.isEmpty else { return nil }
    self.name = name
    self.registry = registry
    self.state = state
  }

  /// Versions, aliases, and `latest` for the newest version; sorted by their bytes.
  public func tags() -> [String] {
    let aliases = state.moves.keys.filter { state.target($0) != nil }.map(\.description)
    let versions = state.live.map { TagMapping.tag(of: $0.version) }
    return Set(versions + aliases + ["latest"]).filter { Reference.isTag($0) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The image that a tag names; nil if there is none, or if clones of the registry disagree about it.
  public func resolve(_ tag: String) throws -> Descriptor? {
    let version: SemanticVersion?
    if let number = TagMapping.version(ofTag: tag) {
      version = number
    } else if let alias = AliasName(tag), let target = state.target(alias) {
      version = target
    } else {
      version = tag == "latest" ? state.newest?.version : nil
    }
    guard let version else { return nil }
    let live = (state.versions[version] ?? []).filter { $0.deletedBy == nil }
    return live.count == 1 ? try registry.document(live[0].image) : nil
  }

  /// A manifest or index by its digest, if it belongs to a version: its image, the image of a platform, its record, or
  /// a referrer of one of them.
  public func manifest(_ digest: Digest) throws -> Descriptor? {
    guard let found = try registry.document(digest) else { return nil }
    if documents.contains(where: { $0 == digest }) { return found }
    return try isPart(digest) ? found : nil
  }

  /// Images, records and attachments of the versions.
  private var documents: some Sequence<Digest> {
    let own = state.live.lazy.flatMap { [$0.image, $0.artifact.digest] }
    return [Array(own), attached.map(\.digest)].joined()
  }

  /// The attachments of the versions, and other referrers of their images or attachments.
  private var attached: [Descriptor] {
    state.live.flatMap { entry in
      (state.attachments[entry.version] ?? []).filter { $0.image == entry.image }.map(\.descriptor)
        + (state.referrers[entry.version] ?? [])
    }
  }

  /// Whether an index or a record of a version names the digest.
  private func isPart(_ digest: Digest) throws -> Bool {
    for root in documents {
      guard let document = try registry.document(root), document.mediaType.isIndex else { continue }
      let index = try? Index(raw: registry.store.content(document), mediaType: document.mediaType, subject: "\(name)")
      if index?.content.manifests.contains(where: { $0.digest == digest }) ?? false { return true }
    }
    return try state.live.contains { entry in
      try registry.load(name, entry).record.artifacts?.values.contains { $0.digest == digest } ?? false
    }
  }

  /// The records of the versions whose image has this digest, and possible other referrers: only the subject in a
  /// referrer's own manifest is certain.
  func referrers(of digest: Digest) throws -> [Descriptor] {
    var seen: Set<Digest> = []
    let records = state.live.filter { $0.image == digest }.map(\.artifact)
    return (records + attached).map(\.withoutAnnotations).filter { seen.insert($0.digest).inserted }
  }
}

extension Registry {
  func hasModel(_ name: ModelName) throws -> Bool {
    try FileStatus.find(directory(name).appending("events"))?.kind == .directory
  }

  /// The descriptor of a blob that is a manifest or an index by its own content; nil for other blobs.
  func document(_ digest: Digest) throws -> Descriptor? {
    let place = store.path(of: digest)
    guard let status = try FileStatus.find(place), status.kind == .file, status.size <= UInt64(Document.limit),
      let members = try? CanonicalJSON.decode(
        [String: JSONValue].self, from: SmallFile.read(place, limit: Document.limit), .manifestOrIndex, subject: "")
    else { return nil }
    var type: MediaType = members["manifests"] == nil ? .imageManifest : .imageIndex
    if case .string(let text)? = members["mediaType"] { type = MediaType(text) }
    guard type.isDocument, members[type.isIndex ? "manifests" : "config"] != nil else { return nil }
    return Descriptor(mediaType: type, digest: digest, size: status.size)
  }
}
