/// OPZ701: a container that may run as root.
struct RunsAsRoot: Rule {
  let about = RuleAbout(
    code: "OPZ701", severity: .warning, title: "may run as root",
    why: "Pod Security \"restricted\": runAsNonRoot is true for the pod or for each container, and runAsUser is not 0.",
    remedy: "set securityContext: {runAsNonRoot: true, runAsUser: 65532} on the pod",
    wrong: Example.deployment(),
    right: Example.deployment(pod: "securityContext: {runAsNonRoot: true}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for (workload, container, security) in ContainerSecurity.all(set) {
      if let user = security["runAsUser"], user.int == 0 {
        found.add(workload.object, user, message: "\(container.name) runs as user 0")
      } else if security["runAsNonRoot"]?.bool != true {
        found.add(
          workload.object, security["runAsNonRoot"] ?? security.place ?? container.node,
          message: "\(container.name) may run as root: runAsNonRoot is not true")
      }
    }
  }
}
