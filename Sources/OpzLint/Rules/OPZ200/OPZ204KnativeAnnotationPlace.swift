/// OPZ204: scaling annotations in a place where they have no effect.
struct KnativeAnnotationPlace: Rule {
  let about = RuleAbout(
    code: "OPZ204", severity: .error, title: "Knative's scaling annotations in the wrong place",
    why: """
      A revision reads `autoscaling.knative.dev/*` from the metadata of the template. On the metadata of the Service
      itself, Knative's webhook refuses these annotations.
      """,
    remedy: "put them under spec.template.metadata.annotations",
    wrong: KnativeBounds.knative(
      "{}", metadata: "{name: churn, annotations: {autoscaling.knative.dev/min-scale: \"1\"}}"),
    right: KnativeBounds.knative("{autoscaling.knative.dev/min-scale: \"1\"}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.object.isOf("serving.knative.dev", "Service") {
      for member in workload.object.root["metadata", "annotations"]?.members ?? []
      where member.key.hasPrefix(KnativeScaling.prefix) {
        found.add(
          workload.object, member.value,
          message: "\(member.key.prefix(80)) is on the Service, not on the revision's template")
      }
    }
  }
}
