/// A position in a JSON text that moves forward, for reading a document of known shape without building it in memory.
///
/// Parts that are not read are skipped, but still checked. Duplicate keys are refused in every object. A cursor is
/// valid only inside the closure that `read` passes it to.
public struct JSONCursor {
  @usableFromInline var tokens: JSONTokenizer
  private var depth = 0

  private init(_ tokens: JSONTokenizer) { self.tokens = tokens }

  /// Reads a whole document: `body` reads its value, and nothing may follow.
  /// - Parameter count: bytes of the document, where others follow it; nil for all.
  /// - Throws: `JSONFailure`, and what `body` throws.
  public static func read<Value>(
    _ bytes: [UInt8], count: Int? = nil, options: JSONOptions = JSONOptions(),
    _ body: (inout JSONCursor) throws -> Value
  ) throws -> Value {
    try bytes.withUnsafeBufferPointer { buffer in
      let document = UnsafeBufferPointer(rebasing: buffer.prefix(max(0, count ?? buffer.count)))
      var cursor = JSONCursor(JSONTokenizer(document, options))
      try cursor.tokens.checkStart()
      let value = try body(&cursor)
      try cursor.tokens.expectEnd()
      return value
    }
  }

  /// The number of bytes before the position.
  @inlinable public var position: Int { tokens.position }

  /// The number of bytes from the position to the end of the text.
  public var remaining: Int { tokens.bytes.count - tokens.position }

  /// Returns a cursor at an earlier byte position, which must be the start of a value.
  public func rewound(to position: Int) -> JSONCursor {
    var copy = self
    copy.tokens.position = min(max(0, position), tokens.position)
    return copy
  }

  /// Makes an error of kind `mismatch` at this position.
  public func failure(_ reason: String) -> JSONFailure { tokens.failure(.mismatch, reason) }

  /// Returns the first byte of the next value without consuming it.
  /// - Throws: `JSONFailure` at the end of the text.
  @inlinable
  public mutating func peek() throws -> UInt8 {
    tokens.skipSpace()
    guard tokens.position < tokens.bytes.count else { throw end() }
    return tokens.byte
  }

  @usableFromInline
  func end() -> JSONFailure { tokens.wrong("a value") }

  /// Consumes a word such as `null`, `true` or `NaN` if it is next, and returns whether it was.
  @inlinable
  public mutating func take(word: StaticString) -> Bool {
    tokens.skipSpace()
    return tokens.take(word: word)
  }

  // MARK: Structure

  /// Reads an object, passing each key to `member`, which must read the value.
  /// - Parameters:
  ///   - what: the object's name in errors, such as `the request`.
  ///   - member: receives the key and the cursor at its value.
  /// - Throws: `JSONFailure`, for duplicate keys too, and what `member` throws.
  public mutating func object(_ what: String, _ member: (String, inout JSONCursor) throws -> Void) throws {
    try members(what) { key, cursor in try member(cursor.tokens.string(key), &cursor) }
  }

  private mutating func members(
    _ what: String, _ member: (JSONTokenizer.Text, inout JSONCursor) throws -> Void
  ) throws {
    guard tokens.take(UInt8(ascii: "{")) else { throw tokens.wrong("an object: \(what)") }
    try enter()
    defer { depth -= 1 }
    if tokens.take(UInt8(ascii: "}")) { return }
    var keys = KeySet()
    repeat {
      tokens.skipSpace()
      guard tokens.byte == UInt8(ascii: "\"") else { throw tokens.wrong("a key in \(what)") }
      let start = tokens.position
      let key = try tokens.text()
      guard keys.count < tokens.options.memberCount else {
        throw JSONFailure(.tooLarge, at: start, "more than \(tokens.options.memberCount) keys in \(what)")
      }
      guard keys.insert(key, of: tokens) else {
        throw JSONFailure(.ambiguous, at: start, "\(what) has the duplicate key \"\(tokens.string(key).prefix(100))\"")
      }
      guard tokens.take(UInt8(ascii: ":")) else { throw tokens.wrong("\":\"") }
      try member(key, &self)
    } while tokens.take(UInt8(ascii: ","))
    guard tokens.take(UInt8(ascii: "}")) else { throw tokens.wrong("\",\" or \"}\"") }
  }

  /// Reads a list, calling `element` at each element, which it must read.
  /// - Throws: `JSONFailure`, and what `element` throws.
  @inlinable
  public mutating func array(_ what: String, _ element: (inout JSONCursor) throws -> Void) throws {
    guard try beginArray(what) else { return }
    repeat { try element(&self) } while tokens.take(UInt8(ascii: ","))
    try endArray()
  }

