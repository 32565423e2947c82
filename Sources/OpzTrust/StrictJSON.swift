public import OpzJSON
import OpzOCI

/// JSON that reads one way only (RFC 8259): a key that comes twice, text that is not UTF-8 and anything after the document are errors.
///
/// What is signed is bytes. Two readers that take another of two equal keys would see two statements under one signature.
public enum StrictJSON {
  /// - Parameter subject: what the error names.
  /// - Throws: `TrustError.malformed`.
  public static func read(_ bytes: [UInt8], subject: String) throws -> JSONValue {
    var reader = StrictJSONReader(bytes, subject)
    let value = try reader.value(0)
    try reader.end()
    return value
  }
}

private struct StrictJSONReader {
  private let bytes: [UInt8]
  private let subject: String
  private var index = 0

  private static let depthLimit = 64

  init(_ bytes: [UInt8], _ subject: String) {
    self.bytes = bytes
    self.subject = subject
  }

  mutating func value(_ depth: Int) throws -> JSONValue {
    guard depth <= StrictJSONReader.depthLimit else { throw fail("nested deeper than \(StrictJSONReader.depthLimit)") }
    switch peek() {
    case UInt8(ascii: "{"): return .object(try object(depth))
    case UInt8(ascii: "["): return .array(try array(depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  mutating func end() throws {
    guard peek() == nil else { throw fail("something follows the document") }
  }

  private mutating func object(_ depth: Int) throws -> [String: JSONValue] {
    index += 1
    var members: [String: JSONValue] = [:]
    // Canonically equivalent texts are one key for Swift and two for others: bytes decide.
    var seen: Set<[UInt8]> = []
    if take("}") { return members }
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw fail("a key belongs here") }
      let key = try string()
      guard seen.insert(Array(key.utf8)).inserted, members[key] == nil else {
        throw fail("the key \"\(key.prefix(60))\" comes twice")
      }
      guard take(":") else { throw fail("\":\" belongs here") }
      members[key] = try value(depth + 1)
      if take(",") { continue }
      guard take("}") else { throw fail("\",\" or \"}\" belongs here") }
      return members
    }
  }

  private mutating func array(_ depth: Int) throws -> [JSONValue] {
    index += 1
    var items: [JSONValue] = []
    if take("]") { return items }
    while true {
      items.append(try value(depth + 1))
      if take(",") { continue }
      guard take("]") else { throw fail("\",\" or \"]\" belongs here") }
      return items
    }
  }

  private mutating func string() throws -> String {
    index += 1
    var text: [UInt8] = []
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw fail("text that is not UTF-8") }
        return string
      case UInt8(ascii: "\\"): try escape(&text)
      case 0..<32: throw fail("a control character in a text")
      default: text.append(byte)
      }
    }
    throw fail("a text without end")
  }

  private mutating func escape(_ text: inout [UInt8]) throws {
    guard index < bytes.count else { throw fail("a text without end") }
    let byte = bytes[index]
    index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "u"): try unicode(&text)
    default: throw fail("an escape that JSON does not have")
    }
  }

  private mutating func unicode(_ text: inout [UInt8]) throws {
    var code = UInt32(try unit())
    if (0xD800..<0xDC00).contains(code) {
      guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
        throw fail("half of a surrogate pair")
      }
      index += 2
      let low = UInt32(try unit())
      guard (0xDC00..<0xE000).contains(low) else { throw fail("half of a surrogate pair") }
      code = 0x10000 &+ ((code &- 0xD800) << 10) &+ (low &- 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw fail("half of a surrogate pair") }
    text += Array(String(Character(scalar)).utf8)
  }

  private mutating func unit() throws -> UInt16 {
    guard index + 4 <= bytes.count,
      let value = UInt16(String(decoding: bytes[index..<(index + 4)], as: UTF8.self), radix: 16),
      bytes[index] != UInt8(ascii: "+"), bytes[index] != UInt8(ascii: "-")
    else { throw fail("four hexadecimal digits belong here") }
    index += 4
    return value
  }

  private mutating func number() throws -> JSONValue {
    let start = index
    _ = skip("-")
    guard skip("0") || digits() else { throw fail(index < bytes.count ? "a value belongs here" : "it is cut short") }
    var isWhole = true
    if skip(".") {
      isWhole = false
      guard digits() else { throw fail("a digit belongs here") }
    }
    if skip("e") || skip("E") {
      isWhole = false
      _ = skip("+") || skip("-")
      guard digits() else { throw fail("a digit belongs here") }
    }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    if isWhole, let number = Int64(text) { return .integer(number) }
    guard let number = Double(text), number.isFinite else { throw fail("a number that is too large") }
    return .number(number)
  }

  private mutating func digits() -> Bool {
    let start = index
    while index < bytes.count, (48...57).contains(bytes[index]) { index += 1 }
    return index > start
  }

  private mutating func word(_ text: StaticString, _ value: JSONValue) throws -> JSONValue {
    let end = index + text.utf8CodeUnitCount
    guard end <= bytes.count, text.withUTF8Buffer({ $0.elementsEqual(bytes[index..<end]) }) else {
      throw fail("a value belongs here")
    }
    index = end
    return value
  }

  private mutating func peek() -> UInt8? {
    while index < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[index]) { index += 1 }
    return index < bytes.count ? bytes[index] : nil
  }

  private mutating func take(_ wanted: Unicode.Scalar) -> Bool {
    peek() == UInt8(ascii: wanted) ? skip(wanted) : false
  }

  private mutating func skip(_ wanted: Unicode.Scalar) -> Bool {
    guard index < bytes.count, bytes[index] == UInt8(ascii: wanted) else { return false }
    index += 1
    return true
  }

  private func fail(_ reason: String) -> TrustError {
    TrustError(.malformed, subject, "not the expected JSON at byte \(index): \(reason)")
  }
}
