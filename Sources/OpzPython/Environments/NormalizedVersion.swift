/// Compares the spellings of a version (PyPA, version specifiers: normalization).
enum NormalizedVersion {
  /// A canonical text for all spellings of a version: `1.0-RC.1` and `v1.0.0rc1` give `1rc1`. Other text is
  /// lowercased.
  static func key(_ text: some StringProtocol) -> String {
    var parser = Parser(text.lowercased())
    return parser.key() ?? text.lowercased()
  }

  private struct Parser {
    private var rest: Substring
    init(_ text: String) { rest = text[...] }

    mutating func key() -> String? {
      _ = take("v")
      var epoch = "0"
      guard var release = number() else { return nil }
      if take("!") {
        epoch = release
        guard let first = number() else { return nil }
        release = first
      }
      var parts = [release]
      while let next = dotted() { parts.append(next) }
      while parts.count > 1, parts.last == "0" { parts.removeLast() }
      var key = (epoch == "0" ? "" : epoch + "!") + parts.joined(separator: ".")
      key +=
        labelled([
          ("alpha", "a"), ("a", "a"), ("beta", "b"), ("b", "b"), ("preview", "rc"), ("pre", "rc"), ("rc", "rc"),
          ("c", "rc"),
        ]) ?? ""
      key += post() ?? ""
      key += labelled([("dev", ".dev")]) ?? ""
      if take("+") {
        guard let local = local() else { return nil }
        key += "+" + local
      }
      return rest.isEmpty ? key : nil
    }

    /// `1.0-2` is a post-release too.
    private mutating func post() -> String? {
      let before = rest
      if take("-"), let number = number() { return ".post" + number }
      rest = before
      return labelled([("post", ".post"), ("rev", ".post"), ("r", ".post")])
    }

    /// `-rc.1`, `_rc1`, `rc`.
    private mutating func labelled(_ labels: [(String, String)]) -> String? {
      let before = rest
      separator()
      for (label, normal) in labels where take(label) {
        let after = rest
        separator()
        if let number = number() { return normal + number }
        rest = after
        return normal + "0"
      }
      rest = before
      return nil
    }

    private mutating func local() -> String? {
      let parts = rest.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "-" || $0 == "_" }
      guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(ASCII.isLetterOrDigit) }) else { return nil }
      rest = ""
      return parts.map { $0.utf8.allSatisfy(ASCII.isDigit) ? withoutZeros($0) : String($0) }.joined(separator: ".")
    }

    private mutating func dotted() -> String? {
      let before = rest
      if take("."), let number = number() { return number }
      rest = before
      return nil
    }

    private mutating func separator() {
      if let first = rest.first, ".-_".contains(first) { rest.removeFirst() }
    }

    private mutating func number() -> String? {
      let digits = rest.prefix { $0.utf8.allSatisfy(ASCII.isDigit) }
      guard !digits.isEmpty else { return nil }
      rest = rest[digits.endIndex...]
      return withoutZeros(digits)
    }

    private func withoutZeros(_ digits: Substring) -> String {
      let significant = digits.drop { $0 == "0" }
      return significant.isEmpty ? "0" : String(significant)
    }

    private mutating func take(_ text: String) -> Bool {
      guard rest.hasPrefix(text) else { return false }
      rest = rest.dropFirst(text.count)
      return true
    }
  }
}
