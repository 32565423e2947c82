import OpzYAML

/// OPZ810: a number or boolean where Kubernetes requires a string.
struct NonStringValue: Rule {
  let about = RuleAbout(
    code: "OPZ810", severity: .error, title: "a number or boolean instead of a string",
    why: """
      Values of labels, annotations, ConfigMaps and environment variables are strings. `value: 8080` and `value: true`
      are refused: "cannot unmarshal number into Go struct field". YAML 1.1 reads `yes`, `no`, `on` and `off` as
      booleans too.
      """,
    remedy: "quote it",
    wrong: Example.deployment("env: [{name: PORT, value: 8080}]"),
    right: Example.deployment("env: [{name: PORT, value: \"8080\"}]"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for object in set.objects {
      for (path, node) in [
        ("labels", object.root["metadata", "labels"]), ("annotations", object.root["metadata", "annotations"]),
      ] {
        check(node, path, object: object, found: &found)
      }
      if object.isOf("", "ConfigMap") { check(object.root["data"], "data", object: object, found: &found) }
    }
    for workload in set.workloads {
      if workload.object.kind != "Pod", workload.object.kind != "InferenceService" {
        check(workload.template["metadata", "labels"], "labels", object: workload.object, found: &found)
        check(workload.template["metadata", "annotations"], "annotations", object: workload.object, found: &found)
      }
      for container in workload.containers {
        for entry in container.node["env"]?.list ?? [] {
          guard let value = entry["value"], NonStringValue.isOther(value) else { continue }
          found.add(
            workload.object, value,
            message:
              "\(container.name): \(entry["name"]?.text?.prefix(100) ?? "?") is \(value.text?.prefix(40) ?? "a list or mapping"), not a string"
          )
        }
      }
    }
  }

  private func check(_ node: YAMLNode?, _ path: String, object: LintObject, found: inout Findings) {
    for member in node?.members ?? [] where NonStringValue.isOther(member.value) {
      found.add(
        object, member.value,
        message:
          "\(path): \(member.key.prefix(100)) is \(member.value.text?.prefix(40) ?? "a list or mapping"), not a string")
    }
  }

  /// Whether Kubernetes' YAML 1.1 parser reads the node as something other than a string.
  private static func isOther(_ node: YAMLNode) -> Bool {
    guard case .scalar(let text, let isPlain) = node.content else { return true }
    guard isPlain, let first = text.utf8.first else { return false }
    if YAMLScalar.flag(text) != nil || YAMLScalar.integer(text) != nil { return true }
    guard (48...57).contains(first) || first == 43 || first == 45 || first == 46 else { return false }
    return Double(text) != nil
  }
}
