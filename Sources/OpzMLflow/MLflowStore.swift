import OpzIO
public import OpzJSON
import OpzOCI
public import SystemPackage

/// The model registry in MLflow's SQLite store (mlflow/store/model_registry/dbmodels): registered models with their
/// versions, tags and aliases.
///
/// Columns are looked up by name, so stores of MLflow 1 to 3 are read alike; missing columns are empty.
public struct MLflowStore {
  /// A registered model.
  public struct Model: Sendable {
    public let name: String
    public let description: String?
    public let tags: [String: String]
    /// Version by alias.
    public let aliases: [String: UInt64]
    /// Sorted by number, without deleted versions.
    public let versions: [MLflowVersion]
  }

  public let path: FilePath
  private let database: Database
  private let tables: Set<String>

  /// Opens a store.
  /// - Parameters:
  ///   - name: a path, or `sqlite:///` and a path as in MLflow: `sqlite:///rel/mlflow.db`,
  ///     `sqlite:////abs/mlflow.db`.
  ///   - directory: the base of a relative path.
  public init(_ name: String, in directory: FilePath) throws {
    let scheme = "sqlite:///"
    path = directory.pushing(FilePath(name.hasPrefix(scheme) ? String(name.dropFirst(scheme.count)) : name))
    database = try Database(path)
    tables = try database.tables()
    guard tables.contains("registered_models"), tables.contains("model_versions") else {
      throw MLflowError(
        .notAStore, path.string, reason: "the database has no tables registered_models and model_versions",
        hint: "name the file of MLflow's SQLite store")
    }
  }

