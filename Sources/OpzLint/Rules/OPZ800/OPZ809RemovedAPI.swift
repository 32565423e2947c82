/// OPZ809: an API version that Kubernetes has removed.
struct RemovedAPI: Rule {
  let about = RuleAbout(
    code: "OPZ809", severity: .error, title: "a removed API version",
    why: """
      Kubernetes' deprecation guide says in which release each version was removed; newer clusters report `no matches
      for kind`.
      """,
    remedy: "write the version that replaced it",
    wrong: Example.hpa().replacing("autoscaling/v2", with: "autoscaling/v2beta2"),
    right: Example.hpa())

  /// From Kubernetes' "Deprecated API Migration Guide".
  private static let removed: [String: (kinds: Set<String>?, release: String, now: String)] = [
    "autoscaling/v2beta2": (nil, "1.26", "autoscaling/v2"), "autoscaling/v2beta1": (nil, "1.25", "autoscaling/v2"),
    "policy/v1beta1": (["PodDisruptionBudget"], "1.25", "policy/v1"),
    "batch/v1beta1": (["CronJob"], "1.25", "batch/v1"),
    "networking.k8s.io/v1beta1": (["Ingress", "IngressClass"], "1.22", "networking.k8s.io/v1"),
    "extensions/v1beta1": (nil, "1.16 to 1.22", "apps/v1 or networking.k8s.io/v1"),
    "apps/v1beta1": (nil, "1.16", "apps/v1"),
    "apps/v1beta2": (nil, "1.16", "apps/v1"),
    "rbac.authorization.k8s.io/v1beta1": (nil, "1.22", "rbac.authorization.k8s.io/v1"),
    "apiextensions.k8s.io/v1beta1": (nil, "1.22", "apiextensions.k8s.io/v1"),
    "admissionregistration.k8s.io/v1beta1": (
      ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"], "1.22", "admissionregistration.k8s.io/v1"
    ),
    "discovery.k8s.io/v1beta1": (nil, "1.25", "discovery.k8s.io/v1"),
    "flowcontrol.apiserver.k8s.io/v1beta2": (nil, "1.29", "flowcontrol.apiserver.k8s.io/v1"),
    "storage.k8s.io/v1beta1": (
      ["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"], "1.22", "storage.k8s.io/v1"
    ),
  ]

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for object in set.objects {
      guard let (kinds, release, now) = RemovedAPI.removed[object.apiVersion], kinds?.contains(object.kind) ?? true
      else { continue }
      found.add(
        object, object.root["apiVersion"], message: "\(object.apiVersion) was removed in Kubernetes \(release)",
        hint: "write \(now)")
    }
  }
}
