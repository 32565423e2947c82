/// Text that others wrote, as a terminal may show it.
enum PlainText {
  /// One line of at most `limit` characters, without control characters.
  static func line(_ text: String, limit: Int = 200) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(limit) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
