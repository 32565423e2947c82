/// OPZ707: a container with a writable root file system.
struct WritableRoot: Rule {
  let about = RuleAbout(
    code: "OPZ707", severity: .note, title: "a writable root file system",
    why: """
      With readOnlyRootFilesystem, the container can only run what was scanned and signed, and a server that fills its
      disk cannot fill the node's disk.
      """,
    remedy: "set readOnlyRootFilesystem: true, and an emptyDir with a sizeLimit where the server writes",
    wrong: Example.deployment(),
    right: Example.deployment("securityContext: {readOnlyRootFilesystem: true}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for (workload, container, security) in ContainerSecurity.all(set) where container.role == .main {
      guard security.own("readOnlyRootFilesystem")?.bool != true else { continue }
      found.add(
        workload.object, security.place ?? container.node,
        message: "\(container.name): readOnlyRootFilesystem is not true")
    }
  }
}
