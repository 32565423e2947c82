import OpzYAML

/// OPZ603: a quantity that Kubernetes cannot parse, or that is probably not the intended one.
struct BadQuantity: Rule {
  let about = RuleAbout(
    code: "OPZ603", severity: .error, title: "a quantity that is invalid, or probably not the intended one",
    why: """
      `512MB`, `2 Gi` and `1.5G i` are refused. `memory: 512m` is accepted and means 0.512 bytes, because `m` is a
      thousandth. `cpu: 500` means 500 cores.
      """,
    remedy: "write 500m or 2 for CPU, 512Mi or 2Gi for memory",
    wrong: Example.deployment("resources: {requests: {memory: 512m}}"),
    right: Example.deployment("resources: {requests: {memory: 512Mi}}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      for container in workload.containers {
        for list in ["requests", "limits"] {
          for member in container.node["resources", list]?.members ?? [] {
            check(member, container, workload: workload, found: &found)
          }
        }
      }
    }
  }

  private func check(
    _ member: YAMLNode.Member, _ container: LintContainer, workload: Workload, found: inout Findings
  ) {
    guard let text = member.value.text else { return }
    let place = "\(container.name): \(member.key.prefix(80)): \(text.prefix(40))"
    guard let amount = Amount(member.value) else {
      return found.add(workload.object, member.value, message: "\(place) is not a quantity")
    }
    if member.key == "memory", amount.milli > 0, amount.units < 1 << 20 {
      found.add(
        workload.object, member.value,
        message:
          "\(place) is \(text.hasSuffix("m") ? "in thousandths of a byte, \(amount.units) in all" : "\(amount.units) bytes"): no program can run in that"
      )
    } else if member.key == "cpu", amount.units > 512 {
      found.add(workload.object, member.value, message: "\(place) is \(amount.units) cores: write m for thousandths")
    }
  }
}
