public import OpzIO
public import OpzJSON

/// Something that is claimed about an image, its record or files (in-toto attestation framework, Statement v1; v0.1 is read too).
public struct Statement: Sendable, Hashable {
  /// What a statement is about.
  public struct Subject: Sendable, Hashable {
    /// For people; a statement is about what has the digest.
    public let name: String
    /// What the statement is about.
    public let digest: Digest

    /// - Parameter name: for people.
    public init(_ digest: Digest, name: String) {
      self.name = name
      self.digest = digest
    }
  }

  /// The `_type` of version 1.
  public static let type = "https://in-toto.io/Statement/v1"
  /// What cosign 2 writes; the members that are read are the same.
  private static let olderType = "https://in-toto.io/Statement/v0.1"

  /// What it is about; subjects without a digest that can be read are none.
  public let subjects: Set<Digest>
  /// The first subject's name; "" where it has none.
  public let name: String
  /// What the predicate is, a URI.
  public let predicateType: String
  /// What is claimed; null where there is none.
  public let predicate: JSONValue
  /// The predicate as it stands in the payload; empty where there is none.
  public let predicateBytes: [UInt8]
  /// The statement's bytes: what is signed, and never written again.
  public let payload: [UInt8]

  /// A statement about one image.
  /// - Throws: what encoding throws.
  public init(about image: Digest, name: String, _ predicateType: String, _ predicate: JSONValue) throws {
    try self.init(about: [Subject(image, name: name)], predicateType, predicate)
  }

  /// A statement about all of these at once.
  /// - Throws: what encoding throws.
  public init(about subjects: [Subject], _ predicateType: String, _ predicate: JSONValue) throws {
    try self.init(about: subjects, predicateType, CanonicalJSON.encode(predicate), subject: predicateType)
  }

  /// A statement whose predicate keeps its bytes.
  /// - Parameters:
  ///   - predicate: JSON.
  ///   - subject: what errors name.
  /// - Throws: `TrustError.malformed` for a predicate that is no JSON.
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
    // A predicate that is not one value would say something else in this place.
    _ = try StrictJSON.read(predicate, subject: subject)
    try self.init(payload, subject: subject)
  }

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
    else { throw TrustError(.malformed, subject, "it is not an in-toto statement of version 1 or 0.1") }
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
