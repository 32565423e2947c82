/// A place in JSON text that moves forward, for reading a document of known shape without building it in memory.
///
/// Nothing in the bytes can make it trap: it checks each index, has a depth limit, and fails with the offset.
/// Grammar: RFC 8259, and `NaN` (which Python's json module writes) where a number may stand.
struct JSONCursor {
  /// How deep values may nest that are only skipped.
  static let depthLimit = 64
  /// Keys of one object.
  static let keyLimit = 100
  /// Digits and signs of one number.
  static let numberLimit = 1024

  let bytes: [UInt8]
  private(set) var position: Int

  init(_ bytes: [UInt8], at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  /// The byte under the cursor, nil at the end.
  var byte: UInt8? {
    @inline(__always) get { position < bytes.count ? bytes[position] : nil }
  }

  @inline(__always)
  mutating func advance() { position += 1 }

  func failure(_ message: String) -> RequestFailure {
    RequestFailure.bad("the body is not right at byte \(position): \(message)")
  }

  @inline(__always)
  mutating func skipSpace() {
    while let byte, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { advance() }
  }

  /// Skips white space and says what comes next, without taking it.
  @inline(__always)
  mutating func peek() throws -> UInt8 {
    skipSpace()
    guard let byte else { throw failure("the text ends too early") }
    return byte
  }

  mutating func expect(_ wanted: Unicode.Scalar) throws {
    guard try peek() == UInt8(ascii: wanted) else { throw failure("expected '\(wanted)'") }
    advance()
  }

  /// Takes the byte if it is next.
  @inline(__always)
  mutating func take(_ wanted: Unicode.Scalar) throws -> Bool {
    guard try peek() == UInt8(ascii: wanted) else { return false }
    advance()
    return true
  }

  /// Takes `null`, `true` or `NaN` if it is next.
  mutating func take(word: StaticString) -> Bool {
    skipSpace()
    let count = word.utf8CodeUnitCount
    guard bytes.count - position >= count else { return false }
    for offset in 0..<count where bytes[position + offset] != word.utf8Start[offset] { return false }
    position += count
    return true
  }

  /// Nothing but white space may follow.
  mutating func expectEnd() throws {
    skipSpace()
    if position < bytes.count { throw failure("text after the end of the object") }
  }
}

extension JSONCursor {
  /// Reads an object and hands each key to `member`, which reads the value. A key given twice is an error.
  mutating func object(_ what: String, _ member: (String, inout JSONCursor) throws -> Void) throws {
    guard try take("{") else { throw failure("expected an object: \(what)") }
    if try take("}") { return }
    // Looked through from start to end: faster than a set for the few keys that an object has.
    var seen: [String] = []
    repeat {
      guard try peek() == UInt8(ascii: "\"") else { throw failure("expected a key in \(what)") }
      let key = try string()
      guard seen.count < JSONCursor.keyLimit else { throw failure("more than \(JSONCursor.keyLimit) keys in \(what)") }
      guard !seen.contains(key) else { throw failure("\(what) has the key '\(key.prefix(100))' twice") }
      seen.append(key)
      try expect(":")
      try member(key, &self)
    } while try take(",")
    try expect("}")
  }

  /// Reads an array and calls `element` before each element, which it reads.
  @inline(__always)
  mutating func array(_ what: String, _ element: (inout JSONCursor) throws -> Void) throws {
    guard try take("[") else { throw failure("expected an array: \(what)") }
    if try take("]") { return }
    repeat { try element(&self) } while try take(",")
    try expect("]")
  }

  /// Skips one value of any kind.
  mutating func skipValue() throws { try skipValue(depth: 0) }

  private mutating func skipValue(depth: Int) throws {
    guard depth < JSONCursor.depthLimit else { throw failure("nested deeper than \(JSONCursor.depthLimit)") }
    switch try peek() {
    case UInt8(ascii: "{"):
      try object("the object") { _, cursor in try cursor.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try array("the array") { try $0.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""):
      _ = try string()
    default:
      if take(word: "null") || take(word: "true") || take(word: "false") || take(word: "NaN") { return }
      _ = try number()
    }
  }
}
