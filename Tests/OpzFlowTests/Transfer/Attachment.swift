import OpzIO
import OpzOCI
import OpzStore

/// Documents that refer to another one, as a signer or a scanner makes them.
enum Attachment {
  /// A manifest of type `application/vnd.example.TYPE` with one small blob.
  static func manifest(_ type: String, about subject: Descriptor?, _ text: String) throws -> Manifest {
    try Manifest(
      Manifest.Content(
        artifactType: MediaType("application/vnd.example.\(type)"), config: .emptyConfig,
        layers: [.of(Array(text.utf8), MediaType("text/plain"))], subject: subject?.withoutAnnotations,
        annotations: ["about": type]))
  }

  /// Writes it, with its blobs, to a store.
  @discardableResult
  static func put(
    _ type: String, about subject: Descriptor?, _ text: String = "x", in store: some ContentStore
  ) async throws -> Descriptor {
    let made = try manifest(type, about: subject, text)
    try await store.put(.emptyConfig, from: BytesBlob(Array("{}".utf8)))
    try await store.put(made.content.layers[0], from: BytesBlob(Array(text.utf8)))
    try await store.put(made.descriptor, from: BytesBlob(made.raw))
    return made.descriptor
  }
}
