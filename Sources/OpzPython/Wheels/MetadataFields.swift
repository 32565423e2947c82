/// The fields of METADATA and WHEEL: `Key: value` lines up to the first empty line, as parsed by Python's
/// email.parser with its compat32 policy (PyPA, core metadata).
struct MetadataFields {
  private var values: [String: [String]] = [:]

  init(_ text: String) {
    var current: (key: String, value: String)?
    for line in ASCII.lines(text) {
      guard let first = line.utf8.first else { break }
      if first == 0x20 || first == 0x09 {
        // A continuation line.
        guard current != nil else { break }
        current?.value.append("\n" + line)
        continue
      }
      // A line that is not a field starts the body.
      guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
        line[..<colon].utf8.allSatisfy({ (0x21..<0x7f).contains($0) })
      else { break }
      keep(current)
      current = (line[..<colon].lowercased(), String(ASCII.trimmed(line[line.utf8.index(after: colon)...])))
    }
    keep(current)
  }

  private mutating func keep(_ field: (key: String, value: String)?) {
    if let field { values[field.key, default: []].append(field.value) }
  }

  /// All values of a field, in order.
  func all(_ key: String) -> [String] { values[key.lowercased()] ?? [] }

  /// The only value of a field; nil if there is none.
  /// - Throws: `PythonError` if there are several, because programs would differ in which one they use.
  func one(_ key: String, of subject: String) throws -> String? {
    let found = all(key)
    guard found.count <= 1 else { throw PythonError(.malformed, subject, "it has \(found.count) fields named \(key)") }
    return found.first
  }

  /// - Throws: `PythonError` unless there is exactly one, not empty.
  func required(_ key: String, of subject: String) throws -> String {
    guard let value = try one(key, of: subject), !value.isEmpty else {
      throw PythonError(.malformed, subject, "it has no field named \(key)")
    }
    return value
  }
}
