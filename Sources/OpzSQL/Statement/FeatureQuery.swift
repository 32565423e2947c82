/// A query of the user's that makes a model's columns: `features.sql`. It stands in a statement as it is written, in
/// parentheses.
public struct FeatureQuery: Sendable, Hashable {
  /// The query, without what ends it.
  public let text: String

  /// The most bytes of a query.
  public static let limit = 256 << 10

  /// Takes a query apart from what ends it.
  ///
  /// It must not have a semicolon inside of it, not even in a text or a comment: where those begin and end differs by
  /// database, and what a version's query says must never become a statement of its own.
  /// - Parameter subject: names it in errors: `features.sql`.
  /// - Throws: `SQLError.badOption` for an empty query, one with a semicolon or a NUL inside; `SQLError.tooLarge`.
  public init(_ text: String, subject: String) throws {
    guard text.utf8.count <= FeatureQuery.limit else {
      throw SQLError(
        .tooLarge, subject, reason: "\(text.utf8.count) bytes, where a query has at most \(FeatureQuery.limit)",
        hint: "make a view of it in the database, and select from the view")
    }
    var query = text[...]
    while let first = query.first, first.isWhitespace || first == "\u{FEFF}" { query.removeFirst() }
    while let last = query.last, last == ";" || last.isWhitespace { query.removeLast() }
    guard !query.isEmpty else {
      throw SQLError(.badOption, subject, reason: "it has no query", hint: "write SELECT .. FROM ..")
    }
    guard !query.utf8.contains(0) else { throw SQLError(.badOption, subject, reason: "it has a NUL character") }
    if let place = query.utf8.firstIndex(of: UInt8(ascii: ";")) {
      let line = query[..<place].utf8.reduce(1) { $1 == 10 ? $0 + 1 : $0 }
      throw SQLError(
        .badOption, subject, reason: "a semicolon in line \(line) of the query, which has to be one statement",
        hint: "leave it out of comments; in a text, write chr(59) or what the database has for it")
    }
    self.text = String(query)
  }

  /// Whether it begins with `WITH`, which some databases have at a statement's beginning alone.
  var beginsWithTables: Bool {
    var rest = text[...]
    while true {
      while rest.first?.isWhitespace == true { rest.removeFirst() }
      guard rest.hasPrefix("--") || rest.hasPrefix("/*") else { break }
      let end = rest.hasPrefix("--") ? "\n" : "*/"
      guard let range = rest.firstRange(of: end) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.prefix(4).lowercased() == "with" && rest.dropFirst(4).first?.isWhitespace == true
  }
}
