import OpzIO
import OpzSecrets

/// Text that may leave this machine: what looks like a secret is left out, and the home directory is `~`.
struct WithoutSecrets: Sendable {
  private static let omitted = "(left out: it may have a secret)"

  /// Empty if there is none.
  let home: String

  /// Leaves out each line that has a secret, or the whole text if a secret is longer than a line.
  func text(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      WithoutSecrets.hasSecret(String(line)) ? WithoutSecrets.omitted : String(line)
    }
    let kept = lines.joined(separator: "\n")
    return WithoutSecrets.hasSecret(kept) ? WithoutSecrets.omitted : shortened(kept)
  }

  /// An argument of a command: `--set env.TOKEN=x` keeps the name, and a URL loses user and password.
  func argument(_ text: String) -> String {
    let assignment = text.firstIndex(of: "=").map { (name: text[..<$0], value: text[text.index(after: $0)...]) }
    if let assignment, !assignment.value.isEmpty {
      // `--set=env.TOKEN=x`
      if assignment.name.hasPrefix("--") { return "\(assignment.name)=\(argument(String(assignment.value)))" }
      let name = assignment.name.split(whereSeparator: { $0 == "." || $0 == "-" }).last.map(String.init) ?? ""
      // The environment of an image is the user's own.
      if SecretSearch.isSecretName(name) || assignment.name.hasPrefix("env.") {
        return "\(assignment.name)=\(WithoutSecrets.omitted)"
      }
    }
    return self.text(WithoutSecrets.withoutLogin(text))
  }

  private static func hasSecret(_ text: String) -> Bool {
    var search = SecretSearch()
    search.take(Array(text.utf8))
    return !search.finish().isEmpty
  }

  private func shortened(_ text: String) -> String { home.isEmpty ? text : text.replacing(home, with: "~") }

  /// `https://user:password@host/` as `https://host/`.
  private static func withoutLogin(_ text: String) -> String {
    guard let mark = text.firstRange(of: "://") else { return text }
    let rest = text[mark.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard let at = authority.lastIndex(of: "@") else { return text }
    return String(text[..<mark.upperBound] + rest[rest.index(after: at)...])
  }
}
