#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A pull parser of JSON (RFC 8259) over bytes in memory, for models of any size: what is not asked for is passed over without
/// building anything. XGBoost's `NaN` and `Infinity` are read too.
///
/// The bytes end with a NUL that is not part of the document, so that the C library's number readers stop there.
struct JSONScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  private(set) var index = 0
  private var depth = 0
  private let name: String

  private static let depthLimit = 128

  /// - Parameter bytes: the document and a NUL.
  init(_ bytes: UnsafeBufferPointer<UInt8>, name: String) {
    self.bytes = bytes
    self.name = name
  }

  // MARK: Structure

  /// Reads an object; `member` must take each member's value.
  mutating func object(_ member: (inout JSONScanner, String) throws -> Void) throws {
    try enter("{", "an object")
    defer { depth -= 1 }
    if take("}") { return }
    while true {
      let key = try string()
      guard take(":") else { throw failure("\":\" is missing") }
      try member(&self, key)
      if take(",") { continue }
      guard take("}") else { throw failure("\",\" or \"}\" is missing") }
      return
    }
  }

  /// Reads an array; `element` must take each element.
  mutating func array(_ element: (inout JSONScanner) throws -> Void) throws {
    try enter("[", "a list")
    defer { depth -= 1 }
    if take("]") { return }
    while true {
      try element(&self)
      if take(",") { continue }
      guard take("]") else { throw failure("\",\" or \"]\" is missing") }
      return
    }
  }

  private mutating func enter(_ open: Unicode.Scalar, _ what: String) throws {
    guard take(open) else { throw failure("\(what) belongs here") }
    depth += 1
    guard depth <= JSONScanner.depthLimit else { throw failure("nested deeper than \(JSONScanner.depthLimit)") }
  }

  /// Nothing follows the document.
  mutating func end() throws {
    space()
    guard index == bytes.count - 1 else { throw failure("something follows the end of the model") }
  }

  /// The first byte of the next value.
  mutating func peek() -> UInt8 {
    space()
    return bytes[index]
  }

  /// Passes over any value.
  mutating func skip() throws {
    switch peek() {
    case UInt8(ascii: "{"): try object { scanner, _ in try scanner.skip() }
    case UInt8(ascii: "["): try array { try $0.skip() }
    case UInt8(ascii: "\""): try skipString()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: _ = try numberEnd()
    }
  }

  // MARK: Values

  /// A number in float32, rounded once from its decimal text (strtof).
  mutating func float() throws -> Float {
    space()
    let start = index
    if let special = try special() { return Float(special) }
    let end = try numberEnd()
    let value = bytes.baseAddress.map { base in
      base.advanced(by: start).withMemoryRebound(to: CChar.self, capacity: end - start + 1) { strtof($0, nil) }
    }
    return value ?? .nan
  }

  /// A whole number.
  mutating func integer() throws -> Int {
    space()
    let start = index
    let negative = bytes[index] == UInt8(ascii: "-")
    if negative { index += 1 }
    var value = 0
    var digits = 0
    while (48...57).contains(bytes[index]) {
      let (product, first) = value.multipliedReportingOverflow(by: 10)
      let (sum, second) = product.addingReportingOverflow(Int(bytes[index]) - 48)
      guard !first, !second else { throw failure("a whole number that is too large") }
      value = sum
      digits += 1
      index += 1
    }
    guard digits > 0, ![UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[index]) else {
      index = start
      throw failure("a whole number belongs here")
    }
    return negative ? -value : value
  }

  mutating func floats() throws -> [Float] {
    var values: [Float] = []
    try array { values.append(try $0.float()) }
    return values
  }

  mutating func integers() throws -> [Int] {
    var values: [Int] = []
    try array { values.append(try $0.integer()) }
    return values
  }

  mutating func strings() throws -> [String] {
    var values: [String] = []
    try array { values.append(try $0.string()) }
    return values
  }

  /// Numbers 0 and 1, or `true` and `false`: XGBoost has written both.
  mutating func flags() throws -> [Bool] {
    var values: [Bool] = []
    try array { scanner in
      switch scanner.peek() {
      case UInt8(ascii: "t"):
        try scanner.word("true")
        values.append(true)
      case UInt8(ascii: "f"):
        try scanner.word("false")
        values.append(false)
      default: values.append(try scanner.integer() != 0)
      }
    }
    return values
  }

  mutating func string() throws -> String {
    space()
    let start = index
    try skipString()
    let raw = bytes[(start + 1)..<(index - 1)]
    if !raw.contains(UInt8(ascii: "\\")) {
      guard let text = String(validating: raw, as: UTF8.self) else { throw failure("text that is not UTF-8") }
      return text
    }
    return try unescape(raw)
  }

  private mutating func skipString() throws {
    guard bytes[index] == UInt8(ascii: "\"") else { throw failure("text belongs here") }
    index += 1
    while true {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") { break }
      if byte < 32 {
        throw failure(index >= bytes.count - 1 ? "the file ends inside of a text" : "a control character in a text")
      }
      if byte == UInt8(ascii: "\\") {
        index += 1
        guard index < bytes.count - 1 else { throw failure("the file ends inside of a text") }
      }
      index += 1
    }
    index += 1
  }

  private func unescape(_ raw: Slice<UnsafeBufferPointer<UInt8>>) throws -> String {
    var units: [UInt16] = []
    var text = ""
    func flush() {
      if !units.isEmpty { text += String(decoding: units, as: UTF16.self) }
      units = []
    }
    var rest = raw
    while let byte = rest.first {
      guard byte == UInt8(ascii: "\\") else {
        flush()
        let plain = rest.prefix { $0 != UInt8(ascii: "\\") }
        guard let piece = String(validating: plain, as: UTF8.self) else { throw failure("text that is not UTF-8") }
        text += piece
        rest = rest[plain.endIndex...]
        continue
      }
      let code = rest.dropFirst().first ?? 0
      rest = rest.dropFirst(2)
      if code == UInt8(ascii: "u") {
        guard let unit = UInt16(String(decoding: rest.prefix(4), as: UTF8.self), radix: 16), rest.count >= 4 else {
          throw failure("a wrong \\u escape")
        }
        units.append(unit)
        rest = rest.dropFirst(4)
        continue
      }
      flush()
      guard let scalar = JSONScanner.escapes[code] else { throw failure("a wrong escape in a text") }
      text.unicodeScalars.append(scalar)
    }
    flush()
    return text
  }

  private static let escapes: [UInt8: Unicode.Scalar] = [
    UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
    UInt8(ascii: "f"): "\u{c}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
  ]

  // MARK: Bytes

  private mutating func special() throws -> Double? {
    let negative = bytes[index] == UInt8(ascii: "-")
    let first = bytes[min(index + (negative ? 1 : 0), bytes.count - 1)]
    if first == UInt8(ascii: "N"), !negative {
      try word("NaN")
      return .nan
    }
    if first == UInt8(ascii: "I") {
      try word(negative ? "-Infinity" : "Infinity")
      return negative ? -.infinity : .infinity
    }
    return nil
  }

  /// Passes over a number and says where it ends.
  private mutating func numberEnd() throws -> Int {
    if try special() != nil { return index }
    let start = index
    if bytes[index] == UInt8(ascii: "-") { index += 1 }
    let whole = digits()
    if bytes[index] == UInt8(ascii: ".") {
      index += 1
      guard digits() > 0 else { throw failure("a digit is missing after the point") }
    }
    guard whole > 0 else {
      index = start
      throw failure(start >= bytes.count - 1 ? "the file ends in the middle of the model" : "not JSON")
    }
    if bytes[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") { index += 1 }
      guard digits() > 0 else { throw failure("a digit is missing in the exponent") }
    }
    return index
  }

  private mutating func digits() -> Int {
    let start = index
    while (48...57).contains(bytes[index]) { index += 1 }
    return index - start
  }

  private mutating func word(_ text: StaticString) throws {
    for offset in 0..<text.utf8CodeUnitCount {
      guard bytes[index] == text.utf8Start[offset] else { throw failure("not JSON") }
      index += 1
    }
  }

  private mutating func space() {
    while [32, 10, 13, 9].contains(bytes[index]) { index += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    space()
    guard bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  /// An error at the current place: `model.json:3:14`.
  func failure(_ reason: String, hint: String? = nil) -> ModelError {
    let before = bytes[..<min(index, bytes.count)]
    let line = before.reduce(1) { $0 + ($1 == 10 ? 1 : 0) }
    let column = index - (before.lastIndex(of: 10) ?? -1)
    return ModelError(
      .damaged, "\(name):\(line):\(column)", reason, hint: hint ?? "save the model again; the file may be cut off")
  }
}
