import OpzYAML

/// OPZ806: a ConfigMap or key that does not exist.
struct NoSuchConfig: Rule {
  let about = RuleAbout(
    code: "OPZ806", severity: .warning, title: "a ConfigMap or key that does not exist",
    why: """
      A pod that references a missing ConfigMap or key stays in `CreateContainerConfigError`. A key that is missing
      from a ConfigMap in the manifests is an error; a missing ConfigMap is reported only if the manifests contain
      other ConfigMaps in the namespace. Secrets are created elsewhere and are not checked.
      """,
    remedy: "add the ConfigMap or key, or mark the reference optional: true",
    wrong: Example.stream(
      Example.deployment("env: [{name: LEVEL, valueFrom: {configMapKeyRef: {name: churn, key: levl}}}]"),
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: churn}\ndata: {level: info}"),
    right: Example.stream(
      Example.deployment("env: [{name: LEVEL, valueFrom: {configMapKeyRef: {name: churn, key: level}}}]"),
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: churn}\ndata: {level: info}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    let maps = Dictionary(set.all("", "ConfigMap").map { ("\($0.namespace)/\($0.name)", $0) }) { first, _ in first }
    let namespaces = Set(maps.values.map(\.namespace))
    for workload in set.workloads where namespaces.contains(workload.object.namespace) {
      let references =
        workload.containers.flatMap { container in
          (container.node["env"]?.list ?? []).compactMap { $0["valueFrom", "configMapKeyRef"] }
            + (container.node["envFrom"]?.list ?? []).compactMap { $0["configMapRef"] }
        } + (workload.pod["volumes"]?.list ?? []).compactMap { $0["configMap"] }
      for reference in references where reference["optional"]?.bool != true {
        check(reference, workload, maps: maps, generated: set.generatedConfig, found: &found)
      }
    }
  }

  private func check(
    _ reference: YAMLNode, _ workload: Workload, maps: [String: LintObject],
    generated: Set<String>, found: inout Findings
  ) {
    guard let node = reference["name"], let name = node.text, name != "kube-root-ca.crt", !generated.contains(name)
    else {
      return
    }
    guard let map = maps["\(workload.object.namespace)/\(name)"] else {
      return found.add(
        workload.object, node,
        message: "there is no ConfigMap \(workload.object.namespace.prefix(63))/\(name.prefix(253)) here")
    }
    guard let key = reference["key"], let text = key.text else { return }
    let keys = ["data", "binaryData"].flatMap { map.root[$0]?.members ?? [] }.map(\.key)
    guard !keys.contains(text) else { return }
    found.add(
      workload.object, key,
      message:
        "\(map.title) has no key \(text.prefix(253)); it has \(keys.prefix(5).joined(separator: ", ").prefix(200))",
      severity: .error)
  }
}
