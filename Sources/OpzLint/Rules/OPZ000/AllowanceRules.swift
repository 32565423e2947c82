/// OPZ003 to OPZ005: allowances without a reason, without a finding, or with an unknown code.
enum AllowanceRules {
  static let noReason = RuleAbout(
    code: "OPZ003", severity: .warning, title: "an allowance without a reason",
    why: """
      The reason tells later readers of the manifest why the rule does not apply here. Without a reason, the finding
      is still reported.
      """,
    remedy: "write the reason after the code: opz.dev/allow: \"OPZ501: the registry forbids moving tags\"",
    wrong: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {opz.dev/allow: OPZ113}}",
    right: """
      apiVersion: v1
      kind: Pod
      metadata: {name: a, annotations: {opz.dev/allow: "OPZ501: the registry forbids moving tags"}}
      spec: {containers: [{name: a, image: "r.example/a:latest"}]}
      """)
  static let unused = RuleAbout(
    code: "OPZ004", severity: .note, title: "an allowance that is not needed",
    why: "There is no finding with this code where the allowance applies. If it stays, it will hide the next one.",
    remedy: "remove it",
    wrong: "apiVersion: v1\nkind: ConfigMap\n# opz:allow OPZ501 it was there once\nmetadata: {name: a}",
    right: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}")
  static let unknown = RuleAbout(
    code: "OPZ005", severity: .warning, title: "an allowance for an unknown code",
    why: "No rule has this code, so the allowance has no effect.",
    remedy: "write a code that opz lint prints, such as OPZ101",
    wrong: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {opz.dev/allow: \"OPZ999: because\"}}",
    right: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}")

  static let all = [noReason, unused, unknown]

  /// Returns findings about allowances.
  /// - Parameter used: the indexes of the allowances that covered a finding.
  static func findings(_ allowances: [Allowance], used: Set<Int>) -> [Finding] {
    allowances.enumerated().compactMap { index, allowance in
      let object: String = if case .object(let title) = allowance.scope { title } else { "" }
      func finding(_ about: RuleAbout, _ message: String) -> Finding {
        Finding(
          about.code, about.severity, file: allowance.file, place: allowance.place, object: object, message: message,
          hint: about.remedy)
      }
      if RuleBook.about(allowance.code)?.code != allowance.code {
        return finding(unknown, "no rule has the code \"\(allowance.code.prefix(40))\"")
      }
      if allowance.reason.isEmpty { return finding(noReason, "\(allowance.code) is allowed without a reason") }
      return used.contains(index) ? nil : finding(unused, "it applies to no finding of \(allowance.code)")
    }
  }
}
