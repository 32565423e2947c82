/// OPZ808: duplicate environment variables.
struct DuplicateVariable: Rule {
  let about = RuleAbout(
    code: "OPZ808", severity: .warning, title: "an environment variable that is set twice",
    why: """
      The last value applies, and `kubectl apply` merges the list by name, so a change of the first value may be lost.
      """,
    remedy: "keep one of them",
    wrong: Example.deployment("env: [{name: LEVEL, value: info}, {name: LEVEL, value: debug}]"),
    right: Example.deployment("env: [{name: LEVEL, value: info}]"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      for container in workload.containers {
        var seen: Set<String> = []
        for entry in container.node["env"]?.list ?? [] {
          guard let node = entry["name"], let name = node.text, !seen.insert(name).inserted else { continue }
          found.add(
            workload.object, node,
            message: "\(container.name): \(name.prefix(100)) is set twice; the last value applies")
        }
      }
    }
  }
}
