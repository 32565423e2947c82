/// OPZ811: a mount of a volume that the pod does not have.
struct NoSuchVolume: Rule {
  let about = RuleAbout(
    code: "OPZ811", severity: .error, title: "a mount without a volume",
    why: """
      The API server refuses a container that mounts a volume which the pod does not list. The volume claims of a
      StatefulSet count as volumes.
      """,
    remedy: "add the volume under spec.volumes, or correct the name",
    wrong: Example.deployment(
      "volumeMounts: [{name: models, mountPath: /models}]", pod: "volumes: [{name: model, emptyDir: {}}]"),
    right: Example.deployment(
      "volumeMounts: [{name: models, mountPath: /models}]", pod: "volumes: [{name: models, emptyDir: {}}]"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.object.kind != "InferenceService" {
      let claims = (workload.object.root["spec", "volumeClaimTemplates"]?.list ?? []).compactMap {
        $0["metadata", "name"]?.text
      }
      let names = Set((workload.pod["volumes"]?.list ?? []).compactMap { $0["name"]?.text } + claims)
      for container in workload.containers {
        for mount in container.node["volumeMounts"]?.list ?? [] {
          guard let node = mount["name"], let name = node.text, !names.contains(name) else { continue }
          found.add(
            workload.object, node,
            message:
              "\(container.name) mounts \(name.prefix(63)), but the pod has \(names.isEmpty ? "no volumes" : names.sorted().prefix(5).joined(separator: ", "))"
          )
        }
      }
    }
  }
}
