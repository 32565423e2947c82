import OpzIO
public import OpzJSON
public import OpzOCI
public import OpzRegistry

/// A bill of materials of a version (CycloneDX 1.6, an ML-BOM): the image, its base, the model with its card, the
/// wheels and the files.
///
/// It is generated from the record and its format's family alone, so it is the same on every machine and at any time.
public struct ModelBOM: Sendable {
  /// CycloneDX in JSON.
  public static let mediaType = MediaType("application/vnd.cyclonedx+json")

  private let record: VersionRecord
  private let files: [VersionRecord.File]
  private let family: String?

  /// Creates the bill of materials of a version.
  /// - Parameters:
  ///   - files: all files that opz put into the image.
  ///   - family: the kind of model, by its format: `gradient-boosted trees`.
  public init(_ record: VersionRecord, files: [VersionRecord.File], family: String?) {
    self.record = record
    self.files = files
    self.family = family
  }

  /// The document, indented; equal records give equal bytes.
  /// - Throws: what encoding throws.
  public func encode() throws -> [UInt8] { try CanonicalJSON.encodePretty(document) }

  /// The document as a JSON value.
  public var document: JSONValue {
    let parts = [model] + base + data + packages + fileComponents
    let references = parts.compactMap { part -> JSONValue? in
      if case .object(let members) = part { members["bom-ref"] } else { nil }
    }
    return .object([
      "$schema": .string("http://cyclonedx.org/schema/bom-1.6.schema.json"), "bomFormat": .string("CycloneDX"),
      "specVersion": .string("1.6"), "version": .integer(1), "serialNumber": .string(serial), "metadata": metadata,
      "components": .array(parts),
      "dependencies": .array([.object(["ref": .string(imageRef), "dependsOn": .array(references)])]),
    ])
  }

