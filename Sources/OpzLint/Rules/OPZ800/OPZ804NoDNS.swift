/// OPZ804: a NetworkPolicy that blocks DNS.
struct NoDNS: Rule {
  let about = RuleAbout(
    code: "OPZ804", severity: .warning, title: "a NetworkPolicy that blocks DNS",
    why: """
      As soon as a policy lists egress rules, all other egress is blocked, including DNS on port 53: a server that is
      allowed to talk to a database cannot look up its address. An empty list is taken as intended: no egress at all.
      """,
    remedy: "add egress to kube-system on ports 53 UDP and TCP",
    wrong: """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: churn}
      spec:
        podSelector: {}
        policyTypes: [Egress]
        egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}]
      """,
    right: """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: churn}
      spec:
        podSelector: {}
        policyTypes: [Egress]
        egress:
          - {to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}
          - {ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}
      """)

  func check(_ set: ObjectSet, _ found: inout Findings) {
    let policies = set.all("networking.k8s.io", "NetworkPolicy")
    // Policies are additive, so one that opens DNS for all pods of the namespace is enough.
    let open = Set(
      policies.filter { ($0.root["spec", "podSelector"]?.members.isEmpty ?? true) && NoDNS.allows($0) }.map(\.namespace)
    )
    for policy in policies where !open.contains(policy.namespace) {
      guard let egress = policy.root["spec", "egress"], !egress.list.isEmpty, !NoDNS.allows(policy),
        !hasOther(policy, policies)
      else { continue }
      found.add(
        policy, egress,
        message:
          "egress is listed, and none of its \(egress.list.count) \(egress.list.count == 1 ? "rule" : "rules") opens port 53"
      )
    }
  }

  /// Whether another policy for the same pods opens DNS.
  private func hasOther(_ policy: LintObject, _ policies: [LintObject]) -> Bool {
    let labels = policy.root["spec", "podSelector", "matchLabels"]?.strings ?? [:]
    return policies.contains {
      $0.namespace == policy.namespace && $0.title != policy.title && NoDNS.allows($0)
        && ($0.root["spec", "podSelector", "matchLabels"]?.strings ?? [:]) == labels
    }
  }

  private static func allows(_ policy: LintObject) -> Bool {
    (policy.root["spec", "egress"]?.list ?? []).contains { rule in
      guard let ports = rule["ports"]?.list, !ports.isEmpty else { return true }
      return ports.contains { port in
        guard let from = port["port"] else { return true }
        guard let first = from.int else { return from.text?.contains("dns") == true }
        return first == 53 || (first < 53 && (port["endPort"]?.int ?? first) >= 53) || first == 5353
      }
    }
  }
}
