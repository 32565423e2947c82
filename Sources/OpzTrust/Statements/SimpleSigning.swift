public import OpzIO
import OpzJSON
public import OpzOCI

/// An image's signature in the form that cosign before 3, skopeo and podman read: a payload that names the image, signed as it is.
public struct SimpleSigning: Sendable, Hashable {
  /// The layer's type.
  public static let mediaType = MediaType("application/vnd.dev.cosign.simplesigning.v1+json")
  /// The artifact's type, so that it can be a referrer too.
  public static let artifactType = MediaType("application/vnd.dev.cosign.artifact.sig.v1+json")
  /// Of the layer: the signature in base64.
  public static let signatureAnnotation = "dev.cosignproject.cosign/signature"
  private static let type = "cosign container image signature"

  /// The bytes that are signed.
  public let payload: [UInt8]
  /// The signature's bytes.
  public let signature: [UInt8]
  /// The manifest that the payload names.
  public let image: Digest
  /// `HOST/REPO`, as the payload has it.
  public let identity: String

  /// - Parameter identity: `HOST/REPO`; podman and skopeo compare it with where the image is pulled from.
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

  /// A layer of a signature's manifest, with its bytes.
  /// - Parameter now: a payload whose `optional.timestamp` is later is refused.
  /// - Throws: `TrustError.malformed`.
  public init(_ layer: Descriptor, _ bytes: [UInt8], subject: String, now: Timestamp = .now()) throws {
    guard let text = layer.annotations?[SimpleSigning.signatureAnnotation], let signature = Base64.decode(text) else {
      throw TrustError(.malformed, subject, "the layer has no signature in its annotations")
    }
    guard case .object(let members) = try StrictJSON.read(bytes, .simpleSigning, subject: subject),
      case .object(let critical)? = members["critical"], critical["type"] == .string(SimpleSigning.type),
      case .object(let image)? = critical["image"], case .string(let digest)? = image["docker-manifest-digest"],
      let digest = Digest(digest)
    else { throw TrustError(.malformed, subject, "it is not a payload of simple signing") }
    // Seconds since 1970 (containers-signature(5), optional.timestamp).
    if let stated = members["optional"]?["timestamp"] {
      guard let time = stated.integer.flatMap({ Timestamp(seconds: $0) }) else {
        throw TrustError(.malformed, subject, "optional.timestamp is no time")
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

  /// What the layer of this signature has.
  public var annotations: [String: String] { [SimpleSigning.signatureAnnotation: Base64.encode(signature)] }

  /// Whether the signature over the payload is the key's.
  public func isSigned(by key: PublicKey) -> Bool { key.verifies(signature, of: payload) }

  /// The tag under which such signatures of an image are looked for: `sha256-<hex>.sig`.
  public static func tag(_ image: Digest) -> String { "\(image.algorithm.rawValue)-\(image.hex).sig" }
}
