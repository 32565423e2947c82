/// Reads the documents of a text into nodes that know their places. Input is hostile: size, depth and what aliases stand for are bounded.
public enum YAMLReader {
  /// The roots of the documents in a text.
  /// - Parameter lines: of the text before it.
  /// - Throws: `YAMLProblem` with the place.
  public static func read(_ text: String, _ rules: YAMLRules, lines: Int = 0) throws(YAMLProblem) -> [YAMLNode] {
    try roots(text, rules, lines: lines, isOne: false)
  }

  /// The one document of a text; nil where it is empty.
  /// - Throws: `YAMLProblem` for a second one, too.
  public static func readOne(_ text: String, _ rules: YAMLRules) throws(YAMLProblem) -> YAMLNode? {
    try roots(text, rules, lines: 0, isOne: true).first
  }

  private static func roots(
    _ text: String, _ rules: YAMLRules, lines: Int, isOne: Bool
  ) throws(YAMLProblem) -> [YAMLNode] {
    guard text.utf8.count <= rules.bytes else {
      throw YAMLProblem(
        Place(line: lines + 1, column: 1), "\(text.utf8.count) bytes are more than the \(rules.bytes) that opz reads")
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
