/// The name of a table or view, with the schema and catalog if the user wrote them: `scoring.customers`,
/// `"My Schema".customers`.
public struct TableName: Sendable, Hashable {
  /// The catalog, schema and name.
  public let parts: [String]

  init(parts: [String]) { self.parts = parts }

  /// Parses a name. A part in double quotes may have any character, a quote in it is doubled.
  /// - Throws: `SQLError.badOption` for an empty part or a quote that is not closed.
  public init(parsing text: String) throws {
    var parts: [String] = []
    var rest = text[...]
    repeat {
      if !parts.isEmpty { rest.removeFirst() }
      guard let part = TableName.part(&rest), !part.isEmpty, !part.utf8.contains(0) else {
        throw SQLError(
          .badOption, "the table \"\(text.prefix(80))\"", reason: "it is not a name",
          hint: "write TABLE, SCHEMA.TABLE or \"ANY NAME\"")
      }
      parts.append(part)
    } while rest.first == "."
    guard rest.isEmpty, parts.count <= 3 else {
      throw SQLError(
        .badOption, "the table \"\(text.prefix(80))\"", reason: "it has more than a catalog, a schema and a name")
    }
    self.parts = parts
  }

  /// The name without schema and catalog.
  public var last: String { parts.last ?? "" }

  /// The name as users write it: it parses back.
  public var source: String { parts.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ".") }

  /// The name as the database quotes it.
  public func text(_ dialect: SQLDialect) -> String { parts.map(dialect.quoted).joined(separator: ".") }

  private static func part(_ rest: inout Substring) -> String? {
    guard rest.first == "\"" else {
      let part = rest.prefix { $0 != "." }
      rest = rest[part.endIndex...]
      return part.contains("\"") ? nil : String(part)
    }
    var part = ""
    rest.removeFirst()
    while let character = rest.popFirst() {
      guard character == "\"" else {
        part.append(character)
        continue
      }
      guard rest.first == "\"" else { return part }
      part.append("\"")
      rest.removeFirst()
    }
    return nil
  }
}
