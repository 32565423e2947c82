import OpzJSON
public import OpzOCI

/// A payload with signatures over it and its type (DSSE 1.0.2, envelope.md and protocol.md).
public struct DSSEEnvelope: Sendable, Hashable {
  /// The payload type of in-toto statements (in-toto attestation framework, envelope.md).
  public static let inToto = "application/vnd.in-toto+json"
  /// Of a layer that is an envelope without a bundle, as cosign before 3 attaches it.
  public static let mediaType = MediaType("application/vnd.dsse.envelope.v1+json")
  /// More signatures than this are not read.
  private static let most = 64

  /// What the payload is; the signatures cover it.
  public let payloadType: String
  /// The bytes that are signed.
  public let payload: [UInt8]
  /// Those that can be read. Each is as good as another: whose they are, only keys say.
  public let signatures: [[UInt8]]

  /// Signs a payload.
  public init(signing payload: [UInt8], _ payloadType: String, with keys: [PrivateKey]) throws {
    self.payload = payload
    self.payloadType = payloadType
    let message = DSSEEnvelope.encode(payloadType, payload)
    signatures = try keys.map { try $0.sign(message) }
  }

  /// An envelope that stands alone.
  /// - Throws: `TrustError.malformed` for a document that is not an envelope.
  public init(_ bytes: [UInt8], subject: String) throws {
    try self.init(try StrictJSON.read(bytes, .envelope, subject: subject), subject: subject)
  }

  /// A signature that cannot be read does nothing for the others, and nothing against them.
  /// - Throws: `TrustError.malformed` for a document that is not an envelope.
  init(_ document: JSONValue?, subject: String) throws {
    guard case .object(let members)? = document, case .string(let type)? = members["payloadType"],
      case .string(let text)? = members["payload"], let payload = Base64.decode(text),
      case .array(let items)? = members["signatures"], !items.isEmpty, items.count <= DSSEEnvelope.most
    else { throw TrustError(.malformed, subject, "it holds no DSSE envelope") }
    signatures = items.compactMap { $0["sig"]?.string.flatMap(Base64.decode) }
    guard !signatures.isEmpty else {
      throw TrustError(.malformed, subject, "no signature of the envelope can be read")
    }
    payloadType = type
    self.payload = payload
  }

  /// What is signed: the pre-authentication encoding, in which type and payload cannot run into each other.
  public static func encode(_ type: String, _ payload: [UInt8]) -> [UInt8] {
    Array("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
  }

  /// Whether one of the signatures is the key's.
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