  /// The registered models of a workspace, by name. Workspaces exist since MLflow 3.10; older stores have only
  /// `default`.
  public func models(workspace: String = "default") throws -> [Model] {
    let all = try rows("registered_models")
    let known = Set(all.compactMap { $0["workspace"]?.text })
    guard known.isEmpty || known.contains(workspace) else {
      throw MLflowError(
        .notFound, workspace, reason: "no such workspace in \(path)",
        hint: "its workspaces are \(known.sorted().joined(separator: ", "))")
    }
    func here(_ row: Database.Row) -> Bool { (row["workspace"]?.text ?? workspace) == workspace }
    let versions = Dictionary(grouping: try rows("model_versions").filter(here)) { $0["name"]?.text ?? "" }
    let tags = Dictionary(grouping: try rows("registered_model_tags").filter(here)) { $0["name"]?.text ?? "" }
    let versionTags = Dictionary(grouping: try rows("model_version_tags").filter(here)) { row in
      "\(row["version"]?.integer ?? 0) \(row["name"]?.text ?? "")"
    }
    let aliases = Dictionary(grouping: try rows("registered_model_aliases").filter(here)) { $0["name"]?.text ?? "" }
    return try all.filter(here).compactMap { row in
      guard let name = row["name"]?.text else { return nil }
      let named = (aliases[name] ?? []).compactMap { row in
        row["alias"]?.text.flatMap { alias in row["version"]?.integer.flatMap(UInt64.init(exactly:)).map { (alias, $0) }
        }
      }
      return Model(
        name: name, description: row["description"]?.text, tags: MLflowStore.pairs(tags[name] ?? []),
        aliases: Dictionary(named, uniquingKeysWith: { one, _ in one }),
        versions: try (versions[name] ?? []).compactMap { row in
          try version(row, tags: versionTags["\(row["version"]?.integer ?? 0) \(name)"] ?? [])
        }.sorted { $0.number < $1.number })
    }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private func rows(_ table: String) throws -> [Database.Row] {
    tables.contains(table) ? try database.rows("SELECT * FROM \(table)") : []
  }

  private func rows(_ table: String, ofRun id: String) throws -> [Database.Row] {
    tables.contains(table) ? try database.rows("SELECT * FROM \(table) WHERE run_uuid = ?1", id) : []
  }

  private static func pairs(_ rows: [Database.Row]) -> [String: String] {
    Dictionary(
      rows.compactMap { row in row["key"]?.text.map { ($0, row["value"]?.text ?? "") } },
      uniquingKeysWith: { one, _ in one })
  }

  /// Nil for a version that MLflow deleted: its row remains in the stage `Deleted_Internal`, without a source.
  private func version(_ row: Database.Row, tags: [Database.Row]) throws -> MLflowVersion? {
    let stage = row["current_stage"]?.text
    guard stage != "Deleted_Internal", let name = row["name"]?.text,
      let number = row["version"]?.integer.flatMap(UInt64.init(exactly:)), number > 0
    else { return nil }
    // Since MLflow 2.10, `storage_location` is the resolved `source`.
    let location = row["storage_location"]?.text ?? row["source"]?.text ?? ""
    return MLflowVersion(
      model: name, number: number, created: row["creation_time"]?.integer, description: row["description"]?.text,
      stage: stage == "None" ? nil : stage, status: row["status"]?.text, location: try follow(location, depth: 0),
      tags: MLflowStore.pairs(tags), run: try row["run_id"]?.text.map(run))
  }

  private func run(_ id: String) throws -> MLflowVersion.Run {
    var metrics: [String: JSONValue] = [:]
    for row in try rows("latest_metrics", ofRun: id) {
      guard let key = row["key"]?.text, let value = row["value"]?.double else { continue }
      let isNaN = row["is_nan"]?.integer == 1
      metrics[key] = isNaN ? .string("NaN") : value.isFinite ? .number(value) : .string(value < 0 ? "-inf" : "inf")
    }
    return MLflowVersion.Run(
      id: id, metrics: metrics, parameters: MLflowStore.pairs(try rows("params", ofRun: id)),
      tags: MLflowStore.pairs(try rows("tags", ofRun: id)))
  }

  /// Resolves `models:/m-ID`, `models:/NAME/VERSION` and `runs:/ID/PATH`.
  private func follow(_ location: String, depth: Int) throws -> String {
    // A longer chain of references is a cycle.
    guard depth < 8 else { return location }
    if let rest = location.afterPrefix("models:/") {
      let parts = rest.split(separator: "/").map(String.init)
      if parts.count == 1, tables.contains("logged_models") {
        let found = try database.rows("SELECT * FROM logged_models WHERE model_id = ?1", parts[0]).first
        return found?["artifact_location"]?.text ?? location
      }
      if parts.count == 2 {
        let found = try database.rows(
          "SELECT * FROM model_versions WHERE name = ?1 AND version = CAST(?2 AS INTEGER)", parts[0], parts[1]
        ).first
        if let next = found?["storage_location"]?.text ?? found?["source"]?.text {
          return try follow(next, depth: depth + 1)
        }
      }
    }
    if let rest = location.afterPrefix("runs:/") {
      let parts = rest.split(separator: "/", maxSplits: 1).map(String.init)
      if let id = parts.first, let root = try rows("runs", ofRun: id).first?["artifact_uri"]?.text {
        return parts.count == 2 ? "\(root)/\(parts[1])" : root
      }
    }
    return location
  }
}

extension String {
  func afterPrefix(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}

/// A version of a registered model, as stored by MLflow.
public struct MLflowVersion: Sendable, Hashable {
  public let model: String
  /// 1, 2, ..
  public let number: UInt64
  /// Milliseconds since 1970.
  public let created: Int64?
  public let description: String?
  /// `Production`, `Staging` or `Archived`; nil if there is none. MLflow 2.9 replaced stages with aliases.
  public let stage: String?
  /// `READY`, or the reason why there may be no artifacts.
  public let status: String?
  /// The artifacts' location according to MLflow: a path or a URI.
  public let location: String
  public let tags: [String: String]
  public let run: Run?

  /// The run that logged the model.
  public struct Run: Sendable, Hashable {
    public let id: String
    public let metrics: [String: JSONValue]
    public let parameters: [String: String]
    public let tags: [String: String]
  }
}
