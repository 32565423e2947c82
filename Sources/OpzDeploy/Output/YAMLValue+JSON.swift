import OpzJSON
import OpzYAML

extension YAMLValue {
  /// The members of a mapping; empty for any other value.
  var members: [Member] { if case .map(let members) = self { members } else { [] } }

  /// Converts a JSON document; members are sorted by name.
  init(_ json: JSONValue) {
    switch json {
    case .null: self = .null
    case .bool(let flag): self = .bool(flag)
    case .integer(let number): self = .integer(Int(number))
    case .number(let number): self = .number(number)
    case .string(let text): self = .text(text)
    case .array(let items): self = .list(items.map { YAMLValue($0) })
    case .object(let members):
      let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      self = .map(sorted.map { Member($0.key, YAMLValue($0.value)) })
    }
  }
}
