public import OpzIO
public import OpzJSON
import OpzOCI

/// Something that is claimed about an image, and about its record with it (in-toto attestation framework, Statement v1).
public struct Statement: Sendable, Hashable {
  public static let type = "https://in-toto.io/Statement/v1"
  /// Of before, as cosign 2 writes it: the same members.
  private static let oldType = "https://in-toto.io/Statement/v0.1"

  /// What the claim is about.
  public struct Subject: Sendable, Hashable {
    /// For people: only the digest counts.
    public let name: String
    public let digest: Digest

    public init(_ digest: Digest, name: String) {
      self.name = name
      self.digest = digest
    }
  }

  public let subjects: Set<Digest>
  public let predicateType: String
  public let predicate: JSONValue
  /// In the order in which they are written; empty for a statement that was read.
  private let named: [Subject]

  public init(about image: Digest, name: String, _ predicateType: String, _ predicate: JSONValue) {
    self.init(about: [Subject(image, name: name)], predicateType, predicate)
  }

  public init(about subjects: [Subject], _ predicateType: String, _ predicate: JSONValue) {
    self.subjects = Set(subjects.map(\.digest))
    named = subjects
    self.predicateType = predicateType
    self.predicate = predicate
  }

  /// - Throws: `TrustError.malformed` for a document that is not a statement.
  public init(_ bytes: [UInt8], subject: String) throws {
    guard case .object(let members) = try StrictJSON.read(bytes, .statement, subject: subject),
      [.string(Statement.type), .string(Statement.oldType)].contains(members["_type"]),
      case .string(let predicateType)? = members["predicateType"],
      case .array(let items)? = members["subject"], !items.isEmpty, items.count <= 1024
    else { throw TrustError(.malformed, subject, "it is not an in-toto statement of version 1") }
    var digests: Set<Digest> = []
    for case .object(let item) in items {
      guard case .object(let values)? = item["digest"] else { continue }
      for algorithm in Digest.Algorithm.allCases {
        if case .string(let hex)? = values[algorithm.rawValue], let digest = Digest(algorithm: algorithm, hex: hex) {
          digests.insert(digest)
        }
      }
    }
    subjects = digests
    named = []
    self.predicateType = predicateType
    predicate = members["predicate"] ?? .null
  }

  public func encode() throws -> [UInt8] {
    let written = named.isEmpty ? subjects.sorted().map { Subject($0, name: "") } : named
    let subjects = written.map { subject in
      JSONValue.object([
        "name": .string(subject.name),
        "digest": .object([subject.digest.algorithm.rawValue: .string(subject.digest.hex)]),
      ])
    }
    return try CanonicalJSON.encode(
      JSONValue.object([
        "_type": .string(Statement.type), "subject": .array(subjects), "predicateType": .string(predicateType),
        "predicate": predicate,
      ]))
  }
}
