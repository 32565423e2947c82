/// The keys of opz.yaml. `templates/opz.schema.json` has the same; a test compares the two.
enum ConfigKeys {
  static let top = [
    "opz", "name", "version", "model", "runtime", "code", "config", "files", "layers", "env", "platforms", "lineage",
    "deploy", "push",
  ]
  static let model = ["path", "format"]
  static let runtime = ["kind", "base", "python", "requirements", "lock", "command", "user", "expose"]
  /// Of each item of the list.
  static let files = ["path", "to", "owner", "mode"]
  static let layers = ["compression"]
  static let lineage = ["data", "metrics", "parent", "tags"]
  static let deploy = ["replicas", "resources", "autoscale"]
  static let replicas = ["min", "max"]
  static let resources = ["cpu", "memory"]
  static let autoscale = ["cpu"]
  static let push = ["to"]

  /// Every mapping with fixed keys, by its own path.
  static let mappings: [(path: String, keys: [String])] = [
    ("", top), ("model", model), ("runtime", runtime), ("lineage", lineage), ("deploy", deploy),
    ("deploy.replicas", replicas), ("deploy.resources", resources), ("deploy.autoscale", autoscale), ("push", push),
    ("layers", layers),
  ]

  /// Mappings whose keys are the user's own.
  static let open = ["env", "lineage.tags"]

  /// What to do about a key that its mapping does not have: the nearest key there, else the same key elsewhere.
  static func hint(unknown key: String, in path: String, keys: [String]) -> String {
    if let near = NearestName.find(key, in: keys) { return "did you mean \(near)?" }
    let elsewhere = mappings.filter { $0.path != path && $0.keys.contains(key) }.map { mapping in
      mapping.path.isEmpty ? "\(key) at the top" : "\(mapping.path).\(key)"
    }
    if !elsewhere.isEmpty { return "did you mean \(elsewhere.joined(separator: " or "))?" }
    return "\(path.isEmpty ? "opz.yaml" : path) has \(keys.joined(separator: ", "))"
  }
}
