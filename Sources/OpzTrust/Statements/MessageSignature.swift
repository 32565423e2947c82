public import OpzIO
import OpzJSON

/// A signature over an artifact's own bytes, as made by `cosign sign-blob` (protobuf-specs, `MessageSignature`). An
/// image's bytes are those of its manifest.
public struct MessageSignature: Sendable, Hashable {
  /// The signature, encoded as the key's algorithm defines.
  public let signature: [UInt8]
  /// The artifact's stated digest. Verifiers compute it themselves and refuse a signature that states another.
  public let digest: Digest?

  /// Reads the `messageSignature` of a bundle.
  /// - Throws: `TrustError.malformed`.
  init(_ document: JSONValue, subject: String) throws {
    guard let text = document["signature"]?.string, let signature = Base64.decode(text), !signature.isEmpty else {
      throw TrustError(.malformed, subject, reason: "the message signature in the bundle cannot be read")
    }
    self.signature = signature
    guard let stated = document["messageDigest"] else {
      digest = nil
      return
    }
    guard let algorithm = stated["algorithm"]?.string, let bytes = stated["digest"]?.string.flatMap(Base64.decode)
    else { throw TrustError(.malformed, subject, reason: "the message digest in the bundle cannot be read") }
    switch algorithm {
    case "SHA2_256":
      guard let digest = Digest(algorithm: .sha256, hex: Hex.encode(bytes)) else {
        throw TrustError(.malformed, subject, reason: "the message digest in the bundle is not a SHA-256")
      }
      self.digest = digest
    case "SHA2_512":
      guard let digest = Digest(algorithm: .sha512, hex: Hex.encode(bytes)) else {
        throw TrustError(.malformed, subject, reason: "the message digest in the bundle is not a SHA-512")
      }
      self.digest = digest
    default:
      throw TrustError(
        .malformed, subject,
        reason: "the message is signed with the hash \(algorithm.prefix(40)), which is not supported")
    }
  }

  /// Whether the key signed these bytes.
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
