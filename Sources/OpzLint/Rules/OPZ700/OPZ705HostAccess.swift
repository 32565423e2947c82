/// OPZ705: a pod with access to its node.
struct HostAccess: Rule {
  let about = RuleAbout(
    code: "OPZ705", severity: .error, title: "access to namespaces, paths or ports of the node",
    why: """
      Pod Security "baseline" forbids hostNetwork, hostPID, hostIPC, hostPath volumes and hostPort. Each of them lets
      a compromised server see or change its node. A hostPort also allows only one pod per node, so the pods that an
      autoscaler adds stay pending.
      """,
    remedy: "use a Service instead of a port, a PersistentVolumeClaim or an image volume instead of a path",
    wrong: Example.deployment(pod: "hostNetwork: true"),
    right: Example.deployment("ports: [{containerPort: 8080}]"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    // Node agents run as DaemonSets and need this access.
    for workload in set.workloads where workload.object.kind != "DaemonSet" {
      for key in ["hostNetwork", "hostPID", "hostIPC"] {
        if let node = workload.pod[key], node.bool == true { found.add(workload.object, node, message: "\(key): true") }
      }
      for volume in workload.pod["volumes"]?.list ?? [] {
        guard let path = volume["hostPath"] else { continue }
        found.add(
          workload.object, path,
          message:
            "volume \(volume["name"]?.text?.prefix(63) ?? "?") is the node's \(path["path"]?.text?.prefix(100) ?? "path")"
        )
      }
      for container in workload.containers {
        for port in container.node["ports"]?.list ?? [] {
          guard let host = port["hostPort"], let number = host.int, number != 0 else { continue }
          found.add(
            workload.object, host, message: "\(container.name) uses port \(number) of its node: one pod per node")
        }
      }
    }
  }
}
