/// The texts of one categorical feature.
struct Categories {
  let feature: FeatureSpec
  /// Each text's code in the matrix.
  let codes: [String: Float]

  func code(of text: String, row: Int) throws -> Float {
    guard let code = codes[text] else { throw unknown(text, row) }
    return code
  }

  /// XGBoost's categories are below 2^24.
  private static let codeLimit = 1 << 24

  /// The code of a category given as a number: looked up as text if the model has texts, and used as the code if not.
  /// The index of a text is not accepted from clients.
  func code(of number: Float, row: Int) throws -> Float {
    let whole = Int(exactly: number)
    if codes.isEmpty, let whole, (0..<Categories.codeLimit).contains(whole) { return number }
    if let whole, let code = codes[String(whole)] { return code }
    throw unknown(whole.map(String.init) ?? number.description, row)
  }

  private func unknown(_ text: String, _ row: Int) -> RequestFailure {
    let categories = feature.categories ?? []
    let shown = categories.prefix(50).map { String($0.prefix(100)) }.joined(separator: ", ")
    let more = categories.count > 50 ? ", and \(categories.count - 50) more" : ""
    return RequestFailure.bad(
      "input '\(feature.name)', row \(row): the model does not know the category "
        + "'\(text.prefix(100))'; it knows: \(categories.isEmpty ? "numbers from 0" : shown + more)")
  }
}
