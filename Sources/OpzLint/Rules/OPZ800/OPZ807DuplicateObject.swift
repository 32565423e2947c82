/// OPZ807: duplicate objects.
struct DuplicateObject: Rule {
  let about = RuleAbout(
    code: "OPZ807", severity: .error, title: "a duplicate object",
    why: """
      `kubectl apply` creates the first object and then changes it into the second: which of them runs depends on the
      order of the files.
      """,
    remedy: "keep one of them, or move one to another namespace",
    wrong: Example.stream(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}"),
    right: Example.stream(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    var first: [String: LintObject] = [:]
    for object in set.objects where object.root["metadata", "name"] != nil {
      let key = "\(object.group) \(object.title)"
      // Files in different directories are variants: kustomize overlays repeat the objects of their base.
      guard let other = first.updateValue(object, forKey: key),
        DuplicateObject.directory(other) == DuplicateObject.directory(object)
      else { continue }
      found.add(
        object, object.root["metadata", "name"],
        message: "\(object.title) is also in \(other.file):\(other.place.line)",
        severity: other.file == object.file ? .error : .warning)
    }
  }

  private static func directory(_ object: LintObject) -> Substring {
    object.file.lastIndex(of: "/").map { object.file[..<$0] } ?? ""
  }
}
