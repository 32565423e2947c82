public import OpzIO
import OpzJSON

/// An entry of a list of referrers: a manifest that has a subject (distribution-spec 1.1, "Listing Referrers").
public struct ReferrerEntry: Sendable, Hashable {
  public let subject: Digest
  /// The manifest's descriptor, with its artifact type and annotations.
  public let descriptor: Descriptor

  private struct Content: Decodable {
    var subject: Descriptor?
    var artifactType: MediaType?
    var config: Descriptor?
    var annotations: [String: String]?
  }

  /// Reads the entry from a document; nil when it has no subject or cannot be read.
  /// - Parameters:
  ///   - bytes: a manifest or an index.
  ///   - descriptor: its descriptor.
  /// - Throws: `OCIError` with code `ambiguousDocument` for a document that readers interpret differently.
  public init?(_ bytes: [UInt8], _ descriptor: Descriptor) throws {
    let found: Content?
    do {
      found = try CanonicalJSON.decode(
        Content.self, from: bytes, .manifestOrIndex, subject: descriptor.digest.description)
    } catch let error as OCIError where error.code != .ambiguousDocument {
      found = nil
    }
    guard let content = found, let subject = content.subject else { return nil }
    self.subject = subject.digest
    var entry = descriptor.withoutAnnotations
    entry.artifactType = content.artifactType ?? content.config?.mediaType
    entry.annotations = content.annotations
    self.descriptor = entry
  }
}
