public import OpzIO
import OpzJSON
public import OpzOCI

/// A signed document in sigstore's JSON form (protobuf-specs, `sigstore_bundle.proto`), signed with a key rather than
/// an identity.
///
/// Written as version 0.3, which cosign 3 attaches to images; read in every version and spelling that the specification
/// tells clients to accept.
public struct SigstoreBundle: Sendable, Hashable {
  /// What is signed (`Bundle.content`): exactly one of these.
  public enum Content: Sendable, Hashable {
    case envelope(DSSEEnvelope)
    case message(MessageSignature)
  }

  /// The media type that opz writes.
  public static let mediaType = MediaType("application/vnd.dev.sigstore.bundle.v0.3+json")
  /// Older versions, and another spelling of 0.3 (protobuf-specs, `Bundle.media_type`).
  private static let olderTypes: Set<MediaType> = [
    MediaType("application/vnd.dev.sigstore.bundle+json;version=0.1"),
    MediaType("application/vnd.dev.sigstore.bundle+json;version=0.2"),
    MediaType("application/vnd.dev.sigstore.bundle+json;version=0.3"),
  ]
  /// The most JSON values in a bundle. What is signed counts as one: it is a base64 string.
  private static let most = 10_000
  /// Annotation of the manifest that attaches a bundle: `dsse-envelope` or `message-signature` (cosign's bundle
  /// specification).
  public static let contentAnnotation = "dev.sigstore.bundle.content"
  /// Annotation of the manifest that attaches a bundle: the predicate type of the statement.
  public static let predicateAnnotation = "dev.sigstore.bundle.predicateType"

  /// What is signed.
  public let content: Content
  /// The key that the bundle names. A hint proves nothing.
  public let hint: String

  /// Creates a bundle with an envelope that the key signed.
  /// - Parameter hint: how verifiers find the key; by default in the form that cosign looks for.
  public init(_ envelope: DSSEEnvelope, by key: PublicKey, hint: String? = nil) {
    content = .envelope(envelope)
    self.hint = hint ?? key.hint
  }

  /// The envelope, if the content is one.
  public var envelope: DSSEEnvelope? { if case .envelope(let envelope) = content { envelope } else { nil } }

  /// Whether a layer of this type is a bundle.
  public static func reads(_ type: MediaType) -> Bool { type == mediaType || olderTypes.contains(type) }

  /// Reads a bundle. Signatures are not verified here.
  /// - Parameter now: a transparency log entry with a later time is refused.
  /// - Throws: `TrustError.malformed` for a document that is not such a bundle, or that two readers could understand
  ///   differently.
  public init(_ bytes: [UInt8], subject: String, now: Timestamp = .now()) throws {
    let document = try StrictJSON.read(bytes, .bundle, values: SigstoreBundle.most, subject: subject) { $0.value }
    guard let type = document["mediaType"]?.string, SigstoreBundle.reads(MediaType(type)) else {
      let type = document["mediaType"]?.string.map { ", but \($0.prefix(100))" } ?? ""
      throw TrustError(.malformed, subject, reason: "it is not a sigstore bundle of version 0.1, 0.2 or 0.3\(type)")
    }
    try SigstoreBundle.refuseSnakeCaseKeys(document, subject)
    switch (document["dsseEnvelope"], document["messageSignature"]) {
    case (let envelope?, nil): content = .envelope(try DSSEEnvelope(envelope, subject: subject))
    case (nil, let message?): content = .message(try MessageSignature(message, subject: subject))
    case (nil, nil): throw TrustError(.malformed, subject, reason: "the bundle has no content")
    default:
      throw TrustError(
        .malformed, subject,
        reason: "the bundle has two contents, a DSSE envelope and a message signature: verifiers differ on which counts"
      )
    }
    let material = document["verificationMaterial"]
    hint = material?["publicKey"]?["hint"]?.string ?? ""
    for entry in material?["tlogEntries"]?.array ?? [] {
      // protobuf's JSON form writes 64-bit integers as strings.
      guard let time = entry["integratedTime"] else { continue }
      guard let seconds = time.integer ?? time.string.flatMap({ Int64($0) }), let moment = Timestamp(seconds: seconds)
      else { throw TrustError(.malformed, subject, reason: "an integratedTime of the bundle is not a time") }
      try StatedTime.check(moment, "integratedTime", now: now, subject: subject)
    }
  }

  /// Some readers of protobuf's JSON accept both spellings of a field (`dsseEnvelope`, `dsse_envelope`), others only
  /// the first, so a second content could hide behind an underscore.
  private static func refuseSnakeCaseKeys(_ document: JSONValue, _ subject: String) throws {
    let objects = [
      document, document["dsseEnvelope"], document["messageSignature"],
      document["messageSignature"]?["messageDigest"], document["verificationMaterial"],
      document["verificationMaterial"]?["publicKey"],
    ]
    for case .object(let members)? in objects {
      guard let name = members.keys.sorted().first(where: { $0.contains("_") }) else { continue }
      throw TrustError(
        .malformed, subject,
        reason:
          "the bundle's key \"\(name.prefix(100))\" is read as a field by some readers of protobuf's JSON and ignored by others"
      )
    }
  }

  /// The bundle's bytes; equal bundles give equal bytes.
  /// - Throws: what encoding throws.
  public func encode() throws -> [UInt8] {
    let content: (String, JSONValue) =
      switch self.content {
      case .envelope(let envelope): ("dsseEnvelope", envelope.document)
      case .message(let message): ("messageSignature", message.document)
      }
    return try CanonicalJSON.encode(
      JSONValue.object([
        "mediaType": .string(SigstoreBundle.mediaType.rawValue), content.0: content.1,
        "verificationMaterial": .object(["publicKey": .object(["hint": .string(hint)])]),
      ]))
  }
}
