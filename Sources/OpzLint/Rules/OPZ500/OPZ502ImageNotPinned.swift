/// OPZ502: an image without a digest, whose tag may be pushed again.
struct ImageNotPinned: Rule {
  let about = RuleAbout(
    code: "OPZ502", severity: .note, title: "an image that is not pinned by digest",
    why: """
      A tag can be moved to another image. With a digest, every node runs the same bytes, and what was tested is what
      is deployed.
      """,
    remedy: "pin it: opz resolve -f FILE --in-place adds the digest to the tag",
    wrong: Example.deployment("image: \"r.example/crm/churn:1.0.0\""),
    right: Example.deployment("image: \"r.example/crm/churn:1.0.0@\(Example.digest)\""))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      for (node, text, container) in ImageName.all(of: workload, set) {
        let image = ImageName(text)
        guard image.digest == nil, !image.moves else { continue }
        found.add(
          workload.object, node,
          message: "\(container.name) runs \(text.prefix(200)), which can be another image each time a node pulls it",
          hint: image.hint)
      }
    }
  }
}
