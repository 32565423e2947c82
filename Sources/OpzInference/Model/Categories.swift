/// The texts of one categorical feature.
struct Categories {
  let feature: FeatureSpec
  /// Each text's code in the matrix.
  let codes: [String: Float]
  /// Whether a contract tells an unseen category from a missing one.
  var marksUnseen = false

  func code(of text: String, row: Int) throws -> Float {
    if let code = codes[text] { return code }
    // Categories that are numbers may be written in several ways, and opz score takes all of them.
    guard let number = Float(text), number.isFinite, let code = known(number) else { return try unseen(text, row) }
    return code
  }

  /// The code of a text that the model has for a number.
  private func known(_ number: Float) -> Float? {
    Int(exactly: number).flatMap { codes[String($0)] } ?? codes["\(number)"]
  }

  /// What the training library makes of a category that the model does not have.
  private func unseen(_ text: String, _ row: Int) throws -> Float {
    switch feature.unseen {
    case .missing: return marksUnseen ? Categories.unseen : .nan
    case .code: return -1
    case .refused: throw unknown(text, row)
    }
  }

  /// NaN with a mark, by which a contract knows it again; also as a double, which keeps the mark.
  private static let unseen = Float(nan: 0x2f, signaling: false)

  /// Whether a value is an unseen category that is to become a missing value.
  static func isUnseen(_ value: Float) -> Bool { value.isNaN && value.bitPattern & 0x3f_ffff == 0x2f }

  /// Whether a value is an unseen category that is to become a missing value.
  static func isUnseen(_ value: Double) -> Bool { value.isNaN && isUnseen(Float(value)) }

  /// The code of a category of a contract; nil if the model does not have it.
  func known(_ text: String) -> Int? {
    if let code = codes[text] ?? Float(text).flatMap({ known($0) }) { return Int(exactly: code) }
    guard codes.isEmpty, let whole = Int(text), (0..<Categories.codeLimit).contains(whole) else { return nil }
    return whole
  }

  /// XGBoost's categories are below 2^24.
  private static let codeLimit = 1 << 24

  /// The code of a category given as a number: looked up as text if the model has texts, and used as the code if not.
  /// The index of a text is not accepted from clients.
  func code(of number: Float, row: Int) throws -> Float {
    let whole = Int(exactly: number)
    if codes.isEmpty, let whole, (0..<Categories.codeLimit).contains(whole) { return number }
    if let code = known(number) { return code }
    return try unseen(whole.map(String.init) ?? number.description, row)
  }

  private func unknown(_ text: String, _ row: Int) -> RequestFailure {
    let categories = feature.categories ?? []
    let shown = categories.prefix(50).map { String($0.prefix(100)) }.joined(separator: ", ")
    let more = categories.count > 50 ? ", and \(categories.count - 50) more" : ""
    return RequestFailure(
      400,
      "input '\(feature.name)', row \(row): the model does not know the category "
        + "'\(text.prefix(100))'; it knows: \(categories.isEmpty ? "numbers from 0" : shown + more)",
      violations: [ContractViolation(feature.name, .category, as: .reject)])
  }
}
