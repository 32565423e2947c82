public import OpzOCI

extension ModelName {
  /// A valid name similar to an invalid text, to suggest: `Iris_Model` becomes `iris_model`, `Résiliation v2` becomes
  /// `resiliation-v2`.
  public static func near(_ text: String) -> String? {
    let parts = text.prefix(256).lowercased().split(separator: "/").map { part in
      NearName.component(part.unicodeScalars.map(NearName.plain).joined())
    }
    let name = parts.filter { !$0.isEmpty }.joined(separator: "/")
    // A name that begins like a host is one without its dots.
    return ((try? ModelName(name)) ?? (try? ModelName(name.replacing(".", with: "-"))))?.description
  }
}

/// The parts of a similar name.
private enum NearName {
  private static let separators = "._-"

  /// A character of a name: letters lose their accents, and what has no place in a name becomes a dash.
  static func plain(_ scalar: Unicode.Scalar) -> String {
    if ConfigCharacters.isLowerOrDigit(scalar) || separators.unicodeScalars.contains(scalar) { return String(scalar) }
    if scalar.properties.generalCategory == .nonspacingMark { return "" }
    // LATIN SMALL LETTER E WITH ACUTE, LATIN SMALL LETTER SHARP S
    guard let name = scalar.properties.name, name.hasPrefix("LATIN SMALL L") else { return "-" }
    let words = name.split(separator: " ").dropFirst(3)
    guard let letter = words.first else { return "-" }
    if words.elementsEqual(["SHARP", "S"]) { return "ss" }
    let isPlain = letter.utf8.count <= 2 && (words.count == 1 || words.dropFirst().first == "WITH")
    return isPlain ? letter.lowercased() : "-"
  }

  /// Without separators at the ends, and with one where there are several; a single one is kept as it is.
  static func component(_ text: String) -> String {
    var result = ""
    var between = ""
    for character in text.prefix(256) {
      if separators.contains(character) {
        between.append(character)
        continue
      }
      if !result.isEmpty { result += between.count == 1 || between == "__" ? between : between.isEmpty ? "" : "-" }
      between = ""
      result.append(character)
      if result.utf8.count >= 60 { break }
    }
    return result
  }
}