  /// - Returns: whether the list has elements.
  @usableFromInline
  mutating func beginArray(_ what: String) throws -> Bool {
    guard tokens.take(UInt8(ascii: "[")) else { throw tokens.wrong("an array: \(what)") }
    try enter()
    guard tokens.take(UInt8(ascii: "]")) else { return true }
    depth -= 1
    return false
  }

  @usableFromInline
  mutating func endArray() throws {
    guard tokens.take(UInt8(ascii: "]")) else { throw tokens.wrong("\",\" or \"]\"") }
    depth -= 1
  }

  private mutating func enter() throws {
    depth += 1
    guard depth <= tokens.options.depth else {
      throw tokens.failure(.tooDeep, "nested deeper than \(tokens.options.depth)")
    }
  }

  /// Skips one value of any kind, checking it.
  /// - Throws: `JSONFailure`.
  public mutating func skip() throws {
    tokens.skipSpace()
    switch tokens.byte {
    case UInt8(ascii: "{"): try members("an object") { _, cursor in try cursor.skip() }
    case UInt8(ascii: "["): try array("a list") { try $0.skip() }
    case UInt8(ascii: "\""): _ = try tokens.text()
    case UInt8(ascii: "t"): try expect("true")
    case UInt8(ascii: "f"): try expect("false")
    case UInt8(ascii: "n"): try expect("null")
    default:
      if tokens.nonFinite() == nil { _ = try tokens.number() }
    }
  }

  private mutating func expect(_ word: StaticString) throws {
    guard tokens.take(word: word) else { throw tokens.wrong("a value") }
  }

  // MARK: Values

  /// Reads a string.
  /// - Throws: `JSONFailure`.
  public mutating func string() throws -> String {
    tokens.skipSpace()
    return tokens.string(try tokens.text())
  }

  /// Reads a number without converting it.
  /// - Throws: `JSONFailure`; NaN and the infinities are refused here.
  @inlinable
  public mutating func number() throws -> JSONNumber {
    tokens.skipSpace()
    return try tokens.number()
  }

  /// Converts a number of this text to the nearest double; infinite when it is out of range.
  @inlinable
  public func double(_ number: JSONNumber) -> Double { number.double(in: tokens.bytes) }

  /// Converts a number of this text to the nearest float, rounding once; infinite when it is out of range.
  @inlinable
  public func float(_ number: JSONNumber) -> Float { number.float(in: tokens.bytes) }

  /// The digits of a number of this text as a whole number without the sign; nil when it has a point or an exponent,
  /// or does not fit.
  public func magnitude(_ number: JSONNumber) -> UInt64? { number.magnitude(in: tokens.bytes) }

  /// Reads a number as a float, rounded once from its decimal text; NaN and the infinities where the options allow
  /// them.
  /// - Throws: `JSONFailure`.
  public mutating func float() throws -> Float {
    tokens.skipSpace()
    if let special = tokens.nonFinite() { return Float(special) }
    return try tokens.number().float(in: tokens.bytes)
  }

  /// Reads a whole number.
  /// - Throws: `JSONFailure` when it has a point or an exponent, or does not fit.
  public mutating func integer() throws -> Int {
    tokens.skipSpace()
    let start = tokens.position
    let number = try tokens.number()
    guard number.isInteger else {
      throw JSONFailure(.mismatch, at: start, "expected a whole number")
    }
    guard let value = number.integer(in: tokens.bytes) else {
      throw JSONFailure(.mismatch, at: start, "a whole number that is too large")
    }
    return Int(value)
  }

  /// Reads a list of numbers.
  /// - Parameter expected: how many there may be; memory for them is reserved.
  /// - Throws: `JSONFailure`.
  public mutating func floats(reserving expected: Int = 0) throws -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(expected)
    try array("numbers") { values.append(try $0.float()) }
    return values
  }

  /// Reads a list of whole numbers.
  /// - Throws: `JSONFailure`.
  public mutating func integers() throws -> [Int] {
    var values: [Int] = []
    try array("whole numbers") { values.append(try $0.integer()) }
    return values
  }

  /// Reads a list of whole numbers of 32 bits.
  /// - Parameter expected: how many there may be; memory for them is reserved.
  /// - Throws: `JSONFailure`.
  public mutating func integers32(reserving expected: Int = 0) throws -> [Int32] {
    var values: [Int32] = []
    values.reserveCapacity(expected)
    try array("whole numbers") { cursor in
      guard let value = Int32(exactly: try cursor.integer()) else {
        throw cursor.failure("a whole number that is too large")
      }
      values.append(value)
    }
    return values
  }

  /// Reads a list of strings.
  /// - Throws: `JSONFailure`.
  public mutating func strings() throws -> [String] {
    var values: [String] = []
    try array("texts") { values.append(try $0.string()) }
    return values
  }
}
