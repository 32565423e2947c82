import OpzKubernetes

/// OPZ101: a CPU target that usage cannot exceed, so that the autoscaler never adds a pod.
struct DeadCPUTarget: Rule {
  let about = RuleAbout(
    code: "OPZ101", severity: .error, title: "a CPU target that is never reached",
    why: """
      A container cannot use more CPU than its limit. An autoscaler adds pods only if usage / target is above 1 + tolerance, and the tolerance is 0.1
      unless `behavior.scaleUp.tolerance` sets another value. So the target can never be exceeded if

          limit / request * 100 / target <= 1.1

      With limit = request, this is every target of 91% or more: 100 / 91 = 1.09. Under full load the pods respond slowly, and no pod is added.
      """,
    remedy: "lower the target (70 leaves room for the time that a new pod needs), or remove the CPU limit",
    wrong: Example.stream(
      Example.deployment("resources: {requests: {cpu: 500m}, limits: {cpu: 500m}}"), Example.hpa(target: 95)),
    right: Example.stream(
      Example.deployment("resources: {requests: {cpu: 500m}, limits: {cpu: 500m}}"), Example.hpa(target: 90)))

  func check(_ set: ObjectSet, _ found: inout Findings) { DeadTarget(resource: "cpu").check(set, &found) }
}
