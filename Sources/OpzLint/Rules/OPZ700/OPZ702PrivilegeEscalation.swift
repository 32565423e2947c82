/// OPZ702: a container whose processes may gain privileges.
struct PrivilegeEscalation: Rule {
  let about = RuleAbout(
    code: "OPZ702", severity: .warning, title: "privilege escalation is allowed",
    why:
      "Pod Security \"restricted\": allowPrivilegeEscalation is false for each container; the default is true, which lets setuid programs become root.",
    remedy: "set allowPrivilegeEscalation: false on the container",
    wrong: Example.deployment(),
    right: Example.deployment("securityContext: {allowPrivilegeEscalation: false}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for (workload, container, security) in ContainerSecurity.all(set) {
      let node = security.own("allowPrivilegeEscalation")
      guard node?.bool != false else { continue }
      found.add(
        workload.object, node ?? security.place ?? container.node,
        message: "\(container.name): allowPrivilegeEscalation is not false")
    }
  }
}
