/// JSON whose bytes depend on the values alone: keys sorted by their UTF-8 bytes, no white space, only necessary
/// escapes.
///
/// Digests are computed from these bytes, so they are written here and not by a library whose order or escaping may
/// change.
public enum CanonicalJSON {
  /// Encodes a value on one line without a final newline, as manifests and configs are stored.
  /// - Throws: `EncodingError` for a number that is not finite, and what the value's own `encode` throws.
  public static func encode(_ value: some Encodable) throws -> [UInt8] {
    var writer = CanonicalWriter(pretty: false)
    writer.write(try JSONValue(encoding: value), depth: 0)
    return writer.output
  }

  /// Encodes a value with two spaces per level and a final newline, for files that people and git read.
  /// - Throws: as `encode`.
  public static func encodePretty(_ value: some Encodable) throws -> [UInt8] {
    var writer = CanonicalWriter(pretty: true)
    writer.write(try JSONValue(encoding: value), depth: 0)
    writer.output.append(UInt8(ascii: "\n"))
    return writer.output
  }

  /// Encodes a text as a JSON string with its quotes.
  public static func quoted(_ text: String) -> String {
    var writer = CanonicalWriter(pretty: false)
    writer.write(text)
    return String(decoding: writer.output, as: UTF8.self)
  }
}

private struct CanonicalWriter {
  let pretty: Bool
  var output: [UInt8] = []

  init(pretty: Bool) { self.pretty = pretty }

  mutating func write(_ value: JSONValue, depth: Int) {
    switch value {
    case .null: output += "null".utf8
    case .bool(let flag): output += (flag ? "true" : "false").utf8
    case .integer(let number): output += String(number).utf8
    case .number(let number): output += number.isFinite ? Array(String(number).utf8) : Array("null".utf8)
    case .string(let text): write(text)
    case .array(let items):
      list(items, "[", close: "]", depth: depth) { writer, item in writer.write(item, depth: depth + 1) }
    case .object(let members):
      let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      list(sorted, "{", close: "}", depth: depth) { writer, member in
        writer.write(member.key)
        writer.output += (writer.pretty ? ": " : ":").utf8
        writer.write(member.value, depth: depth + 1)
      }
    }
  }

  private mutating func list<Item>(
    _ items: [Item], _ open: String, close: String, depth: Int, each: (inout CanonicalWriter, Item) -> Void
  ) {
    output += open.utf8
    for (index, item) in items.enumerated() {
      if index > 0 { output += ",".utf8 }
      newline(depth + 1)
      each(&self, item)
    }
    if !items.isEmpty { newline(depth) }
    output += close.utf8
  }

  private mutating func newline(_ depth: Int) {
    guard pretty else { return }
    output.append(UInt8(ascii: "\n"))
    output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 2))
  }

  mutating func write(_ text: String) {
    var writer = JSONWriter(output)
    output = []
    writer.string(text)
    output = writer.bytes
  }
}
