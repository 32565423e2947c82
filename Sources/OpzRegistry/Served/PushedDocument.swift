import OpzIO
import OpzOCI

/// A manifest or an index that a client pushes: the content that it needs, and its subject.
struct PushedDocument {
  let descriptor: Descriptor
  /// Content that must exist before it. The subject may be pushed later (distribution-spec, "Pushing Manifests with
  /// Subject").
  let needs: [Descriptor]
  /// An image's configuration, which must not be ambiguous.
  let config: Descriptor?
  let subject: Digest?
  let artifactType: MediaType?
  let annotations: [String: String]?

  init(_ bytes: [UInt8], _ mediaType: MediaType, subject name: String) throws {
    if mediaType.isIndex {
      let index = try Index(raw: bytes, mediaType: mediaType, subject: name)
      descriptor = index.descriptor
      needs = index.content.manifests
      config = nil
      subject = index.content.subject?.digest
      artifactType = index.content.artifactType
      annotations = index.content.annotations
    } else {
      let manifest = try Manifest(raw: bytes, mediaType: mediaType, subject: name)
      descriptor = manifest.descriptor
      config = manifest.content.config
      // Layers with `urls` need not be here.
      needs = [manifest.content.config] + manifest.content.layers.filter { ($0.urls ?? []).isEmpty }
      subject = manifest.content.subject?.digest
      // Before OCI 1.1, the config's media type is the artifact's type.
      artifactType = manifest.content.artifactType ?? manifest.content.config.mediaType
      annotations = manifest.content.annotations
    }
  }
}
