import FoundationEssentials
import OpzIO

/// JSON whose bytes depend on the values alone: keys sorted by their UTF-8 bytes, no spaces, no escapes that are not needed.
///
/// Digests are made of these bytes, so they are written here and not by a library whose order or escaping may change.
public enum CanonicalJSON {
  /// One line without a final newline: manifests and configs.
  public static func encode(_ value: some Encodable) throws -> [UInt8] {
    var writer = Writer(pretty: false)
    writer.write(try JSONValue(encoding: value), depth: 0)
    return writer.output
  }

  /// Two spaces a level and a final newline: files that people and git read.
  public static func encodePretty(_ value: some Encodable) throws -> [UInt8] {
    var writer = Writer(pretty: true)
    writer.write(try JSONValue(encoding: value), depth: 0)
    writer.output.append(UInt8(ascii: "\n"))
    return writer.output
  }

  /// Reads a document of a known type.
  /// - Parameter subject: what the error names.
  public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8], subject: String) throws -> Value
  {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch let error as DecodingError {
      throw OCIError(.badDocument, subject, CanonicalJSON.explain(error))
    }
  }

  private static func explain(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context): "\(place(context))the key \"\(key.stringValue)\" is missing"
    case .typeMismatch(let type, let context): "\(place(context))expected \(type)"
    case .valueNotFound(let type, let context): "\(place(context))expected \(type), found null"
    case .dataCorrupted(let context): "\(place(context))\(context.debugDescription)"
    @unknown default: "not the expected JSON"
    }
  }

  private static func place(_ context: DecodingError.Context) -> String {
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    return path.isEmpty ? "" : "\(path): "
  }
}

extension JSONValue {
  /// The document that `value` encodes to.
  public init(encoding value: some Encodable) throws {
    if let document = value as? JSONValue {
      self = document
      return
    }
    let bytes = try JSONEncoder().encode(value)
    self = try JSONValue(plain: Array(bytes)) ?? JSONDecoder().decode(JSONValue.self, from: bytes)
  }
}

private struct Writer {
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
    case .array(let items): list(items, "[", "]", depth) { writer, item in writer.write(item, depth: depth + 1) }
    case .object(let members):
      let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      list(sorted, "{", "}", depth) { writer, member in
        writer.write(member.key)
        writer.output += (writer.pretty ? ": " : ":").utf8
        writer.write(member.value, depth: depth + 1)
      }
    }
  }

  private mutating func list<Item>(
    _ items: [Item], _ open: String, _ close: String, _ depth: Int, _ each: (inout Writer, Item) -> Void
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

  private mutating func write(_ text: String) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): output += "\\\"".utf8
      case UInt8(ascii: "\\"): output += "\\\\".utf8
      case UInt8(ascii: "\n"): output += "\\n".utf8
      case UInt8(ascii: "\r"): output += "\\r".utf8
      case UInt8(ascii: "\t"): output += "\\t".utf8
      case 0..<32: output += ("\\u00" + Hex.encode([byte])).utf8
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
