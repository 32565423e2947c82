/// OPZ501: an image without a tag or with the tag `latest`.
struct MovingTag: Rule {
  let about = RuleAbout(
    code: "OPZ501", severity: .error, title: "an image without a tag, or latest",
    why: """
      Which image runs depends on when a node pulled it: two pods of one Deployment can run two different models, and
      a rollback pulls the new image again. No tag means `latest`.
      """,
    remedy: "pin the digest: opz resolve -f FILE adds it to the tag",
    wrong: Example.deployment("image: \"r.example/crm/churn:latest\""),
    right: Example.deployment("image: \"r.example/crm/churn:1.0.0\""))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      for (node, text, container) in ImageName.all(of: workload, set) {
        let image = ImageName(text)
        guard image.moves else { continue }
        found.add(
          workload.object, node,
          message:
            "\(container.name) runs \(text.prefix(200)): \(image.tag == nil ? "no tag means latest" : "latest changes over time")",
          hint: image.hint)
      }
    }
  }
}
