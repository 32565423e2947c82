import OpzIO
import OpzOCI
import OpzPackage
import OpzProject
import OpzRegistry
import OpzSQL
import SystemPackage

/// The query of a project that makes the model's columns in a database. It is a file of the image, so that a version has
/// it with its digest, and another query is another version.
struct ProjectFeatures: Sendable {
  /// The file in the image, from its root.
  static let place: FilePath = "opt/opz/features.sql"

  let query: FeatureQuery
  /// For people: `features.sql`, `target/manifest.json, customer_features`.
  let source: String

  /// Reads the query that opz.yaml names, else the project's `features.sql`; nil if there is none.
  /// - Throws: `ConfigError`, `SQLError`, `IOFailure`.
  init?(_ config: ProjectConfig, in directory: FilePath) throws {
    if let manifest = config.features?.dbt, let model = config.features?.model {
      source = "\(manifest), \(model)"
      let text = try DBTManifest(directory.pushing(FilePath(manifest)), name: manifest).query(of: model)
      query = try FeatureQuery(text, subject: source)
      return
    }
    let name = config.features?.sql ?? FeaturesSection.usualFile
    let path = directory.pushing(FilePath(name))
    let isThere = try FileStatus.find(path)?.kind == .file
    guard config.features != nil || isThere else { return nil }
    source = name
    query = try ProjectFeatures.read(path, name: name)
  }

  /// Reads a file with a query.
  static func read(_ path: FilePath, name: String) throws -> FeatureQuery {
    let bytes = try SmallFile.read(path, limit: FeatureQuery.limit * 2)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SQLError(.badOption, name, reason: "the query is not UTF-8", hint: "save the file as UTF-8")
    }
    return try FeatureQuery(text, subject: name)
  }

  private var bytes: [UInt8] { Array(query.text.utf8) + [UInt8(ascii: "\n")] }

  /// The file in the image.
  func file(in registry: Registry) throws -> SourceFile {
    try ServedWorker.file(
      bytes, at: ProjectFeatures.place, role: .config, registry.cacheDirectory.appending("served"))
  }

  /// For people.
  var note: String { "\(source) makes the model's columns in a database (\(Digest.of(bytes).short))" }
}
