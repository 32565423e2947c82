/// A query that a user wrote: one statement, without the semicolon behind it, so that it can stand in parentheses.
///
/// The database parses the text alone before it stands in another one; here is only found where it ends.
public struct QueryText: Sendable, Hashable {
  /// Without semicolon.
  public let text: String

  /// Reads a query.
  /// - Throws: `SQLError.badOption` for an empty text, one with NUL, and one with more than one statement.
  public init(parsing text: String, _ dialect: SQLDialect) throws {
    guard !text.utf8.contains(0) else { throw QueryText.refused("it has a NUL character") }
    var scanner = StatementScanner(Array(text.utf8), dialect)
    guard let end = scanner.endOfStatement() else { throw QueryText.refused("it is empty") }
    guard scanner.isRestEmpty() else {
      throw QueryText.refused("it has more than one statement", hint: "write one SELECT")
    }
    self.text = String(decoding: text.utf8.prefix(end), as: UTF8.self)
  }

  private static func refused(_ reason: String, hint: String = "--query \"SELECT * FROM customers\"") -> SQLError {
    SQLError(.badOption, "--query", reason: reason, hint: hint)
  }

  /// The query as a table of another one.
  public func table(_ name: String) -> String { "(\(text)\n) AS \(name)" }
}

/// Walks over texts, names and comments to where a statement ends.
private struct StatementScanner {
  private let bytes: [UInt8]
  private let isPostgreSQL: Bool
  /// MariaDB's or MySQL's, with a session in which backslashes and double quotes have their usual meaning.
  private let isMySQL: Bool
  private var place = 0

  init(_ bytes: [UInt8], _ dialect: SQLDialect) {
    self.bytes = bytes
    isPostgreSQL = dialect.name == "postgresql"
    isMySQL = dialect.name == "mariadb" || dialect.name == "mysql"
  }

  private func byte(_ offset: Int = 0) -> UInt8 {
    place + offset < bytes.count ? bytes[place + offset] : 0
  }

  /// Where the first statement ends; nil if there is none. The place is behind its semicolon then.
  mutating func endOfStatement() -> Int? {
    var hasStatement = false
    while place < bytes.count {
      if byte() == UInt8(ascii: ";") {
        place += 1
        return hasStatement ? place - 1 : nil
      }
      if !skipBlank() {
        hasStatement = true
        skipToken()
      }
    }
    return hasStatement ? place : nil
  }

  /// Whether there are only blanks, comments and semicolons.
  mutating func isRestEmpty() -> Bool {
    while place < bytes.count {
      if byte() == UInt8(ascii: ";") { place += 1 } else if !skipBlank() { return false }
    }
    return true
  }

  /// Passes over blanks and comments.
  private mutating func skipBlank() -> Bool {
    if [9, 10, 11, 12, 13, 32].contains(byte()) {
      place += 1
    } else if byte() == UInt8(ascii: "-"), byte(1) == UInt8(ascii: "-"), !isMySQL || byte(2) <= 32 || byte(2) == 127 {
      while place < bytes.count, byte() != 10 { place += 1 }
    } else if isMySQL, byte() == UInt8(ascii: "#") {
      while place < bytes.count, byte() != 10 { place += 1 }
    } else if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
      skipComment()
    } else {
      return false
    }
    return true
  }

  /// PostgreSQL's comments nest.
  private mutating func skipComment() {
    var depth = 0
    repeat {
      if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
        depth = isPostgreSQL ? depth + 1 : 1
        place += 2
      } else if byte() == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
        depth -= 1
        place += 2
      } else {
        place += 1
      }
    } while depth > 0 && place < bytes.count
  }

  private mutating func skipToken() {
    switch byte() {
    case UInt8(ascii: "'"): skipQuoted(UInt8(ascii: "'"), escapes: isMySQL || isEscapeText)
    case UInt8(ascii: "\""): skipQuoted(UInt8(ascii: "\""), escapes: isMySQL)
    case UInt8(ascii: "`") where !isPostgreSQL: skipQuoted(UInt8(ascii: "`"))
    case UInt8(ascii: "[") where !isPostgreSQL && !isMySQL: skipQuoted(UInt8(ascii: "]"))
    case UInt8(ascii: "$") where isPostgreSQL && !isName(before: place): skipDollars()
    default: place += 1
    }
  }

  /// Whether a letter before the apostrophe makes backslashes of the text special: `E'..'`.
  private var isEscapeText: Bool {
    guard isPostgreSQL, place > 0, bytes[place - 1] | 0x20 == UInt8(ascii: "e") else { return false }
    return !isName(before: place - 1)
  }

  /// Whether the byte before a place belongs to a name or number.
  private func isName(before place: Int) -> Bool {
    guard place > 0 else { return false }
    let byte = bytes[place - 1]
    return byte >= 128 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || (48...57).contains(byte)
      || (97...122).contains(byte | 0x20)
  }

  private mutating func skipQuoted(_ end: UInt8, escapes: Bool = false) {
    place += 1
    while place < bytes.count {
      if escapes, byte() == UInt8(ascii: "\\") {
        place += 2
      } else if byte() == end {
        place += 1
        guard byte() == end, place < bytes.count else { return }
        place += 1
      } else {
        place += 1
      }
    }
    place = min(place, bytes.count)
  }

  /// `$tag$ .. $tag$`; a dollar alone is a parameter.
  private mutating func skipDollars() {
    var end = place + 1
    while end < bytes.count, bytes[end] != UInt8(ascii: "$") {
      guard isNamePart(bytes[end]), end > place + 1 || !(48...57).contains(bytes[end]) else { return place += 1 }
      end += 1
    }
    guard end < bytes.count else { return place += 1 }
    let tag = Array(bytes[place...end])
    place = end + 1
    while place < bytes.count {
      if byte() == UInt8(ascii: "$"), bytes[place...].starts(with: tag) { return place += tag.count }
      place += 1
    }
  }

  private func isNamePart(_ byte: UInt8) -> Bool {
    byte >= 128 || byte == UInt8(ascii: "_") || (48...57).contains(byte) || (97...122).contains(byte | 0x20)
  }
}
