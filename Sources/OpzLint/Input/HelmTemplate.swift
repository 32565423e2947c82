/// Recognizes Helm templates, which are not YAML until Helm has rendered them.
enum HelmTemplate {
  private static let actions = [
    ".Values", ".Release", ".Chart", ".Capabilities", "include ", "template ", "define ", "if ", "range ", "with ",
    "end ", "end}", "else", "toYaml", "tpl ", "/*",
  ].map { Array($0.utf8) }

  /// `{{` alone is not enough: Prometheus rules and Argo workflows contain it in rendered objects.
  static func isTemplate(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      guard bytes.count > 3 else { return false }
      for index in 0..<(bytes.count - 3) where bytes[index] == brace && bytes[index + 1] == brace {
        if isAction(bytes, index) { return true }
      }
      return false
    }
  }

  private static let brace = UInt8(ascii: "{")

  private static func isAction(_ bytes: UnsafeBufferPointer<UInt8>, _ open: Int) -> Bool {
    var inside = open + 2
    while inside < bytes.count, bytes[inside] == UInt8(ascii: "-") || bytes[inside] == UInt8(ascii: " ") { inside += 1 }
    let rest = bytes[inside...].prefix(16)
    if actions.contains(where: { rest.starts(with: $0) }) { return true }
    // `{{- $name := .. }}` at the start of a line.
    guard rest.first == UInt8(ascii: "$") else { return false }
    var before = open - 1
    while before >= 0, bytes[before] == UInt8(ascii: " ") { before -= 1 }
    return before < 0 || bytes[before] == UInt8(ascii: "\n")
  }
}
