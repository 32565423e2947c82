import OpzYAML

/// OPZ201: an InferenceService that never scales because of KServe's defaults.
struct InferenceServiceNeverScales: Rule {
  let about = RuleAbout(
    code: "OPZ201", severity: .error, title: "an InferenceService that never scales",
    why: """
      Without Knative (`deploymentMode: RawDeployment` or `Standard`), KServe sets a missing maxReplicas to
      minReplicas, which is 1 by default: the HorizontalPodAutoscaler has min = max = 1 and never scales (kserve
      #6246). With Knative, a missing maximum means no limit, which is only a note.
      """,
    remedy: "write maxReplicas above minReplicas on the component",
    wrong: """
      apiVersion: serving.kserve.io/v1beta1
      kind: InferenceService
      metadata: {name: churn, annotations: {serving.kserve.io/deploymentMode: RawDeployment}}
      spec:
        predictor: {model: {modelFormat: {name: xgboost}, storageUri: "oci://r.example/churn:1"}}
      """,
    right: """
      apiVersion: serving.kserve.io/v1beta1
      kind: InferenceService
      metadata: {name: churn, annotations: {serving.kserve.io/deploymentMode: RawDeployment}}
      spec:
        predictor: {minReplicas: 2, maxReplicas: 10, model: {modelFormat: {name: xgboost}, storageUri: "oci://r.example/churn:1"}}
      """)

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for service in set.all("serving.kserve.io", "InferenceService") {
      for component in ["predictor", "transformer", "explainer"] {
        guard let spec = service.root["spec", component] else { continue }
        check(service, component, spec: spec, found: &found)
      }
    }
  }

  private func check(_ service: LintObject, _ component: String, spec: YAMLNode, found: inout Findings) {
    let minimum = spec["minReplicas"]?.int ?? 1
    if let maximum = spec["maxReplicas"] {
      guard let number = maximum.int, number > 0 else { return }
      if number < minimum {
        found.add(
          service, maximum,
          message: "\(component): at most \(number) and at least \(minimum) replicas: \(number) < \(minimum)")
      } else if number == minimum {
        found.add(
          service, maximum,
          message: "\(component): at least \(minimum) and at most \(number) replicas: it never scales",
          severity: .warning)
      }
      return
    }
    switch InferenceMode(service) {
    case .knative: return
    case .standard:
      found.add(
        service, spec,
        message: "\(component): without maxReplicas the maximum is minReplicas, \(max(1, minimum)): it never scales")
    case .unknown:
      found.add(
        service, spec,
        message:
          "\(component): without maxReplicas the maximum is minReplicas, \(max(1, minimum)): it never scales unless the cluster's default is Knative",
        severity: .warning)
    }
  }
}
