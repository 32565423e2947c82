public import OpzIO
public import OpzJSON
public import OpzOCI
public import OpzStore

/// A part of what is attached to an image, read and typed. Nothing of it is believed before a key says so.
public struct Evidence: Sendable {
  /// What one part of an attachment is.
  public enum Content: Sendable {
    /// A statement in an envelope.
    case statement(Statement, DSSEEnvelope)
    /// A signature over the image's manifest itself, with the manifest's bytes.
    case message(MessageSignature, [UInt8])
    /// Signatures of the older form.
    case signatures([SimpleSigning])
    /// A document that nobody signed.
    case document(MediaType, [UInt8])
    /// It cannot be read, for this reason.
    case broken(String)
  }

  /// Bytes of one attached document.
  public static let limit = 64 << 20

  /// The attachment's manifest.
  public let descriptor: Descriptor
  /// What it is attached to.
  public let image: Digest
  /// What the part says.
  public let content: Content

  /// Parts of one attachment that are read: as many signatures as cosign reads of an image.
  public static let most = 1000

  private init(_ descriptor: Descriptor, about image: Digest, _ content: Content) {
    self.descriptor = descriptor
    self.image = image
    self.content = content
  }

  /// Reads an attachment: what each of its parts says, the signatures of the older form together. A part that is not what it says is `.broken`, and
  /// takes nothing from the others.
  /// - Parameter now: what says that it was made later is `.broken`.
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
        contents.append(.broken("what it holds is more than \(limit) bytes"))
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
    if count > most { contents.append(.broken("it has \(count) parts, and \(most) are read")) }
    if !signatures.isEmpty { contents.insert(.signatures(signatures), at: 0) }
    return contents.map { Evidence(descriptor, about: image, $0) }
  }

  /// What it is for people: `signature`, `slsaprovenance`, `application/vnd.cyclonedx+json` ..
  public var kind: String {
    switch content {
    case .statement(let statement, _): "\(PredicateType(uri: statement.predicateType))"
    case .message: "signature (of the manifest)"
    case .signatures: "signature (simple signing)"
    case .document(let type, _): "\(type)"
    case .broken: "\(descriptor.artifactType ?? descriptor.mediaType)"
    }
  }

  /// Why it cannot be read, or cannot be about the image; nil for what can.
  public var problem: String? { if case .broken(let reason) = content { reason } else { nil } }

  /// Whether a key signed that it is so: an envelope over a statement about this image and nothing else of another type.
  /// - Parameter type: the predicate that is looked for; nil for any.
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

  /// Whether a key signed the version's record together with the image: a signature that names both.
  /// - Parameter record: `Registry.Version.recordDigest`.
  public func isSigned(by key: PublicKey, withRecord record: Digest) -> Bool {
    guard case .statement(let statement, _) = content, statement.subjects.contains(record) else { return false }
    return isSigned(by: key, as: .signature)
  }

  /// A document of a type: attached as it is, or the predicate of a statement about the image.
  /// - Parameter keys: one of them must have signed the statement; empty for any document.
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
