/// OPZ706: a privileged container, which has full access to its node.
struct Privileged: Rule {
  let about = RuleAbout(
    code: "OPZ706", severity: .error, title: "a privileged container",
    why: """
      A privileged container has every device and capability of its node: whoever compromises it controls the node.
      GPUs do not need it.
      """,
    remedy: "remove privileged; device plugins give GPUs to ordinary containers",
    wrong: Example.deployment("securityContext: {privileged: true}"),
    right: Example.deployment("securityContext: {privileged: false}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for (workload, container, security) in ContainerSecurity.all(set) where workload.object.kind != "DaemonSet" {
      guard let node = security.own("privileged"), node.bool == true else { continue }
      found.add(workload.object, node, message: "\(container.name) is privileged")
    }
  }
}
