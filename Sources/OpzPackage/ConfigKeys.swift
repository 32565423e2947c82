/// The keys of opz.yaml. `templates/opz.schema.json` has the same; a test compares the two.
enum ConfigKeys {
  static let top = [
    "opz", "name", "version", "model", "runtime", "code", "config", "env", "platforms", "lineage", "deploy", "push",
  ]
  static let model = ["path", "format"]
  static let runtime = ["kind", "base", "python", "requirements", "lock", "command", "user", "expose"]
  static let lineage = ["data", "metrics", "parent", "tags"]
  static let deploy = ["replicas", "resources", "autoscale"]
  static let replicas = ["min", "max"]
  static let resources = ["cpu", "memory"]
  static let autoscale = ["cpu"]
  static let push = ["to"]
}
