public import OpzIO
import OpzJSON
public import OpzOCI
import OpzStore

extension Registry {
  /// Attaches one document to a version.
  ///
  /// - Parameters:
  ///   - type: of the artifact and of its layer, as cosign and oras have it.
  ///   - annotations: of the manifest.
  ///   - source: nil for what is not known to be made here.
  @discardableResult
  public func attach(
    _ content: [UInt8], _ type: MediaType, to version: Version, annotations: [String: String] = [:],
    from source: ModelState.Attachment.Source? = nil, by author: Author
  ) throws -> Descriptor {
    try attach([store.put(content, type)], type, to: version, annotations: annotations, from: source, by: author)
  }

  /// Makes an artifact manifest whose subject is the version's image, and attaches it.
  /// - Parameter layers: in the store already.
  @discardableResult
  public func attach(
    _ layers: [Descriptor], _ type: MediaType, to version: Version, annotations: [String: String] = [:],
    from source: ModelState.Attachment.Source? = nil, by author: Author
  ) throws -> Descriptor {
    try store.put(Array("{}".utf8), .empty)
    let manifest = try Manifest(
      Manifest.Content(
        artifactType: type, config: .emptyConfig, layers: layers, subject: version.record.image.bare,
        annotations: annotations.isEmpty ? nil : annotations))
    return try attach(manifest, to: version, from: source, by: author)
  }

  /// Attaches an artifact whose blobs are in the store to a version. What is attached already is not attached again, unless more is known of where it
  /// is from.
  /// - Throws: `RegistryError.badName` for a manifest whose subject is not the version's image, `.conflict` where a blob is not here.
  @discardableResult
  public func attach(
    _ manifest: Manifest, to version: Version, from source: ModelState.Attachment.Source? = nil, by author: Author
  ) throws -> Descriptor {
    guard manifest.content.subject?.digest == version.record.image.digest else {
      throw RegistryError(
        .badName, manifest.descriptor.digest.description,
        "its subject is \(manifest.content.subject.map { "\($0.digest)" } ?? "missing"), not the image of \(version.record.reference)"
      )
    }
    var descriptor = try store.put(manifest.raw, manifest.descriptor.mediaType)
    descriptor.artifactType = manifest.content.artifactType ?? manifest.content.config.mediaType
    descriptor.annotations = manifest.content.annotations
    // An event is read whenever the model is.
    let found = descriptor.light
    return try locked(version.name) {
      let same = try state(version.name).attachments(of: version).first { $0.descriptor.digest == found.digest }
      if let same, !same.isSurpassed(by: source) { return found }
      for part in manifest.references where try !store.has(part) {
        throw RegistryError(
          .conflict, version.record.reference,
          "\(part.mediaType) \(part.digest) of the attachment is not in the registry",
          hint: "run the command again")
      }
      var details = ["attachment": try JSONValue(encoding: found)]
      details["source"] = source.map { .string($0.rawValue) }
      try append(.attached, version, author, details)
      return found
    }
  }
}

extension ModelState {
  /// An artifact whose subject is a version's image: a signature, an attestation, a bill of materials, a scan's verdict.
  public struct Attachment: Sendable, Equatable {
    /// As a registry lists a referrer: with its artifact type and annotations, which are only what its maker says.
    public let descriptor: Descriptor
    /// The image that it is about.
    public let image: Digest
    /// RFC 3339.
    public let at: String
    public let actor: String
    /// How it came; nil for events that do not say, which counts as `pull`.
    public let source: Source?

    /// Who answers for an attachment that no key signed. Only this registry's own events say so: it does not travel.
    public enum Source: String, Sendable {
      /// Another registry had it.
      case pull
      /// A command on this registry was given it, or made it.
      case here
      /// `opz scan` on this registry found what it says.
      case scan
    }

    func isSurpassed(by other: Source?) -> Bool { Attachment.rank(other) > Attachment.rank(source) }

    private static func rank(_ source: Source?) -> Int {
      switch source {
      case nil, .pull: 0
      case .here: 1
      case .scan: 2
      }
    }
  }

  /// What is attached to a version's image, the latest last.
  public func attachments(of version: Registry.Version) -> [Attachment] {
    (attachments[version.version] ?? []).filter { $0.image == version.record.image.digest }
  }

  mutating func attach(_ event: Event, _ version: SemanticVersion) {
    guard let descriptor = event.details["attachment"].flatMap(ModelState.descriptor), descriptor.mediaType.isManifest
    else { return }
    var source: Attachment.Source?
    if case .string(let text)? = event.details["source"] { source = Attachment.Source(rawValue: text) }
    let new = Attachment(
      descriptor: descriptor, image: event.image, at: event.at, actor: event.actor, source: source)
    let known = attachments[version, default: []].firstIndex {
      $0.descriptor.digest == descriptor.digest && $0.image == event.image
    }
    guard let known else { return attachments[version, default: []].append(new) }
    // Two clones may attach the same thing; what was pulled may be made here as well.
    if attachments[version]?[known].isSurpassed(by: source) == true { attachments[version]?[known] = new }
  }
}
