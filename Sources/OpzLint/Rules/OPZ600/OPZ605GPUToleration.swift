/// OPZ605: GPU pods that do not tolerate the taint of GPU nodes.
struct GPUToleration: Rule {
  let about = RuleAbout(
    code: "OPZ605", severity: .note, title: "a GPU without a toleration",
    why: """
      Clusters taint their GPU nodes, usually with `nvidia.com/gpu`, to keep other pods away. Unless the admission
      plugin ExtendedResourceToleration is enabled, a pod without the toleration stays pending forever.
      """,
    remedy: "add tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]",
    wrong: Example.deployment("resources: {limits: {nvidia.com/gpu: 1}}"),
    right: Example.deployment(
      "resources: {limits: {nvidia.com/gpu: 1}}",
      pod: "tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.pod["tolerations"]?.list.isEmpty ?? true {
      for container in workload.containers {
        guard let resource = GPU.resources(of: container).first else { continue }
        found.add(
          workload.object, container.node["resources"],
          message: "\(container.name) needs \(resource), and the pod tolerates no taint")
      }
    }
  }
}