  /// A version 8 UUID (RFC 9562) derived from the image's digest, so that an image has one serial number.
  private var serial: String {
    var bytes = Array(record.image.digest.bytes.prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    let hex = Hex.encode(bytes)
    var parts: [Substring] = []
    var rest = hex[...]
    for count in [8, 4, 4, 4, 12] {
      parts.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return "urn:uuid:\(parts.joined(separator: "-"))"
  }

  private var imageRef: String {
    "pkg:oci/\(record.name.split(separator: "/").last ?? "")@\(ModelBOM.encoded(record.image.digest))"
  }

  private static func encoded(_ digest: Digest) -> String { "\(digest.algorithm.rawValue)%3A\(digest.hex)" }

  private static func hashes(_ digest: Digest?) -> [String: JSONValue] {
    guard let digest else { return [:] }
    let algorithm = digest.algorithm == .sha256 ? "SHA-256" : "SHA-512"
    return ["hashes": .array([.object(["alg": .string(algorithm), "content": .string(digest.hex)])])]
  }

  private static func component(
    _ type: String, _ reference: String, name: String, version: String? = nil, digest: Digest? = nil,
    more: [String: JSONValue] = [:]
  ) -> JSONValue {
    var members = hashes(digest)
    members["type"] = .string(type)
    members["bom-ref"] = .string(reference)
    members["name"] = .string(name)
    members["version"] = version.map { .string($0) }
    return .object(members.merging(more) { _, new in new })
  }

  private static func properties(_ values: [(String, String?)]) -> [String: JSONValue] {
    let items = values.compactMap { name, value in
      value.map { JSONValue.object(["name": .string(name), "value": .string($0)]) }
    }
    return items.isEmpty ? [:] : ["properties": .array(items)]
  }

  private var metadata: JSONValue {
    let tool = record.tool.split(separator: " ", maxSplits: 1).map(String.init)
    var maker: [String: JSONValue] = ["type": .string("application"), "name": .string(tool.first ?? "opz")]
    if tool.count > 1 { maker["version"] = .string(tool[1]) }
    let git = record.lineage.git
    let image = ModelBOM.component(
      "container", imageRef, name: record.name, version: record.version, digest: record.image.digest,
      more: ["purl": .string(imageRef)].merging(
        ModelBOM.properties([
          ("opz:content", record.content.description), ("opz:runtime", record.runtime.kind),
          ("opz:platforms", record.platforms.joined(separator: ",")), ("opz:parent", record.lineage.parent),
          ("opz:git:commit", git?.commit), ("opz:git:dirty", git.map { "\($0.dirty)" }),
        ])
      ) { one, _ in one })
    return .object([
      "timestamp": .string(record.created), "tools": .object(["components": .array([.object(maker)])]),
      "component": image,
    ])
  }

  private var base: [JSONValue] {
    guard let digest = record.runtime.baseDigest else { return [] }
    let name = record.runtime.base ?? "base"
    return [ModelBOM.component("container", "base:\(digest)", name: name, version: digest.description, digest: digest)]
  }

  private var data: [JSONValue] {
    ModelBOM.unique(record.lineage.data) { "data:\($0.path)" }.map { reference, file in
      ModelBOM.component(
        "data", reference, name: file.path, version: nil, digest: file.digest,
        more: [
          "data": .array([.object(["type": .string("dataset"), "name": .string(file.path)])]),
          "properties": .array([.object(["name": .string("opz:size"), "value": .string("\(file.size)")])]),
        ])
    }
  }

  private var packages: [JSONValue] {
    ModelBOM.unique(record.packages ?? []) { package in
      guard package.distribution == nil else { return ModelBOM.purl(package) }
      return "pkg:pypi/\(package.name)@\(package.version)?file_name=\(package.wheel)"
    }.map { reference, package in
      ModelBOM.component(
        "library", reference, name: package.name, version: package.version, digest: package.digest,
        more: ["purl": .string(ModelBOM.purl(package))].merging(
          ModelBOM.properties([
            (package.distribution == nil ? "opz:wheel" : "opz:deb", package.wheel), ("opz:platform", package.platform),
          ])
        ) { one, _ in one })
    }
  }

  /// The package's URL (package-url's types pypi and deb).
  private static func purl(_ package: VersionRecord.Package) -> String {
    guard let distribution = package.distribution else {
      return "pkg:pypi/\(package.name)@\(package.version.replacing("+", with: "%2B"))"
    }
    let name = package.name.replacing("+", with: "%2B")
    let version = package.version.replacing("+", with: "%2B").replacing(":", with: "%3A")
    let architecture = package.wheel.split(separator: "_").last.map { $0.prefix { $0 != "." } } ?? "all"
    return "pkg:deb/\(distribution)/\(name)@\(version)?arch=\(architecture)"
  }

  private var fileComponents: [JSONValue] {
    // Files from wheels are covered by the wheels' components.
    let own = files.filter { $0.link == nil && $0.role != "environment" }
    return ModelBOM.unique(own) { "file:\($0.path)" }.map { reference, file in
      ModelBOM.component(
        "file", reference, name: file.path, version: nil, digest: file.digest,
        more: ModelBOM.properties([("opz:role", file.role), ("opz:mode", file.mode), ("opz:size", "\(file.size)")]))
    }
  }

  /// Makes references unique by numbering repeated ones.
  private static func unique<Item>(_ items: [Item], _ name: (Item) -> String) -> [(String, Item)] {
    var seen: [String: Int] = [:]
    return items.map { item in
      let text = name(item)
      let count = seen[text, default: 0]
      seen[text] = count + 1
      return (count == 0 ? text : "\(text)#\(count + 1)", item)
    }
  }

  // MARK: The model

  private var model: JSONValue {
    let weights = files.filter { $0.role == "model" && $0.link == nil }
    var parameters: [String: JSONValue] = [:]
    if let model = record.model {
      parameters["modelArchitecture"] = .string(model.format)
      if let family { parameters["architectureFamily"] = .string(family) }
      if case .object(let signature)? = model.signature {
        for part in ["inputs", "outputs"] {
          if case .array(let items)? = signature[part] { parameters[part] = .array(items.map(ModelBOM.field)) }
        }
      }
    }
    let data = ModelBOM.unique(record.lineage.data) { "data:\($0.path)" }
    if !data.isEmpty { parameters["datasets"] = .array(data.map { .object(["ref": .string($0.0)]) }) }
    var card: [String: JSONValue] = [:]
    if !parameters.isEmpty { card["modelParameters"] = .object(parameters) }
    if !metrics.isEmpty { card["quantitativeAnalysis"] = .object(["performanceMetrics": .array(metrics)]) }
    return ModelBOM.component(
      "machine-learning-model", "model", name: record.name, version: record.version,
      digest: weights.count == 1 ? weights[0].digest : nil,
      more: card.isEmpty ? [:] : ["modelCard": .object(card)])
  }

  private static func field(_ value: JSONValue) -> JSONValue {
    guard case .object(let members) = value else { return .object([:]) }
    var text: [String] = []
    if case .string(let name)? = members["name"] { text.append(name) }
    if case .object(let kind)? = members["kind"], case .string(let type)? = kind["type"] { text.append(type) }
    if case .integer(let columns)? = members["columns"] { text.append("\(columns) a row") }
    return .object(["format": .string(text.joined(separator: ": "))])
  }

  private var metrics: [JSONValue] {
    guard case .object(let members)? = record.lineage.metrics else { return [] }
    return members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.compactMap { name, value in
      let text: String
      switch value {
      case .integer(let number): text = "\(number)"
      case .number(let number): text = "\(number)"
      case .string(let words): text = words
      default: return nil
      }
      return .object(["type": .string(name), "value": .string(text)])
    }
  }
}
