/// OPZ503: a moving tag with a pull policy that lets nodes keep different images.
struct StaleTag: Rule {
  let about = RuleAbout(
    code: "OPZ503", severity: .warning, title: "a moving tag that is not pulled again",
    why: """
      `imagePullPolicy: IfNotPresent` with `latest` uses the image that a node already has. A node that pulled last
      month runs last month's image, while a new node runs the current one. `Never` needs the image on every node.
      """,
    remedy: "pin the digest; then IfNotPresent is right",
    wrong: Example.deployment("image: \"r.example/crm/churn:latest\"\nimagePullPolicy: IfNotPresent"),
    right: Example.deployment("image: \"r.example/crm/churn:1.0.0@\(Example.digest)\"\nimagePullPolicy: IfNotPresent"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      for (_, text, container) in ImageName.all(of: workload, set) where ImageName(text).moves {
        guard let policy = container.node["imagePullPolicy"], policy.text == "IfNotPresent" || policy.text == "Never"
        else { continue }
        found.add(
          workload.object, policy,
          message: "\(policy.text ?? ""): a node runs the \(text.prefix(200)) that it already has, however old")
      }
    }
  }
}
