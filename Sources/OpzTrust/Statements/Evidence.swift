public import OpzIO
public import OpzJSON
public import OpzOCI
public import OpzStore

/// A part of what is attached to an image, read and typed. Nothing of it is believed before a key says so.
public struct Evidence: Sendable {
  public enum Content: Sendable {
    /// A statement in an envelope.
    case statement(Statement, DSSEEnvelope)
    /// Signatures of the older form.
    case signatures([SimpleSigning])
    /// A document that nobody signed.
    case document(MediaType, [UInt8])
    /// It cannot be read, for this reason.
    case broken(String)
  }

  /// Bytes of one attached document.
  public static let limit = 64 << 20

  public let descriptor: Descriptor
  public let image: Digest
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
  /// - Throws: what `source` throws.
  public static func all(
    in descriptor: Descriptor, about image: Digest, from source: some ContentReader
  ) async throws -> [Evidence] {
    let manifest = try await source.manifest(descriptor)
    let subject = "attachment \(descriptor.digest.short)"
    guard manifest.content.subject?.digest == image else {
      return [Evidence(descriptor, about: image, .broken("it belongs to another image"))]
    }
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
          signatures.append(try trusted(subject) { try SimpleSigning(layer, bytes, subject: subject) })
        } else {
          contents.append(try trusted(subject) { try read(layer, bytes, subject) })
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

  private static func read(_ layer: Descriptor, _ bytes: [UInt8], _ subject: String) throws -> Content {
    let envelope: DSSEEnvelope
    switch layer.mediaType {
    case SigstoreBundle.mediaType: envelope = try SigstoreBundle(bytes, subject: subject).envelope
    case DSSEEnvelope.mediaType: envelope = try DSSEEnvelope(bytes, subject: subject)
    default: return .document(layer.mediaType, bytes)
    }
    guard envelope.payloadType == DSSEEnvelope.inToto else {
      throw TrustError(.malformed, subject, "its envelope holds \(envelope.payloadType.prefix(80))")
    }
    return .statement(try Statement(envelope.payload, subject: subject), envelope)
  }

  private static func trusted<Value>(_ subject: String, _ body: () throws -> Value) throws(TrustError) -> Value {
    do {
      return try body()
    } catch let error as TrustError {
      throw error
    } catch {
      throw TrustError(.malformed, subject, "\(error)")
    }
  }

  /// What it is for people: `signature`, `slsaprovenance`, `application/vnd.cyclonedx+json` ..
  public var kind: String {
    switch content {
    case .statement(let statement, _): "\(PredicateType(uri: statement.predicateType))"
    case .signatures: "signature (simple signing)"
    case .document(let type, _): "\(type)"
    case .broken: "\(descriptor.artifactType ?? descriptor.mediaType)"
    }
  }

  /// Whether a key signed that it is so: an envelope over a statement about this image and nothing else of another type.
  /// - Parameter type: the predicate that is looked for; nil for any.
  public func isSigned(by key: PublicKey, as type: PredicateType? = nil) -> Bool {
    switch content {
    case .statement(let statement, let envelope):
      (type == nil || type?.uri == statement.predicateType) && statement.subjects.contains(image)
        && envelope.isSigned(by: key)
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
