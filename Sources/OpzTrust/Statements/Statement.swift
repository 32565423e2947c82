public import OpzIO
public import OpzJSON

/// A claim about an image, its record or files (in-toto attestation framework, Statement v1; v0.1 is read too).
public struct Statement: Sendable, Hashable {
  /// One of the things that a statement is about.
  public struct Subject: Sendable, Hashable {
    /// For display; the digest alone identifies the subject.
    public let name: String
    /// The digest of what the statement is about.
    public let digest: Digest

    /// Creates a subject.
    /// - Parameter name: for display.
    public init(_ digest: Digest, name: String) {
      self.name = name
      self.digest = digest
    }
  }

  /// The `_type` of version 1.
  public static let type = "https://in-toto.io/Statement/v1"
  /// The `_type` that cosign 2 writes. The members read here are the same in both versions.
  private static let olderType = "https://in-toto.io/Statement/v0.1"

  /// The digests of its subjects; a subject without a readable digest is left out.
  public let subjects: Set<Digest>
  /// The first subject's name; "" if it has none.
  public let name: String
  /// The predicate's type, a URI.
  public let predicateType: String
  /// What is claimed; null if there is no predicate.
  public let predicate: JSONValue
  /// The predicate's bytes as they are in the payload; empty if there is no predicate.
  public let predicateBytes: [UInt8]
  /// The statement's bytes: what is signed, so they are never encoded again.
  public let payload: [UInt8]

  /// Creates a statement about one image.
  /// - Throws: what encoding throws.
  public init(about image: Digest, name: String, _ predicateType: String, _ predicate: JSONValue) throws {
    try self.init(about: [Subject(image, name: name)], predicateType, predicate)
  }

  /// Creates a statement about several subjects.
  /// - Throws: what encoding throws.
  public init(about subjects: [Subject], _ predicateType: String, _ predicate: JSONValue) throws {
    try self.init(about: subjects, predicateType, CanonicalJSON.encode(predicate), subject: predicateType)
  }

  /// Creates a statement that keeps the predicate's bytes as they are.
  /// - Parameters:
  ///   - predicate: JSON.
  ///   - subject: names the predicate in errors.
  /// - Throws: `TrustError.malformed` for a predicate that is not JSON.
  public init(about subjects: [Subject], _ predicateType: String, _ predicate: [UInt8], subject: String) throws {
    let items = subjects.map { item in
      JSONValue.object([
        "name": .string(item.name), "digest": .object([item.digest.algorithm.rawValue: .string(item.digest.hex)]),
      ])
    }
    let payload =
      Array(#"{"_type":\#(CanonicalJSON.quoted(Statement.type)),"predicate":"#.utf8) + predicate
      + Array(#","predicateType":\#(CanonicalJSON.quoted(predicateType)),"subject":"#.utf8)
      + (try CanonicalJSON.encode(JSONValue.array(items))) + Array("}".utf8)
    // Anything but a single value could add members to the statement around it.
    _ = try StrictJSON.read(predicate, subject: subject)
    try self.init(payload, subject: subject)
  }

  /// Reads a statement.
  /// - Throws: `TrustError.malformed` for a document that is not a statement.
  public init(_ bytes: [UInt8], subject: String) throws {
    var predicateBytes: [UInt8] = []
    let document = try StrictJSON.read(bytes, .statement, subject: subject) { place in
      if let range = place.member("predicate")?.range { predicateBytes = Array(bytes[range]) }
      return place.value
    }
    guard let type = document["_type"]?.string, type == Statement.type || type == Statement.olderType,
      let predicateType = document["predicateType"]?.string, let items = document["subject"]?.array,
      !items.isEmpty, items.count <= 1024
    else { throw TrustError(.malformed, subject, reason: "it is not an in-toto statement of version 1 or 0.1") }
    var digests: Set<Digest> = []
    for item in items {
      guard let values = item["digest"] else { continue }
      for algorithm in Digest.Algorithm.allCases {
        if let hex = values[algorithm.rawValue]?.string, let digest = Digest(algorithm: algorithm, hex: hex) {
          digests.insert(digest)
        }
      }
    }
    subjects = digests
    name = items[0]["name"]?.string ?? ""
    self.predicateType = predicateType
    predicate = document["predicate"] ?? .null
    self.predicateBytes = predicateBytes
    payload = bytes
  }
}
