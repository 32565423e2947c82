import OpzJSON
import OpzOCI
import OpzYAML

/// A Helm template for one object: what users may change refers to values, the rest is the same as in the plain
/// output.
struct ChartTemplate {
  private let value: YAMLValue
  /// `candidate.` or `stable.` where a chart has two versions, otherwise empty.
  let root: String
  /// Escapes text that looks like a template expression but is not, such as `{{ $labels.pod }}` in an alert.
  private var template = YAMLTemplate { $0.replacing("{{", with: "{{ \"{{\" }}") }
  private var condition: String?

  init(_ object: Manifests.Object, of target: DeployTarget, root: String, _ values: inout ChartValues) {
    value = object.value
    self.root = root
    switch object.kind {
    case "Deployment":
      replicas(&values)
      pod(["spec", "template", "spec"], &values)
    case "Job": pod(["spec", "template", "spec"], &values)
    case "CronJob" where object.schedule != nil: scheduled(object.schedule ?? "", &values)
    case "CronJob": pod(["spec", "jobTemplate", "spec", "template", "spec"], &values)
    case "ConfigMap": environment(&values)
    default:
      if !target.addChartValues(object, &self, &values) { optional(object, &values) }
    }
  }

  // MARK: Text

  var text: String {
    let body = YAMLWriter.write(value, template)
    return condition.map { "{{- if \($0) }}\n\(body){{- end }}\n" } ?? body
  }

  // MARK: Replacing

  mutating func set(_ path: [String], _ expression: String) {
    if find(path) != nil { template.put(expression, at: path) }
  }

  /// Replaces a member with lines, or inserts them before another member.
  private mutating func block(
    _ parent: [String], _ key: String, before: String, lines: @escaping @Sendable (_ indent: Int) -> [String]
  ) {
    let isThere = find(parent + [key]) != nil
    guard isThere || find(parent + [before]) != nil else { return }
    template.put(at: parent + [isThere ? key : before], replacing: isThere, lines: lines)
  }

  func find(_ path: [String]) -> YAMLValue? { JSONPointer(path).value(in: value) }

  // MARK: Kinds

  static let count: [String: JSONValue] = [
    "type": .string("integer"), "minimum": .integer(0), "maximum": .integer(Int64(Int32.max)),
  ]
  private static let percent: [String: JSONValue] = [
    "type": .string("integer"), "minimum": .integer(1), "maximum": .integer(90),
  ]
  private static let amount: [String: JSONValue] = [
    "type": .array([.string("string"), .string("number")]),
    "pattern": .string("^[0-9]+(\\.[0-9]+)?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$"),
  ]
  private static let flag: [String: JSONValue] = ["type": .string("boolean")]

  private mutating func replicas(_ values: inout ChartValues) {
    let scales = find(["spec", "replicas"]) == nil
    let on = values.add(
      root + "autoscaling.enabled", .bool(scales), about: "false: replicas.min pods, whatever the load is.",
      schema: ChartTemplate.flag
    )
    let minimum = values.add(
      root + "replicas.min", find(["spec", "replicas"]) ?? .integer(1),
      about: "Pods at least; all, where nothing scales.",
      schema: ChartTemplate.count)
    block(
      ["spec"], "replicas", before: "revisionHistoryLimit"
    ) { _ in ["{{- if not \(on) }}", "replicas: {{ \(minimum) | int64 }}", "{{- end }}"] }
  }

  mutating func pod(_ path: [String], _ values: inout ChartValues) {
    container(path + ["containers", "0"], &values)
    secrets(path, &values)
    let parts: [(String, String, String, String)] = [
      ("priorityClassName", "string", "A PriorityClass.", "containers"),
      ("nodeSelector", "object", "Labels that a node must have.", "containers"),
      ("tolerations", "array", "Taints that do not matter.", "containers"),
      ("topologySpreadConstraints", "array", "How the pods spread over zones and nodes.", "containers"),
      ("affinity", "object", "Which nodes and pods are preferred.", "containers"),
    ]
    for (key, type, about, before) in parts {
      part(path, key, type: type, about: about, before: before, values: &values)
    }
  }

