import OpzJSON
import OpzOCI
import OpzYAML

/// The values of a Helm chart with their documentation and schema, collected while the templates are generated.
struct ChartValues {
  /// One value of values.yaml.
  private struct Entry {
    let path: [String]
    let value: YAMLValue
    let about: String
    let schema: [String: JSONValue]
  }

  private var entries: [Entry] = []
  private static let sections = [
    "schedules": "Commands that run at certain times.",
    "image": "What runs. The digest decides; there is no tag.",
    "replicas": "How many pods there are at least and at most.",
    "resources": "Of one pod: its requests, and its limits too.",
    "autoscaling": "What decides how many pods there are.",
    "stable": "The version that serves.",
    "candidate": "The version that comes.",
    "rollout": "How the two versions share the requests.",
    "podDisruptionBudget": "Drains.", "networkPolicy": "The network.", "monitoring": "Prometheus.",
    "verticalPodAutoscaler": "Recommendations.", "namespace": "Where the objects are.",
  ]

  /// Adds a value, unless its path exists.
  /// - Parameter path: such as `replicas.min`.
  /// - Returns: the template expression for it, such as `.Values.replicas.min`.
  mutating func add(_ path: String, _ value: YAMLValue, about: String, schema: [String: JSONValue]) -> String {
    let parts = path.split(separator: ".").map(String.init)
    if !entries.contains(where: { $0.path == parts }) {
      entries.append(Entry(path: parts, value: value, about: about, schema: schema))
    }
    // A key with a hyphen is not valid in a dotted template expression.
    let isPlain = path.utf8.allSatisfy {
      $0 == 46 || $0 == 95 || (48...57).contains($0) || $0 | 32 > 96 && $0 | 32 < 123
    }
    return isPlain ? ".Values." + path : "(index .Values \(parts.map { "\"\($0)\"" }.joined(separator: " ")))"
  }

  // MARK: values.yaml

  var yaml: YAMLValue { ChartValues.tree(entries.map { ($0.path[...], $0) }) }

  private static func tree(_ entries: [(path: ArraySlice<String>, entry: Entry)]) -> YAMLValue {
    var members: [YAMLValue.Member] = []
    for (path, entry) in entries {
      guard let key = path.first, !members.contains(where: { $0.key == key }) else { continue }
      if path.count == 1 {
        members.append(.init(key, entry.value, comment: entry.about))
      } else {
        let below = entries.filter { $0.path.first == key }.map { ($0.path.dropFirst(), $0.entry) }
        members.append(.init(key, tree(below), comment: sections[key]))
      }
    }
    return .map(members)
  }

  // MARK: values.schema.json

  /// JSON Schema draft 7, the version that Helm supports.
  var schema: JSONValue {
    guard case .object(var top) = ChartValues.schema(entries.map { ($0.path[...], $0) }),
      case .object(var properties)? = top["properties"]
    else { return .null }
    top["$schema"] = .string("http://json-schema.org/draft-07/schema#")
    // Helm passes it to subcharts.
    properties["global"] = .object(["type": .string("object")])
    top["properties"] = .object(properties)
    return .object(top)
  }

  private static func schema(_ entries: [(path: ArraySlice<String>, entry: Entry)]) -> JSONValue {
    var properties: [String: JSONValue] = [:]
    for (path, entry) in entries {
      guard let key = path.first, properties[key] == nil else { continue }
      if path.count == 1 {
        properties[key] = .object(entry.schema.merging(["description": .string(entry.about)]) { one, _ in one })
      } else {
        properties[key] = schema(entries.filter { $0.path.first == key }.map { ($0.path.dropFirst(), $0.entry) })
      }
    }
    return .object([
      "type": .string("object"), "additionalProperties": .bool(false), "properties": .object(properties),
      "required": .array(properties.keys.sorted().filter { isRequired($0) }.map { .string($0) }),
    ])
  }

  private static func isRequired(_ key: String) -> Bool { ["image", "repository", "digest"].contains(key) }
}
