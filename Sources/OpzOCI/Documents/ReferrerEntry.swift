public import OpzIO
import OpzJSON

/// What a list of referrers says about a manifest that has a subject (distribution-spec 1.1, "Listing Referrers").
public struct ReferrerEntry: Sendable, Hashable {
  public let subject: Digest
  /// With the artifact's type and annotations.
  public let descriptor: Descriptor

  private struct Content: Decodable {
    var subject: Descriptor?
    var artifactType: MediaType?
    var config: Descriptor?
    var annotations: [String: String]?
  }

  /// Nil when the document has no subject, or is none that can be read.
  /// - Parameter bytes: of a manifest or an index.
  /// - Throws: `OCIError` for one that others read differently.
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
    var entry = descriptor.bare
    entry.artifactType = content.artifactType ?? content.config?.mediaType
    entry.annotations = content.annotations
    self.descriptor = entry
  }
}
