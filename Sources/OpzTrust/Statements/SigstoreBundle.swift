import OpzIO
import OpzJSON
public import OpzOCI

/// A DSSE envelope as cosign 3 attaches it to an image (sigstore's protobuf-specs, Bundle v0.3, in JSON), signed with a key of one's own.
public struct SigstoreBundle: Sendable, Hashable {
  public static let mediaType = MediaType("application/vnd.dev.sigstore.bundle.v0.3+json")
  public static let contentAnnotation = "dev.sigstore.bundle.content"
  public static let predicateAnnotation = "dev.sigstore.bundle.predicateType"

  public let envelope: DSSEEnvelope
  /// Which key is said to have signed. Only a signature proves it.
  public let hint: String

  public init(_ envelope: DSSEEnvelope, by key: PublicKey) {
    self.envelope = envelope
    hint = key.hint
  }

  /// - Throws: `TrustError.malformed` for a document that is not such a bundle.
  public init(_ bytes: [UInt8], subject: String) throws {
    guard case .object(let members) = try StrictJSON.read(bytes, .bundle, subject: subject),
      case .string(let type)? = members["mediaType"], type == SigstoreBundle.mediaType.rawValue
    else { throw TrustError(.malformed, subject, "it is not a bundle of version 0.3") }
    envelope = try DSSEEnvelope(members["dsseEnvelope"], subject: subject)
    if case .object(let material)? = members["verificationMaterial"], case .object(let key)? = material["publicKey"],
      case .string(let text)? = key["hint"]
    {
      hint = text
    } else {
      hint = ""
    }
  }

  /// The bundle's bytes, the same for the same envelope.
  public func encode() throws -> [UInt8] {
    try CanonicalJSON.encode(
      JSONValue.object([
        "mediaType": .string(SigstoreBundle.mediaType.rawValue), "dsseEnvelope": envelope.document,
        "verificationMaterial": .object(["publicKey": .object(["hint": .string(hint)])]),
      ]))
  }
}
