public import OpzIO
import OpzJSON
public import OpzOCI
import OpzStore

extension Registry {
  /// Attaches one document to a version.
  ///
  /// - Parameters:
  ///   - type: the artifact type, which is also the layer's media type, as cosign and oras do it.
  ///   - annotations: of the manifest.
  ///   - source: where the content comes from; nil if unknown.
  @discardableResult
  public func attach(
    _ content: [UInt8], _ type: MediaType, to version: Version, annotations: [String: String] = [:],
    from source: ModelState.Attachment.Source? = nil, by author: Author
  ) throws -> Descriptor {
    try attach([store.put(content, type)], type, to: version, annotations: annotations, from: source, by: author)
  }

  /// Creates an artifact manifest whose subject is the version's image, and attaches it.
  /// - Parameter layers: blobs that are in the store.
  @discardableResult
  public func attach(
    _ layers: [Descriptor], _ type: MediaType, to version: Version, annotations: [String: String] = [:],
    from source: ModelState.Attachment.Source? = nil, by author: Author
  ) throws -> Descriptor {
    try store.put(Array("{}".utf8), .empty)
    let manifest = try Manifest(
      Manifest.Content(
        artifactType: type, config: .emptyConfig, layers: layers, subject: version.record.image.withoutAnnotations,
        annotations: annotations.isEmpty ? nil : annotations))
    return try attach(manifest, to: version, from: source, by: author)
  }

  /// Attaches an artifact, whose blobs are in the store, to a version. An attached artifact is attached again only from
  /// a more trusted source.
  /// - Throws: `RegistryError.badName` for a manifest whose subject is not the version's image, `.conflict` if a
  ///   blob is missing.
  @discardableResult
  public func attach(
    _ manifest: Manifest, to version: Version, from source: ModelState.Attachment.Source? = nil, by author: Author
  ) throws -> Descriptor {
    guard manifest.content.subject?.digest == version.record.image.digest else {
      throw RegistryError(
        .badName, manifest.descriptor.digest.description,
        reason:
          "its subject is \(manifest.content.subject.map { "\($0.digest)" } ?? "missing"), not the image of \(version.record.reference)"
      )
    }
    var descriptor = try store.put(manifest.raw, manifest.descriptor.mediaType)
    descriptor.artifactType = manifest.content.artifactType ?? manifest.content.config.mediaType
    descriptor.annotations = manifest.content.annotations
    // Every event is read with its model, so long annotations are left out.
    let found = descriptor.withShortAnnotations
    return try locked(version.name) {
      let same = try state(version.name).attachments(of: version).first { $0.descriptor.digest == found.digest }
      if let same, !same.isSurpassed(by: source) { return found }
      for part in manifest.references where try !store.has(part) {
        throw RegistryError(
          .conflict, version.record.reference,
          reason: "\(part.mediaType) \(part.digest) of the attachment is not in the registry",
          hint: "run the command again")
      }
      var details = ["attachment": try JSONValue(encoding: found)]
      details["source"] = source.map { .string($0.rawValue) }
      try append(.attached, version, author: author, details: details)
      return found
    }
  }
}

extension ModelState {
  /// An artifact whose subject is a version's image: a signature, an attestation, a bill of materials, a scan verdict.
  public struct Attachment: Sendable, Equatable {
    /// As a registry lists a referrer: with its artifact type and annotations, which are unverified claims.
    public let descriptor: Descriptor
    /// The image that it is about.
    public let image: Digest
    /// RFC 3339.
    public let at: String
    public let actor: String
    /// Where it came from; nil for events that do not say, which counts as `pull`.
    public let source: Source?

    /// Where an attachment came from, which matters for unsigned ones. Only this registry's events say so: it is not
    /// pushed.
    public enum Source: String, Sendable {
      /// It was pulled from a remote repository.
      case pull
      /// A command on this registry created it or was given it.
      case here
      /// It is the verdict of `opz scan` on this registry.
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

  /// The attachments of a version's image, oldest first.
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
    // Two clones may attach the same artifact, and a pulled one may be created here too: the most trusted source
    // counts.
    if attachments[version]?[known].isSurpassed(by: source) == true { attachments[version]?[known] = new }
  }
}