  private mutating func secrets(_ path: [String], _ values: inout ChartValues) {
    let about = "Names of Secrets to pull the image with: [{name: NAME}]."
    part(path, "imagePullSecrets", type: "array", about: about, before: "containers", values: &values)
  }

  private mutating func part(
    _ path: [String], _ key: String, type: String, about: String, before: String, values: inout ChartValues
  ) {
    let empty: YAMLValue = type == "array" ? .list([]) : type == "object" ? .map([]) : .text("")
    let now = find(path + [key]) ?? empty
    let place = values.add(root + key, now, about: about, schema: ["type": .string(type)])
    block(path, key, before: before) { indent in
      let lines =
        type == "string"
        ? ["\(key): {{ . | quote }}"] : ["\(key):", "  {{- toYaml . | nindent \(indent + 2) }}"]
      return ["{{- with \(place) }}"] + lines + ["{{- end }}"]
    }
  }

  private mutating func container(_ path: [String], _ values: inout ChartValues) {
    image(path, &values)
    amounts(path, root, values: &values)
    if let now = find(path + ["startupProbe", "failureThreshold"]) {
      let place = values.add(
        root + "startupSeconds", now, about: "Seconds from a container's start to its first answer.",
        schema: ChartTemplate.count)
      set(path + ["startupProbe", "failureThreshold"], "{{ \(place) | int64 }}")
    }
    configuration(path, &values)
  }

  private mutating func image(_ path: [String], _ values: inout ChartValues) {
    guard let image = find(path + ["image"])?.text, let at = image.lastIndex(of: "@") else { return }
    let repository = values.add(
      root + "image.repository", .text(String(image[..<at])), about: "HOST/REPO that the cluster pulls from.",
      schema: ["type": .string("string"), "minLength": .integer(1)])
    let digest = values.add(
      root + "image.digest", .text(String(image[image.index(after: at)...])), about: "Of the image's manifest.",
      schema: ["type": .string("string"), "pattern": .string("^sha256:[0-9a-f]{64}$")])
    set(path + ["image"], "\"{{ \(repository) }}@{{ \(digest) }}\"")
  }

  private mutating func amounts(_ path: [String], _ root: String, values: inout ChartValues) {
    for (key, about) in [("cpu", "Cores: 500m or 2."), ("memory", "Bytes: 256Mi or 2Gi.")] {
      guard let now = find(path + ["resources", "requests", key]) else { continue }
      let place = values.add(root + "resources." + key, now, about: about, schema: ChartTemplate.amount)
      for part in ["requests", "limits"] { set(path + ["resources", part, key], "{{ \(place) | quote }}") }
    }
  }

  private mutating func configuration(_ path: [String], _ values: inout ChartValues) {
    for (index, source) in sources(path).enumerated() where source["configMapRef"] != nil {
      set(
        path + ["envFrom", String(index), "configMapRef", "name"], configName(&values, source["configMapRef"]?["name"]))
    }
  }

  private func sources(_ path: [String]) -> [YAMLValue] {
    if case .list(let items)? = find(path + ["envFrom"]) { items } else { [] }
  }

  /// Replaces the limits of the object that scales a Deployment, and its targets in percent.
  mutating func autoscaler(_ autoscaler: DeploymentAutoscaler, _ values: inout ChartValues) {
    let on = values.add(
      root + "autoscaling.enabled", .bool(true), about: "false: replicas.min pods, whatever the load is.",
      schema: ChartTemplate.flag)
    condition = on
    for (key, name, about) in [
      (autoscaler.minimumKey, "min", "Pods at least."), (autoscaler.maximumKey, "max", "Pods at most."),
    ] {
      guard let now = find(["spec", key]) else { continue }
      let place = values.add(root + "replicas." + name, now, about: about, schema: ChartTemplate.count)
      set(["spec", key], "{{ \(place) | int64 }}")
    }
    guard case .list(let metrics)? = find(["spec", "metrics"]) else { return }
    for (index, metric) in metrics.enumerated() {
      guard let name = metric["resource"]?["name"]?.text,
        let now = metric["resource"]?["target"]?["averageUtilization"]
      else { continue }
      let place = values.add(
        root + "autoscaling." + name, now, about: "Percent of the request that a pod uses. Above 90 nothing scales.",
        schema: ChartTemplate.percent)
      set(
        ["spec", "metrics", String(index), "resource", "target", "averageUtilization"], "{{ \(place) | int64 }}")
    }
  }

