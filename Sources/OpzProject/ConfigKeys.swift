import OpzDeploy
import OpzIO
import OpzPackage
import OpzRegistry
import OpzYAML

/// The keys of opz.yaml, joined from its sections. A test compares them with `templates/opz.schema.json`.
enum ConfigKeys {
  static let top = [
    "opz", "name", "version", "model", "runtime", "serve", "code", "config", "files", "links", "layers", "env",
    "platforms",
    "lineage", "deploy", "push", "test", "monitor", "features",
  ]
  static let model = ["path", "format", "iterations", "unseen"]
  static let push = ["to"]

  /// Every mapping with fixed keys, by path.
  static let mappings: [(path: String, keys: [String])] =
    [("", top), ("model", model), ("runtime", RuntimeSection.keys), ("lineage", LineageSection.keys)]
    + ServeSection.mappings + [("test", TestSection.keys), ("test.tolerance", TestSection.toleranceKeys)]
    + [("monitor", MonitorSection.keys), ("features", FeaturesSection.keys)]
    + DeployKeys.mappings + [("push", push), ("layers", ImageKeys.layers)]

  /// Mappings with keys chosen by the user.
  static let open = ["env", "lineage.tags", contract] + DeployKeys.open
  /// Its names are columns, each with keys of its own (`ContractSection.columnKeys`).
  static let contract = "serve.contract"

  /// The hint for an unknown key: the most similar key of its mapping, else the same key elsewhere.
  static func hint(unknown key: String, in path: String, keys: [String]) -> String {
    if let near = NearestName.find(key, in: keys) { return "did you mean \(near)?" }
    let elsewhere = mappings.filter { $0.path != path && $0.keys.contains(key) }.map { mapping in
      mapping.path.isEmpty ? "\(key) at the top" : "\(mapping.path).\(key)"
    }
    if !elsewhere.isEmpty { return "did you mean \(elsewhere.joined(separator: " or "))?" }
    return "\(path.isEmpty ? "opz.yaml" : path) has the keys \(keys.joined(separator: ", "))"
  }
}
