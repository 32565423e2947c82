import OpzIO
import OpzJSON
import OpzYAML
public import SystemPackage

/// The manifest that dbt writes (`target/manifest.json`, schema v7 to v12): the compiled queries of its models.
public struct DBTManifest: Sendable {
  /// The most bytes of a manifest; that of a thousand models has some 20 MiB.
  private static let limit = 256 << 20

  private let bytes: [UInt8]
  private let name: String

  /// Reads a manifest's file.
  /// - Parameter name: what errors call it: `target/manifest.json`.
  /// - Throws: `IOFailure`.
  public init(_ path: FilePath, name: String) throws {
    bytes = try SmallFile.read(path, limit: DBTManifest.limit)
    self.name = name
  }

  /// The query of a model as dbt compiled it (`compiled_code`; `compiled_sql` before 1.3).
  /// - Parameter model: its name, or `package.name` where two packages have one of the name.
  /// - Throws: `ConfigError` for what is no manifest, a model that it does not have or has twice, and one that is not
  ///   compiled.
  public func query(of model: String) throws -> String {
    let (found, known) = try models(named: model)
    guard let first = found.first else {
      throw ConfigError(
        name, "it has no model \(model.prefix(200))",
        hint: NearestName.find(model, in: known).map { "did you mean \($0)?" } ?? "features.model names a model of dbt")
    }
    guard found.count == 1 else {
      throw ConfigError(
        name, "several packages have a model \(model.prefix(200)): \(found.map(\.id).joined(separator: ", "))",
        hint: "write PACKAGE.MODEL")
    }
    guard let query = first.query, !query.isEmpty else {
      throw ConfigError(
        name, "the model \(model.prefix(200)) is not compiled", hint: "dbt compile --select \(model.prefix(200))")
    }
    return query
  }

  /// The models of a name with their queries, and the names of all.
  private func models(named model: String) throws -> (found: [(id: String, query: String?)], known: [String]) {
    do {
      return try JSONView.read(bytes, .anything) { root in
        var known: [String] = []
        var found: [(id: String, query: String?)] = []
        for (id, node) in root["nodes"]?.members ?? [] where node["resource_type"]?.string == "model" {
          guard let name = node["name"]?.string else { continue }
          known.append(name)
          guard name == model || "\(node["package_name"]?.string ?? "").\(name)" == model else { continue }
          found.append((id, node["compiled_code"]?.string ?? node["compiled_sql"]?.string))
        }
        return (found.sorted { $0.id < $1.id }, known)
      }
    } catch let failure as JSONFailure {
      throw ConfigError(
        name, "not a manifest of dbt: \(failure.described(in: bytes))", hint: "dbt compile writes target/manifest.json")
    }
  }
}
