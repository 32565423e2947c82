public import OpzIO
public import OpzJSON
public import OpzOCI
public import OpzStore

/// What is attached to an image, read and typed. Nothing of it is believed before a key says so.
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

  /// Reads an attachment.
  /// - Throws: what `source` throws. Content that is not what it says is `.broken`, because others may be whole.
  public init(_ descriptor: Descriptor, about image: Digest, from source: some ContentReader) async throws {
    self.descriptor = descriptor
    self.image = image
    let manifest = try await source.manifest(descriptor)
    let subject = "attachment \(descriptor.digest.short)"
    guard manifest.content.subject?.digest == image else {
      content = .broken("it belongs to another image")
      return
    }
    var layers: [(Descriptor, [UInt8])] = []
    for layer in manifest.content.layers.prefix(64) where layer.size <= UInt64(Evidence.limit) {
      layers.append((layer, try await source.bytes(layer, limit: Evidence.limit)))
    }
    do throws(TrustError) {
      content = try Evidence.read(layers, subject)
    } catch {
      content = .broken(error.reason)
    }
  }

  private static func read(_ layers: [(Descriptor, [UInt8])], _ subject: String) throws(TrustError) -> Content {
    do {
      let classic = layers.filter { $0.0.mediaType == SimpleSigning.mediaType }
      if !classic.isEmpty { return .signatures(try classic.map { try SimpleSigning($0.0, $0.1, subject: subject) }) }
      guard layers.count == 1, let (layer, bytes) = layers.first else {
        throw TrustError(.malformed, subject, "it has \(layers.count) parts")
      }
      guard layer.mediaType == SigstoreBundle.mediaType else { return .document(layer.mediaType, bytes) }
      let bundle = try SigstoreBundle(bytes, subject: subject)
      guard bundle.envelope.payloadType == DSSEEnvelope.inToto else {
        throw TrustError(.malformed, subject, "its envelope holds \(bundle.envelope.payloadType.prefix(80))")
      }
      return .statement(try Statement(bundle.envelope.payload, subject: subject), bundle.envelope)
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
