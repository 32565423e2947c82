import OpzYAML

/// OPZ002: a Helm template, which is not checked.
enum HelmTemplateFile {
  static let about = RuleAbout(
    code: "OPZ002", severity: .note, title: "a Helm template",
    why: "A template is not YAML until Helm has filled in its values, and the result depends on them.",
    remedy: "render it first: helm template . | opz lint -",
    wrong: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.name }}}",
    right: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {alert: \"{{ $labels.pod }}\"}")

  static func finding(_ file: String) -> Finding {
    Finding(
      about.code, about.severity, file: file, place: Place(line: 1, column: 1), object: "",
      message: "a Helm template, which was not checked",
      hint: about.remedy)
  }
}
