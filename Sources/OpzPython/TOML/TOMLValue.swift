/// A value of a TOML document (toml.io, version 1.0).
enum TOMLValue: Sendable, Hashable {
  case string(String)
  case integer(Int64)
  case float(Double)
  case boolean(Bool)
  /// A date, a time or both, in the original spelling.
  case date(String)
  case array([TOMLValue])
  case table([String: TOMLValue])

  /// The member of a table; nil if missing or not a table.
  subscript(key: String) -> TOMLValue? { if case .table(let members) = self { members[key] } else { nil } }

  var string: String? { if case .string(let text) = self { text } else { nil } }
  var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
  var array: [TOMLValue]? { if case .array(let items) = self { items } else { nil } }
  var table: [String: TOMLValue]? { if case .table(let members) = self { members } else { nil } }
}
