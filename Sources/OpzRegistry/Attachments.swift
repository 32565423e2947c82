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
  @discardableResult
  public func attach(
    _ content: [UInt8], _ type: MediaType, to version: Version, annotations: [String: String] = [:], by author: Author
  ) throws -> Descriptor {
    try attach([store.put(content, type)], type, to: version, annotations: annotations, by: author)
  }

  /// Makes an artifact manifest whose subject is the version's image, and attaches it.
  /// - Parameter layers: in the store already.
  @discardableResult
  public func attach(
    _ layers: [Descriptor], _ type: MediaType, to version: Version, annotations: [String: String] = [:],
    by author: Author
  ) throws -> Descriptor {
    try store.put(Array("{}".utf8), .empty)
    let manifest = try Manifest(
      Manifest.Content(
        artifactType: type, config: .emptyConfig, layers: layers, subject: version.record.image.bare,
        annotations: annotations.isEmpty ? nil : annotations))
    return try attach(manifest, to: version, by: author)
  }

  /// Attaches an artifact whose blobs are in the store to a version. What is attached already is not attached again.
  /// - Throws: `RegistryError.badName` for a manifest whose subject is not the version's image, `.conflict` where a blob is not here.
  @discardableResult
  public func attach(_ manifest: Manifest, to version: Version, by author: Author) throws -> Descriptor {
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
      if try state(version.name).attachments(of: version).contains(where: { $0.descriptor.digest == found.digest }) {
        return found
      }
      for part in manifest.references where try !store.has(part) {
        throw RegistryError(
          .conflict, version.record.reference,
          "\(part.mediaType) \(part.digest) of the attachment is not in the registry",
          hint: "run the command again")
      }
      try append(.attached, version, author, ["attachment": try JSONValue(encoding: found)])
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
  }

  /// What is attached to a version's image, the latest last.
  public func attachments(of version: Registry.Version) -> [Attachment] {
    (attachments[version.version] ?? []).filter { $0.image == version.record.image.digest }
  }

  mutating func attach(_ event: Event, _ version: SemanticVersion) {
    guard let descriptor = event.details["attachment"].flatMap(ModelState.descriptor), descriptor.mediaType.isManifest
    else { return }
    let isKnown = attachments[version, default: []].contains {
      $0.descriptor.digest == descriptor.digest && $0.image == event.image
    }
    // Two clones may attach the same thing.
    if isKnown { return }
    attachments[version, default: []].append(
      Attachment(descriptor: descriptor, image: event.image, at: event.at, actor: event.actor))
  }
}
