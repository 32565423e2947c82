import OpzInference

/// What answers requests, at one moment: the versions of each model, the newest first. Never changed in place while it is
/// read: who asks gets a copy.
struct ModelTable: Sendable {
  private(set) var models: [String: [ServedVersion]] = [:]

  init() {}

  /// All versions, by name and then the newest first.
  var all: [ServedVersion] { names.flatMap { models[$0] ?? [] } }

  var names: [String] { models.keys.sorted() }

  /// Puts versions in the place of all that the model has; none takes it out.
  /// - Returns: those that it had, for the caller to release outside of any lock.
  mutating func replace(_ name: String, with versions: [ServedVersion]) -> [ServedVersion] {
    let before = models[name] ?? []
    models[name] = versions.isEmpty ? nil : versions.sorted { $1.order < $0.order }
    return before
  }

  /// The version of a model that answers: the one that is asked for, else the newest that is ready, else the newest.
  /// - Throws: `RequestFailure` with 404.
  func find(_ name: String, _ version: String?) throws -> ServedVersion {
    guard let versions = models[name], let newest = versions.first else { throw missing(name) }
    guard let version, !version.isEmpty else {
      return versions.count == 1 ? newest : versions.first { $0.model.isReady } ?? newest
    }
    guard let found = versions.first(where: { $0.model.version == version }) else {
      throw RequestFailure(
        404,
        "there is no version '\(version.prefix(100))' of '\(name.prefix(200))': this server has "
          + ModelTable.list(versions.map(\.model.version)))
    }
    return found
  }

  private func missing(_ name: String) -> RequestFailure {
    let has = models.isEmpty ? "no model is loaded" : "this server has \(ModelTable.list(names))"
    return RequestFailure(404, "there is no model '\(name.prefix(200))': \(has)")
  }

  /// The version that answers where a request names no model.
  /// - Throws: `RequestFailure` with 400 where there are several, 404 where there is none.
  func only() throws -> ServedVersion {
    guard models.count == 1, let name = models.keys.first else {
      if models.isEmpty { throw RequestFailure(404, "no model is loaded", leavesBody: true) }
      throw RequestFailure(
        400,
        "this server has \(models.count) models, and /invocations names none: "
          + "POST /v1/models/NAME:predict takes the same rows as JSON", leavesBody: true)
    }
    return try find(name, nil)
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(10).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 10 ? "\(shown) and \(names.count - 10) more" : shown
  }
}
