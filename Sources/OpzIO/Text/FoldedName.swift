/// A person's name, for comparison: spellings that look the same are equal.
///
/// Names are compared after compatibility normalization (Unicode Standard Annex 15, NFKC) and case folding. A run of
/// white space counts as one space, and white space around a name is dropped. Look-alike letters of different scripts
/// stay different. A name with invisible characters is refused.
public struct FoldedName: Hashable, Sendable {
  /// The name as written, without surrounding white space.
  public let text: String
  private let folded: String

  /// Compares the folded forms, so two spellings of a name are equal although their `text` differs.
  public static func == (one: FoldedName, other: FoldedName) -> Bool { one.folded == other.folded }
  /// Hashes the folded form, in agreement with `==`.
  public func hash(into hasher: inout Hasher) { hasher.combine(folded) }

  /// The largest number of Unicode scalars in a name.
  public static let limit = 256

  /// Nil if the text is not a name; `FoldedName.problem` says why.
  public init?(_ text: String) {
    guard FoldedName.problem(text) == nil else { return nil }
    let words = text.unicodeScalars.split { $0.properties.isWhitespace }.map { String($0) }
    folded = FoldedName.fold(words.joined(separator: " "))
    self.text = FoldedName.trimmed(text)
  }

  /// Why a text is not a name, or nil if it is one.
  public static func problem(_ text: String) -> String? {
    let scalars = text.unicodeScalars
    if scalars.count > limit { return "it has more than \(limit) characters" }
    if let hidden = scalars.first(where: { !isVisible($0) }) {
      return "it has an invisible character (U+\(String(hidden.value, radix: 16, uppercase: true)))"
    }
    // Marks, dots and spaces alone do not make a name.
    let isNamed = fold(text).unicodeScalars.contains { $0.properties.isAlphabetic || $0.properties.numericType != nil }
    return isNamed ? nil : "it has no letter and no digit"
  }

  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
    // Hangul fillers, variation selectors and joiners; U+2800 is the Braille pattern without dots.
    default: !scalar.properties.isDefaultIgnorableCodePoint && scalar != "\u{2800}"
    }
  }

  private static func trimmed(_ text: String) -> String {
    var scalars = Substring(text).unicodeScalars
    while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
    while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
    return String(scalars)
  }

  /// Folds twice, because the lower case of a decomposed character can itself have a compatibility form.
  private static func fold(_ text: String) -> String { foldedOnce(foldedOnce(text)) }

  private static func foldedOnce(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      for form in CompatibilityTable.forms[scalar.value] ?? [scalar.value] {
        guard let form = Unicode.Scalar(form) else { continue }
        // Through upper case, so that letters with several lower-case forms compare as equal.
        for upper in form.properties.uppercaseMapping.unicodeScalars { result += upper.properties.lowercaseMapping }
      }
    }
    return result
  }
}
