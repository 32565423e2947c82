import OpzKubernetes

/// OPZ101: a CPU target that usage cannot exceed, so that the autoscaler never adds a pod.
struct DeadCPUTarget: Rule {
  let about = RuleAbout(
    code: "OPZ101", severity: .error, title: "a CPU target that is never reached",
    why: """
      A container uses no more CPU than its limit. An autoscaler adds pods only when usage / target is above 1 + tolerance, and the tolerance is 0.1
      unless `behavior.scaleUp.tolerance` says otherwise. So the target is dead where

          limit / request * 100 / target <= 1.1

      With limit = request that is every target of 91% and more: 100 / 91 = 1.09. Under full load the pods answer slowly, and nothing happens.
      """,
    remedy: "aim lower (70 leaves room for the time that a new pod needs), or take the CPU limit away",
    wrong: Example.stream(
      Example.deployment("resources: {requests: {cpu: 500m}, limits: {cpu: 500m}}"), Example.hpa(target: 95)),
    right: Example.stream(
      Example.deployment("resources: {requests: {cpu: 500m}, limits: {cpu: 500m}}"), Example.hpa(target: 90)))

  func check(_ set: ObjectSet, _ found: inout Findings) { DeadTarget(resource: "cpu").check(set, &found) }
}
