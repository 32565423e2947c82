import OpzYAML

/// OPZ001: a document that cannot be read, so that nothing in it is checked.
enum UnreadableText {
  static let about = RuleAbout(
    code: "OPZ001", severity: .error, title: "not valid YAML",
    why: """
      kubectl would refuse the document, or, where a key is there twice (`a` and `"a"`, `yes` and `true`, a key before the `<<` that brings it), take another of the two
      than other readers do. Files are read as hostile: 32 MiB, 200 levels, and aliases (`*name`) that stand for no more than the document has itself.
      """,
    remedy: "correct the text at the place that is named",
    wrong: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, name: b}",
    right: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}")

  static func finding(_ problem: YAMLProblem, file: String) -> Finding {
    Finding(about.code, about.severity, file, problem.place, "", problem.reason, hint: problem.hint)
  }
}
