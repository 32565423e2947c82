/// OPZ202: a KServe canary that gets all of the traffic.
struct CanaryIgnored: Rule {
  let about = RuleAbout(
    code: "OPZ202", severity: .error, title: "a canary without Knative",
    why: """
      `canaryTrafficPercent` splits traffic between Knative revisions. Without Knative (`RawDeployment`, `Standard`)
      it is silently ignored: the new model gets 100% of the requests as soon as its pods are ready (kserve #4074).
      """,
    remedy: "use two InferenceServices behind an HTTPRoute with weights, or deploymentMode: Serverless",
    wrong: """
      apiVersion: serving.kserve.io/v1beta1
      kind: InferenceService
      metadata: {name: churn, annotations: {serving.kserve.io/deploymentMode: RawDeployment}}
      spec:
        predictor: {canaryTrafficPercent: 10, minReplicas: 2, maxReplicas: 10, model: {modelFormat: {name: xgboost}}}
      """,
    right: """
      apiVersion: serving.kserve.io/v1beta1
      kind: InferenceService
      metadata: {name: churn, annotations: {serving.kserve.io/deploymentMode: Serverless}}
      spec:
        predictor: {canaryTrafficPercent: 10, minReplicas: 2, maxReplicas: 10, model: {modelFormat: {name: xgboost}}}
      """)

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for service in set.all("serving.kserve.io", "InferenceService") {
      guard let percent = service.root["spec", "predictor", "canaryTrafficPercent"] else { continue }
      let mode = InferenceMode(service)
      guard mode != .knative else { continue }
      let text = percent.text?.prefix(10) ?? ""
      if mode == .standard {
        found.add(
          service, percent,
          message: "canaryTrafficPercent: \(text) is ignored without Knative: the new version gets 100%")
      } else {
        found.add(
          service, percent,
          message:
            "canaryTrafficPercent: \(text) applies only if the cluster's default is Knative; otherwise the new version gets 100%",
          hint: "write the annotation serving.kserve.io/deploymentMode", severity: .warning)
      }
    }
  }
}
