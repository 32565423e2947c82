import OpzIO
import OpzOCI

/// A manifest or an index as a client pushes it: what it needs, and what it refers to.
struct PushedDocument {
  let descriptor: Descriptor
  /// What has to be in the registry before it. Not its subject, which may come later (distribution-spec, "Pushing Manifests with Subject").
  let needs: [Descriptor]
  /// Of an image: what is in it has to be readable one way only.
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
      // Layers that may not be distributed are where their `urls` say.
      needs = [manifest.content.config] + manifest.content.layers.filter { ($0.urls ?? []).isEmpty }
      subject = manifest.content.subject?.digest
      // An artifact of before OCI 1.1 says its type by its config.
      artifactType = manifest.content.artifactType ?? manifest.content.config.mediaType
      annotations = manifest.content.annotations
    }
  }
}
