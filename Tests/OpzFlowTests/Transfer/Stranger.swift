import OpzDistribution
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzStore

@testable import OpzFlow

/// Somebody who may push to a repository and has no key.
struct Stranger {
  let remote: RemoteRepository

  func put(_ bytes: [UInt8], _ type: MediaType) async throws -> Descriptor {
    let descriptor = Descriptor.of(bytes, type)
    try await remote.put(descriptor, from: BytesBlob(bytes))
    return descriptor
  }

  /// Pushes a manifest, and lists it as a referrer if it has a subject.
  @discardableResult
  func put(_ content: Manifest.Content, as tag: String? = nil) async throws -> Descriptor {
    _ = try await put(Array("{}".utf8), .empty)
    let manifest = try Manifest(content)
    try await remote.put(manifest.descriptor, from: BytesBlob(manifest.raw))
    if let tag { try await remote.tag(manifest.descriptor, as: tag) }
    return manifest.descriptor
  }

  /// Pushes an artifact with one layer about an image.
  @discardableResult
  func attach(
    _ bytes: [UInt8], _ type: MediaType, to image: Descriptor, annotations: [String: String]? = nil
  ) async throws -> Descriptor {
    let layer = try await put(bytes, type)
    return try await put(
      Manifest.Content(
        artifactType: type, config: .emptyConfig, layers: [layer], subject: image.withoutAnnotations,
        annotations: annotations))
  }

  /// Pushes a version record about an image.
  @discardableResult
  func record(_ record: VersionRecord, of image: Descriptor, annotations: [String: String]? = nil) async throws
    -> Descriptor
  {
    try await attach(
      CanonicalJSON.encodePretty(record), RecordArtifact.artifactType, to: image, annotations: annotations)
  }
}
