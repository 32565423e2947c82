public import OpzIO
import OpzJSON

/// A model's files with their digests: what OpenSSF model signing v1.0 signs.
///
/// The format is that of the reference implementation, PyPI's `model-signing` 1.x: an in-toto statement whose subject
/// is the root digest, and whose predicate (`https://model_signing/signature/v1.0`) lists the files and says how they
/// were found. Modes, times and empty directories are not covered.
public struct ModelManifest: Sendable, Hashable {
  /// A file of the model.
  public struct Resource: Sendable, Hashable {
    /// The path relative to the model's directory, with `/` separators; `.` if the model is one file. Bytes, because
    /// texts that compare equal can be different file names.
    public let name: [UInt8]
    /// SHA-256 of the content.
    public let digest: Digest

    /// Creates an entry from a path and the SHA-256 of the file's content.
    public init(_ name: [UInt8], _ digest: Digest) {
      self.name = name
      self.digest = digest
    }
  }

  /// The statement's predicate type.
  public static let predicateType = "https://model_signing/signature/v1.0"
  /// The predicate type of model-signing 0.2, which did not sign DSSE's encoding.
  private static let oldPredicateType = "https://model_signing/Digests/v0.1"
  /// The name of the file if the model is one file.
  static let singleFileName = Array(".".utf8)

  /// The name of the directory or file, for display. It is not checked.
  public let name: String
  /// The files, sorted by their path components.
  public let resources: [Resource]
  /// Paths in the model that are not covered, with everything below them.
  public let ignored: [[UInt8]]
  /// Whether a symbolic link to a file counts as that file. If false, links are not allowed at all.
  public let allowsLinks: Bool

  /// Creates a manifest of hashed files.
  /// - Parameters:
  ///   - resources: in any order, with unique names.
  ///   - ignored: paths in the same form as resource names, in any order.
  public init(name: String, _ resources: [Resource], ignoring ignored: [[UInt8]], allowsLinks: Bool) {
    self.name = name
    self.resources = resources.sorted { ModelManifest.precedes($0.name, $1.name) }
    self.ignored = Set(ignored).sorted(by: ModelManifest.precedes)
    self.allowsLinks = allowsLinks
  }

  /// SHA-256 over the files' digests in order: it identifies the model's whole content.
  public var digest: Digest { ModelManifest.root(resources) }

  private static func root(_ resources: [Resource]) -> Digest {
    var hasher = DigestHasher(.sha256)
    for resource in resources { hasher.update(resource.digest.bytes) }
    return hasher.finish()
  }

  /// The order of Python's `PurePath`: by component, so that `a/b` sorts before `a.b`.
  static func precedes(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    let slash = UInt8(ascii: "/")
    return one.lexicographicallyPrecedes(other) { ($0 == slash ? 0 : $0) < ($1 == slash ? 0 : $1) }
  }

  /// Normalizes a path as Python's `PurePosixPath` does: one `/` between components, none at the end.
  /// - Returns: nil for an absolute path, and for one with `..`.
  static func normalized(_ path: [UInt8]) -> [UInt8]? {
    guard path.first != UInt8(ascii: "/") else { return nil }
    let parts = path.split(separator: UInt8(ascii: "/")).filter { $0 != ArraySlice(singleFileName) }
    guard !parts.contains(ArraySlice("..".utf8)) else { return nil }
    return parts.isEmpty ? singleFileName : Array(parts.joined(separator: [UInt8(ascii: "/")]))
  }
}

extension ModelManifest {
  /// The statement that is signed.
  /// - Throws: `TrustError.unsignable` for a name that is not UTF-8, which JSON cannot hold.
  public func statement() throws -> Statement {
    func text(_ name: [UInt8]) throws -> JSONValue {
      guard let text = String(validating: name, as: UTF8.self) else {
        throw TrustError(
          .unsignable, PrintableText.line(bytes: name),
          reason: "its name is not UTF-8, which a signature in JSON cannot hold",
          hint: "give the file another name")
      }
      return .string(text)
    }
    let predicate = JSONValue.object([
      "serialization": .object([
        "method": "files", "hash_type": "sha256", "allow_symlinks": .bool(allowsLinks),
        "ignore_paths": .array(try ignored.map(text)),
      ]),
      "resources": .array(
        try resources.map {
          .object(["name": try text($0.name), "algorithm": "sha256", "digest": .string($0.digest.hex)])
        }),
    ])
    return try Statement(about: [.init(digest, name: name)], ModelManifest.predicateType, predicate)
  }

