/// A value of a TOML document (toml.io, version 1.0).
package enum TOMLValue: Sendable, Hashable {
  case string(String)
  case integer(Int64)
  case float(Double)
  case boolean(Bool)
  /// A date, a time or both, in the original spelling.
  case date(String)
  case array([TOMLValue])
  case table(TOMLTable)

  /// The member of a table; nil if missing or not a table.
  package subscript(key: String) -> TOMLValue? { table?[key] }

  /// The text; nil for another type.
  package var string: String? { if case .string(let text) = self { text } else { nil } }
  /// The number; nil for another type.
  package var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
  /// The flag; nil for another type.
  package var boolean: Bool? { if case .boolean(let flag) = self { flag } else { nil } }
  /// The elements, or the tables of an array of tables; nil for another type.
  package var array: [TOMLValue]? { if case .array(let items) = self { items } else { nil } }
  /// The table; nil for another type.
  package var table: TOMLTable? { if case .table(let table) = self { table } else { nil } }
}

/// A table of a TOML document. Two tables are equal if their members are, wherever these were written.
package struct TOMLTable: Sendable, Hashable {
  /// The values, by key.
  package let members: [String: TOMLValue]
  /// In the order in which the document first mentions them.
  package let keys: [String]
  /// The line of the table's header or opening brace; the first line of a document is 1.
  package let line: Int
  private let lines: [String: Int]

  /// A table of its parts.
  init(members: [String: TOMLValue], keys: [String], lines: [String: Int], line: Int) {
    self.members = members
    self.keys = keys
    self.lines = lines
    self.line = line
  }

  /// The member with a key; nil if there is none.
  package subscript(key: String) -> TOMLValue? { members[key] }

  /// The line on which a key is first mentioned, or the table's own.
  package func line(of key: String) -> Int { lines[key] ?? line }

  /// Compares the members alone.
  package static func == (one: TOMLTable, other: TOMLTable) -> Bool { one.members == other.members }

  /// Hashes the members alone.
  package func hash(into hasher: inout Hasher) { hasher.combine(members) }
}

extension TOMLTable: ExpressibleByDictionaryLiteral {
  /// A table without places, for comparisons.
  package init(dictionaryLiteral elements: (String, TOMLValue)...) {
    self.init(
      members: Dictionary(elements, uniquingKeysWith: { $1 }), keys: elements.map(\.0), lines: [:], line: 0)
  }
}
