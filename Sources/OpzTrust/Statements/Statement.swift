public import OpzIO
public import OpzJSON
import OpzOCI

/// Something that is claimed about an image (in-toto attestation framework, Statement v1).
public struct Statement: Sendable, Hashable {
  public static let type = "https://in-toto.io/Statement/v1"

  public let subjects: Set<Digest>
  public let predicateType: String
  public let predicate: JSONValue
  private let names: [String]

  public init(about image: Digest, name: String, _ predicateType: String, _ predicate: JSONValue) {
    subjects = [image]
    names = [name]
    self.predicateType = predicateType
    self.predicate = predicate
  }

  /// - Throws: `TrustError.malformed` for a document that is not a statement.
  public init(_ bytes: [UInt8], subject: String) throws {
    guard case .object(let members) = try StrictJSON.read(bytes, .statement, subject: subject),
      members["_type"] == .string(Statement.type), case .string(let predicateType)? = members["predicateType"],
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
    names = []
    self.predicateType = predicateType
    predicate = members["predicate"] ?? .null
  }

  public func encode() throws -> [UInt8] {
    let subjects = self.subjects.sorted().map { digest in
      JSONValue.object([
        "name": .string(names.first ?? ""), "digest": .object([digest.algorithm.rawValue: .string(digest.hex)]),
      ])
    }
    return try CanonicalJSON.encode(
      JSONValue.object([
        "_type": .string(Statement.type), "subject": .array(subjects), "predicateType": .string(predicateType),
        "predicate": predicate,
      ]))
  }
}