  private static let shape = JSONShape.object(
    [],
    [
      .init("serialization", .object(["method", "hash_type", "allow_symlinks", "ignore_paths", "shard_size"])),
      .init("resources", .list(.object(["name", "algorithm", "digest"]))),
    ])

  /// Reads what a statement claims. Nothing is verified: neither who signed it nor whether the files on disk agree.
  /// - Throws: `TrustError.malformed`.
  public init(_ statement: Statement, subject: String) throws {
    guard statement.predicateType == ModelManifest.predicateType else {
      let isOld = statement.predicateType == ModelManifest.oldPredicateType
      throw TrustError(
        .malformed, subject,
        reason: isOld
          ? "it was made by model-signing 0.2" : "it is not a model signature: \(statement.predicateType.prefix(200))",
        hint: isOld ? "sign the model again; opz reads version 1.0 of the format" : nil)
    }
    let read = try StrictJSON.read(statement.predicateBytes, ModelManifest.shape, subject: subject) { document in
      let serialization = try Serialization(document["serialization"], subject)
      guard let resources = try document["resources"]?.map({ try Resource($0, subject) }) else {
        throw TrustError(.malformed, subject, reason: "its predicate does not list a model's files")
      }
      return (serialization, resources)
    }
    let (serialization, resources) = read
    try ModelManifest.check(resources, subject)
    // In the listed order, which need not be ours.
    guard statement.subjects == [ModelManifest.root(resources)] else {
      throw TrustError(.malformed, subject, reason: "its subject's digest is not that of the files it lists")
    }
    self.init(
      name: statement.name, resources, ignoring: serialization.ignored, allowsLinks: serialization.allowsLinks)
  }

  /// How the files were found: the predicate's `serialization`.
  private struct Serialization {
    let ignored: [[UInt8]]
    let allowsLinks: Bool

    init(_ place: JSONView?, _ subject: String) throws {
      let method = place?["method"]?.string ?? "", hash = place?["hash_type"]?.string ?? ""
      guard method == "files", hash == "sha256" else {
        throw TrustError(
          .malformed, subject,
          reason: "the model was signed by the method \"\(method.prefix(40))\" with \"\(hash.prefix(40))\"",
          hint: "opz reads signatures over whole files with sha256, the default of model-signing")
      }
      guard let links = place?["allow_symlinks"].map(\.bool) ?? false,
        let ignored = place?["ignore_paths"].map(\.textList) ?? []
      else {
        throw TrustError(.malformed, subject, reason: "allow_symlinks or ignore_paths of its predicate cannot be read")
      }
      allowsLinks = links
      // A path outside the model ignores nothing in it.
      self.ignored = ignored.compactMap { ModelManifest.normalized(Array($0.utf8)) }
    }
  }

  private static func check(_ resources: [Resource], _ subject: String) throws {
    guard !resources.isEmpty else { throw TrustError(.malformed, subject, reason: "it covers no files") }
    var seen: Set<[UInt8]> = []
    for name in resources.map(\.name) {
      let shown = PrintableText.line(bytes: name, limit: 200)
      guard !name.isEmpty, normalized(name) == name, !name.contains(0), name != singleFileName || resources.count == 1
      else {
        throw TrustError(.malformed, subject, reason: "\"\(shown)\" is not a path of a file in a model")
      }
      guard seen.insert(name).inserted else {
        throw TrustError(.malformed, subject, reason: "it lists \"\(shown)\" twice")
      }
    }
  }
}

extension ModelManifest.Resource {
  fileprivate init(_ place: JSONView, _ subject: String) throws {
    guard let name = place["name"]?.string, place["algorithm"]?.string == "sha256",
      let digest = place["digest"]?.string.flatMap({ Digest(algorithm: .sha256, hex: $0) })
    else { throw TrustError(.malformed, subject, reason: "an entry of its resources is not a file with a sha256") }
    self.init(Array(name.utf8), digest)
  }
}
