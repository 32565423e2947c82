/// OPZ805: a namespace without a NetworkPolicy, to which every pod can connect.
struct NoNetworkPolicy: Rule {
  let about = RuleAbout(
    code: "OPZ805", severity: .note, title: "no NetworkPolicy",
    why: """
      Without a policy, every pod in the cluster can send requests to the model, and the model's pod can connect to
      everything. This is checked for workloads that a Service selects.
      """,
    remedy: "add a NetworkPolicy that allows the clients of the model and no outgoing connections",
    wrong: Example.stream(
      Example.deployment(),
      "apiVersion: v1\nkind: Service\nmetadata: {name: churn}\nspec: {selector: {app: churn}, ports: [{port: 8080}]}"),
    right: Example.stream(
      Example.deployment(),
      "apiVersion: v1\nkind: Service\nmetadata: {name: churn}\nspec: {selector: {app: churn}, ports: [{port: 8080}]}",
      "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: churn}\nspec: {podSelector: {}, policyTypes: [Ingress]}"
    ))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    var covered = Set(set.objects.filter { $0.kind.hasSuffix("NetworkPolicy") }.map(\.namespace))
    for service in set.all("", "Service") where !covered.contains(service.namespace) {
      let selector = service.root["spec", "selector"]?.strings ?? [:]
      guard let workload = set.workloads(labelled: selector, in: service.namespace).first else { continue }
      covered.insert(service.namespace)
      found.add(
        workload.object, nil,
        message:
          "the namespace \(service.namespace.prefix(63)) has no NetworkPolicy here: every pod of the cluster may connect to it"
      )
    }
  }
}
