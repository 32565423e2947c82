import OpzYAML

/// OPZ001: a document that cannot be read, so that nothing in it is checked.
enum UnreadableText {
  static let about = RuleAbout(
    code: "OPZ001", severity: .error, title: "not valid YAML",
    why: """
      kubectl would refuse the document, or, if it has a duplicate key (`a` and `"a"`, `yes` and `true`, a key before
      the `<<` that merges the same key), take a different one of the two than other readers do. Input is untrusted,
      so there are limits: 32 MiB, 200 levels, and aliases (`*name`) that expand to no more than the size of the
      document.
      """,
    remedy: "correct the text at that line and column",
    wrong: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, name: b}",
    right: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}")

  static func finding(_ problem: YAMLProblem, file: String) -> Finding {
    Finding(
      about.code, about.severity, file: file, place: problem.place, object: "", message: problem.reason,
      hint: problem.hint)
  }
}
