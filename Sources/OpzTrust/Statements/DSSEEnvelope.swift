import OpzIO
import OpzJSON
public import OpzOCI

/// A payload, and signatures over the payload and its type (DSSE 1.0.2, envelope.md and protocol.md).
public struct DSSEEnvelope: Sendable, Hashable {
  /// The payload type of in-toto statements (in-toto attestation framework, envelope.md).
  public static let inToto = "application/vnd.in-toto+json"
  /// The type of a layer that is an envelope without a bundle, as cosign 1 and 2 attach it.
  public static let mediaType = MediaType("application/vnd.dsse.envelope.v1+json")
  /// An envelope with more signatures is refused.
  private static let most = 64

  /// What the payload is; the signatures cover it.
  public let payloadType: String
  /// The bytes that are signed.
  public let payload: [UInt8]
  /// The signatures that can be decoded. None is trusted until a key verifies it.
  public let signatures: [[UInt8]]

  /// Signs a payload.
  /// - Throws: `TrustError.badKey` if a key cannot sign.
  public init(signing payload: [UInt8], _ payloadType: String, with keys: [PrivateKey]) throws {
    self.payload = payload
    self.payloadType = payloadType
    let message = DSSEEnvelope.encode(payloadType, payload)
    signatures = try keys.map { try $0.sign(message) }
  }

  /// Reads an envelope that is a document of its own.
  /// - Throws: `TrustError.malformed` for a document that is not an envelope.
  public init(_ bytes: [UInt8], subject: String) throws {
    try self.init(try StrictJSON.read(bytes, .envelope, subject: subject), subject: subject)
  }

  /// Reads an envelope within a document. A signature that cannot be decoded is skipped; the others still count.
  /// - Throws: `TrustError.malformed` for a document that is not an envelope.
  init(_ document: JSONValue?, subject: String) throws {
    guard case .object(let members)? = document, case .string(let type)? = members["payloadType"],
      case .string(let text)? = members["payload"], let payload = Base64.decode(text),
      case .array(let items)? = members["signatures"], !items.isEmpty, items.count <= DSSEEnvelope.most
    else { throw TrustError(.malformed, subject, reason: "it holds no DSSE envelope") }
    signatures = items.compactMap { $0["sig"]?.string.flatMap(Base64.decode) }
    guard !signatures.isEmpty else {
      throw TrustError(.malformed, subject, reason: "no signature of the envelope can be read")
    }
    payloadType = type
    self.payload = payload
  }

  /// The bytes that are signed (pre-authentication encoding): lengths keep type and payload from running into each
  /// other.
  public static func encode(_ type: String, _ payload: [UInt8]) -> [UInt8] {
    Array("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
  }

  /// Whether the key made one of the signatures.
  public func isSigned(by key: PublicKey) -> Bool {
    let message = DSSEEnvelope.encode(payloadType, payload)
    return signatures.contains { key.verifies($0, of: message) }
  }

  var document: JSONValue {
    .object([
      "payload": .string(Base64.encode(payload)), "payloadType": .string(payloadType),
      "signatures": .array(signatures.map { .object(["sig": .string(Base64.encode($0))]) }),
    ])
  }
}
