import OpzYAML

/// The keys of opz.yaml. A test compares them with `templates/opz.schema.json`.
enum ConfigKeys {
  static let top = [
    "opz", "name", "version", "model", "runtime", "code", "config", "files", "layers", "env", "platforms", "lineage",
    "deploy", "push",
  ]
  static let model = ["path", "format"]
  static let runtime = ["kind", "base", "python", "requirements", "lock", "command", "user", "expose"]
  /// Keys of each list item.
  static let files = ["path", "to", "owner", "mode"]
  static let layers = ["compression"]
  static let lineage = ["data", "metrics", "parent", "tags"]
  static let deploy = [
    "replicas", "resources", "autoscale", "env", "envFrom", "imagePullSecrets", "priorityClass", "spread", "namespace",
    "ingress", "monitoring", "vpa", "storage", "rollout", "batch", "schedules", "patches",
  ]
  static let replicas = ["min", "max"]
  static let resources = ["cpu", "memory", "gpu"]
  static let gpu = ["count", "resource", "product", "toleration"]
  static let autoscale = ["cpu", "memory", "concurrency", "rps", "activate", "up", "down"]
  static let rule = ["window", "pods", "percent", "period"]
  static let namespace = ["name", "quota"]
  static let quota = ["cpu", "memory", "pods"]
  static let ingress = ["namespaces", "pods"]
  static let monitoring = ["enabled", "server", "namespace", "labels"]
  static let rollout = ["strategy", "weight", "gateway", "hosts"]
  static let batch = ["input", "output", "shards", "parallelism", "schedule", "timeZone", "command"]
  static let volume = ["claim", "path"]
  /// Keys of each list item.
  static let schedule = [
    "name", "cron", "command", "timeZone", "concurrency", "deadline", "timeout", "retries", "resources",
  ]
  /// Keys of each list item.
  static let patch = ["kind", "name", "merge", "json"]
  static let push = ["to"]

  /// Every mapping with fixed keys, by path.
  static let mappings: [(path: String, keys: [String])] = [
    ("", top), ("model", model), ("runtime", runtime), ("lineage", lineage), ("deploy", deploy),
    ("deploy.replicas", replicas), ("deploy.resources", resources), ("deploy.autoscale", autoscale), ("push", push),
    ("deploy.resources.gpu", gpu), ("deploy.autoscale.up", rule), ("deploy.autoscale.down", rule),
    ("deploy.namespace", namespace), ("deploy.namespace.quota", quota), ("deploy.ingress", ingress),
    ("deploy.monitoring", monitoring), ("deploy.rollout", rollout), ("deploy.batch", batch),
    ("deploy.batch.input", volume), ("deploy.batch.output", volume),
    ("layers", layers),
  ]

  /// Mappings with keys chosen by the user.
  static let open = ["env", "lineage.tags", "deploy.env", "deploy.ingress.pods", "deploy.monitoring.labels"]

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
