/// The fields of METADATA and WHEEL: `Key: value` lines up to the first empty line, as Python's email.parser reads them with its
/// compat32 policy (PyPA, core metadata).
struct MetadataFields {
  private var values: [String: [String]] = [:]

  init(_ text: String) {
    var current: (key: String, value: String)?
    for line in ASCII.lines(text) {
      guard let first = line.utf8.first else { break }
      if first == 0x20 || first == 0x09 {
        // A value goes on.
        guard current != nil else { break }
        current?.value.append("\n" + line)
        continue
      }
      // What is not a field begins the body.
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

  /// The only value of a field; nil when there is none.
  /// - Throws: `PythonError` when there are several: programs would differ in which one they take.
  func one(_ key: String, of subject: String) throws -> String? {
    let found = all(key)
    guard found.count <= 1 else { throw PythonError(.malformed, subject, "it has \(found.count) fields \(key)") }
    return found.first
  }

  /// - Throws: `PythonError` when there is not exactly one, or it is empty.
  func required(_ key: String, of subject: String) throws -> String {
    guard let value = try one(key, of: subject), !value.isEmpty else {
      throw PythonError(.malformed, subject, "it has no field \(key)")
    }
    return value
  }
}
