import OpzYAML

/// The autoscaling annotations of a Knative revision.
struct KnativeScaling: Sendable {
  static let prefix = "autoscaling.knative.dev/"

  private let annotations: YAMLNode?

  init(_ workload: Workload) { annotations = workload.template["metadata", "annotations"] }

  /// The first of several spellings that exists: `min-scale`, and the older `minScale`.
  subscript(_ keys: String...) -> YAMLNode? {
    keys.lazy.compactMap { key in annotations?[KnativeScaling.prefix + key] }.first
  }

  var least: YAMLNode? { self["min-scale", "minScale"] }
  var most: YAMLNode? { self["max-scale", "maxScale"] }
  var initial: YAMLNode? { self["initial-scale", "initialScale"] }
}
