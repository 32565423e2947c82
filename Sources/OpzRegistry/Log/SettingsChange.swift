public import OpzJSON
public import OpzOCI

/// A field that differs between two sets of settings.
public struct SettingsChange: Codable, Sendable, Hashable {
  /// Its name in opz.yaml: `deploy.replicas.max`, `lineage.data[0].digest`.
  public let field: String
  /// Nil if it was not set.
  public let old: JSONValue?
  /// Nil if it is no longer set.
  public let new: JSONValue?

  /// The fields in which two documents differ, sorted. Lists of equal length are compared item by item, others as a
  /// whole.
  static func between(_ old: JSONValue, _ new: JSONValue) -> [SettingsChange] {
    var found: [SettingsChange] = []
    compare("", old, new: new, into: &found)
    return found.sorted { $0.field.utf8.lexicographicallyPrecedes($1.field.utf8) }
  }

  private static func compare(_ path: String, _ old: JSONValue?, new: JSONValue?, into found: inout [SettingsChange]) {
    // Readers of settings treat null as missing.
    let (old, new) = (old == .null ? nil : old, new == .null ? nil : new)
    if old == new { return }
    switch (old, new) {
    case (.object(let one)?, .object(let other)?):
      for key in Set(one.keys).union(other.keys) {
        compare(path.isEmpty ? key : "\(path).\(key)", one[key], new: other[key], into: &found)
      }
    case (.object(let one)?, nil) where !one.isEmpty:
      for (key, value) in one { compare("\(path).\(key)", value, new: nil, into: &found) }
    case (nil, .object(let other)?) where !other.isEmpty:
      for (key, value) in other { compare("\(path).\(key)", nil, new: value, into: &found) }
    case (.array(let one)?, .array(let other)?) where one.count == other.count:
      for (index, (left, right)) in zip(one, other).enumerated() {
        compare("\(path)[\(index)]", left, new: right, into: &found)
      }
    default: found.append(SettingsChange(field: path, old: old, new: new))
    }
  }
}

extension SettingsChange: CustomStringConvertible {
  /// `deploy.replicas.max: 10 -> 20`, in one line.
  public var description: String { "\(field): \(SettingsChange.text(old)) -> \(SettingsChange.text(new))" }

  private static func text(_ value: JSONValue?) -> String {
    guard let value else { return "(not set)" }
    let text = (try? CanonicalJSON.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.count > 80 ? text.prefix(77) + ".." : text
  }
}
