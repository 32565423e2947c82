public import OpzIO
import OpzJSON

/// A signature over an artifact's own bytes, as `cosign sign-blob` makes it (protobuf-specs, `MessageSignature`). For an image they are its manifest.
public struct MessageSignature: Sendable, Hashable {
  /// The signature's bytes, as the key's algorithm has them.
  public let signature: [UInt8]
  /// What the artifact's SHA-256 is said to be; verifiers hash for themselves and refuse another one.
  public let digest: Digest?

  /// - Throws: `TrustError.malformed`.
  init(_ document: JSONValue, subject: String) throws {
    guard let text = document["signature"]?.string, let signature = Base64.decode(text), !signature.isEmpty else {
      throw TrustError(.malformed, subject, "the message's signature in the bundle cannot be read")
    }
    self.signature = signature
    guard let stated = document["messageDigest"] else {
      digest = nil
      return
    }
    guard let algorithm = stated["algorithm"]?.string, let bytes = stated["digest"]?.string.flatMap(Base64.decode)
    else { throw TrustError(.malformed, subject, "the message's digest in the bundle cannot be read") }
    switch algorithm {
    case "SHA2_256":
      guard let digest = Digest(algorithm: .sha256, hex: Hex.encode(bytes)) else {
        throw TrustError(.malformed, subject, "the message's digest in the bundle is no SHA-256")
      }
      self.digest = digest
    case "SHA2_512":
      guard let digest = Digest(algorithm: .sha512, hex: Hex.encode(bytes)) else {
        throw TrustError(.malformed, subject, "the message's digest in the bundle is no SHA-512")
      }
      self.digest = digest
    default:
      throw TrustError(.malformed, subject, "the message is signed over \(algorithm.prefix(40)), which is not read")
    }
  }

  /// Whether it is a key's signature of these bytes.
  public func isSigned(by key: PublicKey, over artifact: [UInt8]) -> Bool {
    guard
      digest.map({ stated in
        var hasher = DigestHasher(stated.algorithm)
        hasher.update(artifact)
        return stated == hasher.finish()
      }) ?? true
    else { return false }
    return key.verifies(signature, of: artifact)
  }

  var document: JSONValue {
    var members: [String: JSONValue] = ["signature": .string(Base64.encode(signature))]
    if let digest {
      members["messageDigest"] = .object([
        "algorithm": .string(digest.algorithm == .sha256 ? "SHA2_256" : "SHA2_512"),
        "digest": .string(Base64.encode(digest.bytes)),
      ])
    }
    return .object(members)
  }
}
