/// OPZ704: a container without a seccomp profile, which may use every system call.
struct NoSeccomp: Rule {
  let about = RuleAbout(
    code: "OPZ704", severity: .warning, title: "no seccomp profile",
    why: """
      Pod Security "restricted": seccompProfile is RuntimeDefault or Localhost, on the pod or on each container.
      Without it, most clusters do not filter system calls.
      """,
    remedy: "set securityContext: {seccompProfile: {type: RuntimeDefault}} on the pod",
    wrong: Example.deployment(),
    right: Example.deployment(pod: "securityContext: {seccompProfile: {type: RuntimeDefault}}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for (workload, container, security) in ContainerSecurity.all(set) {
      let profile = security["seccompProfile"]
      let type = profile?["type"]?.text
      guard type != "RuntimeDefault", type != "Localhost" else { continue }
      found.add(
        workload.object, profile ?? security.place ?? container.node,
        message: "\(container.name): \(type.map { "the seccomp profile is \($0.prefix(40))" } ?? "no seccomp profile")")
    }
  }
}
