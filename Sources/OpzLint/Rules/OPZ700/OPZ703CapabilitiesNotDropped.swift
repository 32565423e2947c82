/// OPZ703: a container that keeps capabilities it does not need.
struct CapabilitiesNotDropped: Rule {
  let about = RuleAbout(
    code: "OPZ703", severity: .warning, title: "capabilities are not dropped",
    why: """
      Pod Security "restricted": each container drops ALL capabilities and adds at most NET_BIND_SERVICE. By default,
      a container has 14 of root's capabilities.
      """,
    remedy: "set capabilities: {drop: [ALL]} on the container",
    wrong: Example.deployment("securityContext: {capabilities: {add: [NET_ADMIN]}}"),
    right: Example.deployment("securityContext: {capabilities: {drop: [ALL]}}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for (workload, container, security) in ContainerSecurity.all(set) {
      let capabilities = security.own("capabilities")
      let dropped = (capabilities?["drop"]?.list ?? []).compactMap(\.text)
      let added = (capabilities?["add"]?.list ?? []).compactMap(\.text).filter { $0 != "NET_BIND_SERVICE" }
      if !dropped.contains("ALL") {
        found.add(
          workload.object, capabilities ?? security.place ?? container.node,
          message: "\(container.name) does not drop ALL capabilities")
      } else if !added.isEmpty {
        found.add(
          workload.object, capabilities?["add"],
          message: "\(container.name) adds \(added.prefix(5).joined(separator: ", ").prefix(100))")
      }
    }
  }
}
