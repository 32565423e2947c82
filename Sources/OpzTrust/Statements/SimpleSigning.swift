public import OpzIO
import OpzJSON
public import OpzOCI

/// An image's signature in the form that cosign 1 and 2, skopeo and podman read: a payload that names the image, and a
/// signature over its bytes.
public struct SimpleSigning: Sendable, Hashable {
  /// The layer's media type.
  public static let mediaType = MediaType("application/vnd.dev.cosign.simplesigning.v1+json")
  /// The manifest's artifact type, so that it can be attached as a referrer too.
  public static let artifactType = MediaType("application/vnd.dev.cosign.artifact.sig.v1+json")
  /// The layer annotation that holds the signature, in base64.
  public static let signatureAnnotation = "dev.cosignproject.cosign/signature"
  private static let type = "cosign container image signature"

  /// The bytes that are signed.
  public let payload: [UInt8]
  /// The signature, encoded as the key's algorithm defines.
  public let signature: [UInt8]
  /// The digest of the manifest that the payload names.
  public let image: Digest
  /// `HOST/REPO`, as stated in the payload.
  public let identity: String

  /// Signs an image.
  /// - Parameter identity: `HOST/REPO`, which podman and skopeo compare with where the image is pulled from.
  /// - Throws: `TrustError.badKey` if the key cannot sign.
  public init(signing image: Digest, identity: String, with key: PrivateKey) throws {
    let document = JSONValue.object([
      "critical": .object([
        "identity": .object(["docker-reference": .string(identity)]),
        "image": .object(["docker-manifest-digest": .string(image.description)]),
        "type": .string(SimpleSigning.type),
      ]),
      // podman and skopeo refuse a payload without it.
      "optional": .object([:]),
    ])
    payload = try CanonicalJSON.encode(document)
    signature = try key.sign(payload)
    self.image = image
    self.identity = identity
  }

  /// Reads a layer of a signature manifest.
  /// - Parameter now: a payload whose `optional.timestamp` is later is refused.
  /// - Throws: `TrustError.malformed`.
  public init(_ layer: Descriptor, _ bytes: [UInt8], subject: String, now: Timestamp = .now()) throws {
    guard let text = layer.annotations?[SimpleSigning.signatureAnnotation], let signature = Base64.decode(text) else {
      throw TrustError(.malformed, subject, reason: "the layer has no signature in its annotations")
    }
    guard case .object(let members) = try StrictJSON.read(bytes, .simpleSigning, subject: subject),
      case .object(let critical)? = members["critical"], critical["type"] == .string(SimpleSigning.type),
      case .object(let image)? = critical["image"], case .string(let digest)? = image["docker-manifest-digest"],
      let digest = Digest(digest)
    else { throw TrustError(.malformed, subject, reason: "it is not a simple signing payload") }
    // Seconds since 1970 (containers-signature(5), optional.timestamp).
    if let stated = members["optional"]?["timestamp"] {
      guard let time = stated.integer.flatMap({ Timestamp(seconds: $0) }) else {
        throw TrustError(.malformed, subject, reason: "optional.timestamp is not a time")
      }
      try StatedTime.check(time, "optional.timestamp", now: now, subject: subject)
    }
    payload = bytes
    self.signature = signature
    self.image = digest
    if case .object(let members)? = critical["identity"], case .string(let text)? = members["docker-reference"] {
      identity = text
    } else {
      identity = ""
    }
  }

  /// The annotations of this signature's layer.
  public var annotations: [String: String] { [SimpleSigning.signatureAnnotation: Base64.encode(signature)] }

  /// Whether the key made the signature over the payload.
  public func isSigned(by key: PublicKey) -> Bool { key.verifies(signature, of: payload) }
}
