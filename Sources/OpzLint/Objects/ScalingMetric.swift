import OpzKubernetes
import OpzYAML

/// A metric that an autoscaler follows.
struct ScalingMetric: Sendable {
  enum Target: Sendable {
    /// Percent of the requests.
    case utilization(Int)
    /// The average per pod.
    case average(Amount)
  }

  let node: YAMLNode
  /// The node with the target's number.
  let place: YAMLNode
  /// `cpu` or `memory`; nil for pods, object and external metrics.
  let resource: String?
  /// The only container that counts; nil for all containers.
  let container: String?
  let target: Target?
  /// `Resource`, `External` or another type of metric, or the type of a KEDA trigger.
  let type: String

  /// Reads the metrics of a HorizontalPodAutoscaler in any version of the API, including removed ones, on which
  /// another rule reports.
  static func ofHPA(_ object: LintObject) -> [ScalingMetric] {
    guard let spec = object.root["spec"] else { return [] }
    if let percent = spec["targetCPUUtilizationPercentage"] {
      return [cpu(percent, percent.int ?? 80)]
    }
    // Without metrics the API server aims at 80% of the requested CPU.
    guard let metrics = spec["metrics"]?.list, !metrics.isEmpty else { return [cpu(spec, 80)] }
    return metrics.compactMap(ScalingMetric.init(metric:))
  }

  private static func cpu(_ node: YAMLNode, _ percent: Int) -> ScalingMetric {
    ScalingMetric(
      node: node, place: node, resource: "cpu", container: nil, target: .utilization(percent), type: "Resource")
  }

  private init(
    node: YAMLNode, place: YAMLNode, resource: String?, container: String?, target: Target?, type: String
  ) {
    self.node = node
    self.place = place
    self.resource = resource
    self.container = container
    self.target = target
    self.type = type
  }

  private init?(metric node: YAMLNode) {
    let type = node["type"]?.text ?? ""
    guard type == "Resource" || type == "ContainerResource" else {
      self.init(node: node, place: node, resource: nil, container: nil, target: nil, type: type)
      return
    }
    guard let source = node[type == "Resource" ? "resource" : "containerResource"] else { return nil }
    let percent = source["target", "averageUtilization"] ?? source["targetAverageUtilization"]
    let value = source["target", "averageValue"] ?? source["targetAverageValue"]
    let target = percent?.int.map { Target.utilization($0) } ?? Amount(value).map { .average($0) }
    self.init(
      node: node, place: percent ?? value ?? node, resource: source["name"]?.text, container: source["container"]?.text,
      target: target, type: type)
  }

  init?(trigger node: YAMLNode) {
    guard let type = node["type"]?.text else { return nil }
    guard type == "cpu" || type == "memory" else {
      self.init(node: node, place: node, resource: nil, container: nil, target: nil, type: type)
      return
    }
    let kind = node["metricType"]?.text ?? node["metadata", "type"]?.text ?? "Utilization"
    let value = node["metadata", "value"]
    let target: Target? =
      kind == "Utilization" ? value?.int.map { .utilization($0) } : Amount(value).map { .average($0) }
    self.init(
      node: node, place: value ?? node, resource: type, container: node["metadata", "containerName"]?.text,
      target: target,
      type: type)
  }
}
