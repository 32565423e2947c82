/// A name of a person as the eye takes it: two spellings of it are equal.
///
/// Compared are texts after the compatibility forms (Unicode Standard Annex 15, NFKC) and without case, with one space for each run of white space and
/// none around. Letters of two scripts that look alike stay apart. What cannot be seen is in no name.
public struct FoldedName: Hashable, Sendable {
  /// As it was written, without the white space around it.
  public let text: String
  private let folded: String

  /// Compares the folded forms, so two spellings of one name are equal although their `text` differs.
  public static func == (one: FoldedName, other: FoldedName) -> Bool { one.folded == other.folded }
  /// Hashes the folded form, in agreement with `==`.
  public func hash(into hasher: inout Hasher) { hasher.combine(folded) }

  /// Scalars of a name.
  public static let limit = 256

  /// Nil for a text that is no name: `FoldedName.problem` says why.
  public init?(_ text: String) {
    guard FoldedName.problem(text) == nil else { return nil }
    let words = text.unicodeScalars.split { $0.properties.isWhitespace }.map { String($0) }
    folded = FoldedName.fold(words.joined(separator: " "))
    self.text = FoldedName.trimmed(text)
  }

  /// Why a text is no name; nil where it is one.
  public static func problem(_ text: String) -> String? {
    let scalars = text.unicodeScalars
    if scalars.count > limit { return "it has more than \(limit) characters" }
    if let hidden = scalars.first(where: { !isSeen($0) }) {
      return "it has an invisible character (U+\(String(hidden.value, radix: 16, uppercase: true)))"
    }
    // A name of marks, dots or spaces alone is none.
    let isNamed = fold(text).unicodeScalars.contains { $0.properties.isAlphabetic || $0.properties.numericType != nil }
    return isNamed ? nil : "it has no letter and no digit"
  }

  private static func isSeen(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
    // Fillers of Hangul, selectors and joiners; a pattern of Braille without dots.
    default: !scalar.properties.isDefaultIgnorableCodePoint && scalar != "\u{2800}"
    }
  }

  private static func trimmed(_ text: String) -> String {
    var scalars = Substring(text).unicodeScalars
    while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
    while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
    return String(scalars)
  }

  /// Twice, because the lower case of what a form stands for may have a form of its own.
  private static func fold(_ text: String) -> String { once(once(text)) }

  private static func once(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      for form in CompatibilityTable.forms[scalar.value] ?? [scalar.value] {
        guard let form = Unicode.Scalar(form) else { continue }
        // By way of the upper case, so that letters with several lower ones meet.
        for upper in form.properties.uppercaseMapping.unicodeScalars { result += upper.properties.lowercaseMapping }
      }
    }
    return result
  }
}
