/// The keys of the section `deploy` of opz.yaml.
public enum DeployKeys {
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

  /// Every mapping with fixed keys, by path.
  public static let mappings: [(path: String, keys: [String])] = [
    ("deploy", deploy), ("deploy.replicas", replicas), ("deploy.resources", resources),
    ("deploy.autoscale", autoscale), ("deploy.resources.gpu", gpu), ("deploy.autoscale.up", rule),
    ("deploy.autoscale.down", rule), ("deploy.namespace", namespace), ("deploy.namespace.quota", quota),
    ("deploy.ingress", ingress), ("deploy.monitoring", monitoring), ("deploy.rollout", rollout),
    ("deploy.batch", batch), ("deploy.batch.input", volume), ("deploy.batch.output", volume),
  ]

  /// Mappings with keys chosen by the user.
  public static let open = ["deploy.env", "deploy.ingress.pods", "deploy.monitoring.labels"]
}
