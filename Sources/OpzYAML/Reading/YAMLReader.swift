/// Parses the documents of a text into nodes that know their places. The input may be hostile: size, depth and the
/// expansion of aliases are bounded.
public enum YAMLReader {
  /// Parses all documents of a text and returns their roots.
  /// - Parameters:
  ///   - text: the YAML text.
  ///   - rules: what is accepted.
  ///   - lines: how many lines precede the text in its file; added to the places.
  /// - Throws: `YAMLProblem` for invalid YAML, and for what the rules forbid.
  public static func read(_ text: String, _ rules: YAMLRules, lines: Int = 0) throws(YAMLProblem) -> [YAMLNode] {
    try roots(text, rules, lines: lines, isOne: false)
  }

  /// Parses a text with a single document; nil when the text is empty.
  /// - Throws: `YAMLProblem`, for a second document too.
  public static func readOne(_ text: String, _ rules: YAMLRules) throws(YAMLProblem) -> YAMLNode? {
    try roots(text, rules, lines: 0, isOne: true).first
  }

  private static func roots(
    _ text: String, _ rules: YAMLRules, lines: Int, isOne: Bool
  ) throws(YAMLProblem) -> [YAMLNode] {
    guard text.utf8.count <= rules.bytes else {
      throw YAMLProblem(
        Place(line: lines + 1, column: 1), "it has \(text.utf8.count) bytes; the limit is \(rules.bytes)")
    }
    var text = text
    let result = text.withUTF8 { bytes -> Result<[YAMLNode], YAMLProblem> in
      do throws(YAMLProblem) {
        if rules.refusesAmbiguous { try YAMLCharacters.check(bytes) }
        var composer = YAMLComposer(bytes, rules, lines: lines)
        return .success(try composer.roots(isOne: isOne))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