  /// The parts that come from the server use the server's values; the rest is below `schedules.NAME`.
  private mutating func scheduled(_ name: String, _ values: inout ChartValues) {
    let own = root + "schedules.\(name)."
    condition = values.add(own + "enabled", .bool(true), about: "Whether it runs at all.", schema: ChartTemplate.flag)
    if let now = find(["spec", "schedule"]) {
      let cron = values.add(
        own + "cron", now, about: "Minute, hour, day, month, weekday.",
        schema: ["type": .string("string"), "minLength": .integer(1)])
      set(["spec", "schedule"], "{{ \(cron) | quote }}")
    }
    let pod = ["spec", "jobTemplate", "spec", "template", "spec"]
    secrets(pod, &values)
    let container = pod + ["containers", "0"]
    image(container, &values)
    amounts(container, own, values: &values)
    configuration(container, &values)
  }

  // MARK: Configuration

  private func configName(_ values: inout ChartValues, _ name: YAMLValue?) -> String {
    // The name without the hash, which the template computes in the same way as opz.
    let stem = (name?.text ?? "").dropLast(8)
    return "\(stem){{ include \"opz.hash\" .Values.\(root)env }}"
  }

  private mutating func environment(_ values: inout ChartValues) {
    let place = values.add(
      root + "env", find(["data"]) ?? .map([]), about: "Variables of the server. Pods roll when one changes.",
      schema: ["type": .string("object"), "additionalProperties": .object(["type": .string("string")])])
    set(["metadata", "name"], configName(&values, find(["metadata", "name"])))
    block([], "data", before: "data") { ["data:", "  {{- toYaml \(place) | nindent \($0 + 2) }}"] }
  }

  private static let switches: [String: (key: String, about: String)] = [
    "PodDisruptionBudget": ("podDisruptionBudget.enabled", "One pod at a time goes in a drain."),
    "NetworkPolicy": ("networkPolicy.enabled", "Who may talk to the pods."),
    "ServiceMonitor": ("monitoring.enabled", "A ServiceMonitor and alerts for the Prometheus Operator."),
    "PrometheusRule": ("monitoring.enabled", "A ServiceMonitor and alerts for the Prometheus Operator."),
    "VerticalPodAutoscaler": ("verticalPodAutoscaler.enabled", "Recommends requests, and changes nothing."),
    "Namespace": ("namespace.create", "The namespace, with Pod Security's restricted profile."),
  ]

  private mutating func optional(_ object: Manifests.Object, _ values: inout ChartValues) {
    if object.kind == "HTTPRoute" { return weights(&values) }
    guard let (key, about) = ChartTemplate.switches[object.kind] else { return }
    condition = values.add(key, .bool(true), about: about, schema: ChartTemplate.flag)
  }

  private mutating func weights(_ values: inout ChartValues) {
    let path = ["spec", "rules", "0", "backendRefs"]
    guard case .list(let backends)? = find(path), backends.count == 2, let now = backends[1]["weight"] else { return }
    let place = values.add(
      "rollout.weight", now, about: "Percent of the requests that the candidate gets.",
      schema: ["type": .string("integer"), "minimum": .integer(0), "maximum": .integer(100)])
    set(path + ["1", "weight"], "{{ \(place) | int64 }}")
    set(path + ["0", "weight"], "{{ sub 100 (\(place) | int64) }}")
  }
}
