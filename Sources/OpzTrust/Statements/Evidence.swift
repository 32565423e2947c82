public import OpzIO
public import OpzJSON
public import OpzOCI
public import OpzStore

/// One part of an attachment to an image, read and typed. It proves nothing until a key verifies it.
public struct Evidence: Sendable {
  /// What one part of an attachment is.
  public enum Content: Sendable {
    /// A statement in an envelope.
    case statement(Statement, DSSEEnvelope)
    /// A signature over the image's manifest itself, and the bytes of that manifest.
    case message(MessageSignature, [UInt8])
    /// Signatures in cosign's older form, simple signing.
    case signatures([SimpleSigning])
    /// An unsigned document.
    case document(MediaType, [UInt8])
    /// A part that cannot be read, and why.
    case broken(String)
  }

  /// The most bytes that are read of one attachment.
  public static let limit = 64 << 20

  /// The attachment's manifest.
  public let descriptor: Descriptor
  /// The image that it is attached to.
  public let image: Digest
  /// What the part contains.
  public let content: Content

  /// The most parts that are read of one attachment: as many as cosign reads signatures of an image.
  public static let most = 1000

  private init(_ descriptor: Descriptor, about image: Digest, _ content: Content) {
    self.descriptor = descriptor
    self.image = image
    self.content = content
  }

  /// Reads an attachment, each of its parts on its own but simple signatures together. A malformed part becomes
  /// `.broken` and does not affect the others.
  /// - Parameter now: a part that states a later time becomes `.broken`.
  /// - Throws: what `source` throws.
  public static func all(
    in descriptor: Descriptor, about image: Digest, now: Timestamp = .now(), from source: some ContentReader
  ) async throws -> [Evidence] {
    let manifest = try await source.manifest(descriptor)
    let subject = "attachment \(descriptor.digest.short)"
    guard let target = manifest.content.subject, target.digest == image else {
      return [Evidence(descriptor, about: image, .broken("it belongs to another image"))]
    }
    let reader = EvidenceReader(target, source, now: now, subject: subject)
    var signatures: [SimpleSigning] = []
    var contents: [Content] = []
    var rest = limit
    for layer in manifest.content.layers.prefix(most) {
      guard layer.size <= UInt64(rest) else {
        contents.append(.broken("its parts are larger than \(limit) bytes together"))
        break
      }
      rest -= Int(layer.size)
      let bytes = try await source.bytes(layer, limit: limit)
      do throws(TrustError) {
        if layer.mediaType == SimpleSigning.mediaType {
          signatures.append(try await reader.signature(layer, bytes))
        } else {
          contents.append(try await reader.content(layer, bytes))
        }
      } catch {
        contents.append(.broken(error.reason))
      }
    }
    let count = manifest.content.layers.count
    if count == 0 { contents.append(.broken("it has no parts")) }
    if count > most { contents.append(.broken("it has \(count) parts, and only \(most) are read")) }
    if !signatures.isEmpty { contents.insert(.signatures(signatures), at: 0) }
    return contents.map { Evidence(descriptor, about: image, $0) }
  }

  /// A short name for display: `signature`, `slsaprovenance`, `application/vnd.cyclonedx+json` ..
  public var kind: String {
    switch content {
    case .statement(let statement, _): "\(PredicateType(uri: statement.predicateType))"
    case .message: "signature (of the manifest)"
    case .signatures: "signature (simple signing)"
    case .document(let type, _): "\(type)"
    case .broken: "\(descriptor.artifactType ?? descriptor.mediaType)"
    }
  }

  /// Why the part cannot be read or cannot be about the image; nil if it is sound.
  public var problem: String? { if case .broken(let reason) = content { reason } else { nil } }

  /// Whether the key signed this evidence, and it is about this image.
  /// - Parameter type: the predicate type it must have; nil for any.
  public func isSigned(by key: PublicKey, as type: PredicateType? = nil) -> Bool {
    switch content {
    case .statement(let statement, let envelope):
      (type == nil || type?.uri == statement.predicateType) && statement.subjects.contains(image)
        && envelope.isSigned(by: key)
    case .message(let message, let manifest):
      (type == nil || type == .signature) && message.isSigned(by: key, over: manifest)
    case .signatures(let all):
      (type == nil || type == .signature) && all.contains { $0.image == image && $0.isSigned(by: key) }
    case .document, .broken: false
    }
  }

  /// Whether the key signed the image and the version's record in one signature.
  /// - Parameter record: `Registry.Version.recordDigest`.
  public func isSigned(by key: PublicKey, withRecord record: Digest) -> Bool {
    guard case .statement(let statement, _) = content, statement.subjects.contains(record) else { return false }
    return isSigned(by: key, as: .signature)
  }

  /// The document of a type: attached as is, or the predicate of a statement about the image.
  /// - Parameter keys: one of them must have signed the statement; if empty, unsigned documents count too.
  public func document(_ type: PredicateType, as media: MediaType, signedBy keys: [PublicKey]) -> JSONValue? {
    switch content {
    case .statement(let statement, _):
      guard statement.predicateType == type.uri, statement.subjects.contains(image),
        keys.isEmpty || keys.contains(where: { isSigned(by: $0, as: type) })
      else { return nil }
      return statement.predicate
    case .document(media, let bytes) where keys.isEmpty:
      return try? StrictJSON.read(bytes, subject: "\(descriptor.digest)")
    default: return nil
    }
  }
}
