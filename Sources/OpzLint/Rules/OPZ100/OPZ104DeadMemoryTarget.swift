/// OPZ104: a memory target at which a pod is killed before the autoscaler adds another.
struct DeadMemoryTarget: Rule {
  let about = RuleAbout(
    code: "OPZ104", severity: .error, title: "a memory target that is never reached",
    why: """
      A container that reaches its memory limit is killed. If limit / request * 100 / target <= 1.1, that happens
      before the autoscaler has a reason to add a pod.
      """,
    remedy: "lower the target, or raise the limit above the request",
    wrong: Example.stream(
      Example.deployment("resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}"),
      Example.hpa("memory", target: 95)),
    right: Example.stream(
      Example.deployment("resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}"),
      Example.hpa("memory", target: 80)))

  func check(_ set: ObjectSet, _ found: inout Findings) { DeadTarget(resource: "memory").check(set, &found) }
}
