/// Unicode's simple case folding, where it maps letters to each other: texts that fold alike are one name for readers
/// that ignore case.
enum CaseFolding {
  static func fold(_ text: String) -> [Unicode.Scalar] { text.unicodeScalars.map(fold) }

  private static func fold(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar {
    case "A"..."Z": return Unicode.Scalar(UInt8(scalar.value) | 0x20)
    case "\u{17F}": return "s"
    case "\u{212A}": return "k"
    case ..<"\u{80}": return scalar
    default:
      // Fold through upper case, so that letters with several lower-case forms (σ and ς) fold alike; mappings to more
      // than one scalar are ignored.
      let upper = single(scalar.properties.uppercaseMapping) ?? scalar
      return single(upper.properties.lowercaseMapping) ?? upper
    }
  }

  private static func single(_ mapping: String) -> Unicode.Scalar? {
    let scalars = mapping.unicodeScalars
    return scalars.count == 1 ? scalars.first : nil
  }
}
