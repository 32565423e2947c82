import OpzIO
import OpzJSON
import OpzOCI
import OpzStore

/// Reads the parts of an attachment to one image.
struct EvidenceReader {
  /// The image, as described by the attachment's `subject`.
  private let image: Descriptor
  private let read: (Descriptor) async throws -> [UInt8]
  private let now: Timestamp
  /// Names the attachment in errors.
  private let subject: String

  init(_ image: Descriptor, _ source: some ContentReader, now: Timestamp, subject: String) {
    self.image = image.withoutAnnotations
    read = { try await source.bytes($0) }
    self.now = now
    self.subject = subject
  }

  /// Reads a simple signature.
  func signature(_ layer: Descriptor, _ bytes: [UInt8]) async throws(TrustError) -> SimpleSigning {
    try await explained { try SimpleSigning(layer, bytes, subject: subject, now: now) }
  }

  /// Reads any other part.
  func content(_ layer: Descriptor, _ bytes: [UInt8]) async throws(TrustError) -> Evidence.Content {
    try await explained {
      if layer.mediaType == DSSEEnvelope.mediaType {
        return try await statement(in: DSSEEnvelope(bytes, subject: subject))
      }
      if SigstoreBundle.reads(layer.mediaType) {
        switch try SigstoreBundle(bytes, subject: subject, now: now).content {
        case .envelope(let envelope): return try await statement(in: envelope)
        // Signed as `cosign sign-blob` signs a file: over its bytes, which for an image are those of its manifest.
        case .message(let message): return .message(message, try await read(image))
        }
      }
      if layer.mediaType == ModelBOM.mediaType {
        try await checkBillOfMaterials(StrictJSON.read(bytes, subject: subject))
      }
      return .document(layer.mediaType, bytes)
    }
  }

  private func statement(in envelope: DSSEEnvelope) async throws -> Evidence.Content {
    guard envelope.payloadType == DSSEEnvelope.inToto else {
      throw TrustError(
        .malformed, subject,
        reason: "its envelope contains \(envelope.payloadType.prefix(80)), not an in-toto statement")
    }
    let statement = try Statement(envelope.payload, subject: subject)
    try StatedTime.check(
      statement.predicate, at: StatedTime.places(statement.predicateType), now: now, subject: subject)
    if statement.predicateType == PredicateType.billOfMaterials.uri {
      try await checkBillOfMaterials(statement.predicate)
    }
    return .statement(statement, envelope)
  }

  /// Checks that a bill of materials is about this image or, if the image is an index, about one of its platforms.
  private func checkBillOfMaterials(_ document: JSONValue) async throws {
    var images: Set<Digest> = [image.digest]
    if image.mediaType.isIndex {
      // The attachment may claim that the image is an index when it is not; then there are no platforms.
      let index = try? Index(raw: await read(image), mediaType: image.mediaType, subject: subject)
      images.formUnion(index?.content.manifests.map(\.digest) ?? [])
    }
    try ModelBOM.check(document, about: images, now: now, subject: subject)
  }

  private func explained<Value>(_ body: () async throws -> Value) async throws(TrustError) -> Value {
    do {
      return try await body()
    } catch let error as TrustError {
      throw error
    } catch {
      throw TrustError(.malformed, subject, reason: "\(error)")
    }
  }
}
