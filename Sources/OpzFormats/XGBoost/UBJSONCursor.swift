import OpzJSON

/// A position in a UBJSON document (ubjson.org, draft 12): markers of one byte, big-endian numbers, and containers
/// that may state their length and the type of all their elements.
///
/// No input can make it trap: each length is compared with the bytes that are left before anything is allocated.
struct UBJSONCursor: DocumentCursor {
  static var rereads: Bool { true }

  /// The most members of one object, so that the set of its keys stays small beside the document.
  private static let memberLimit = 65_536

  private let bytes: UnsafeRawBufferPointer
  private(set) var position = 0
  private var depth = 0
  /// The type of the next value, which its container states once for all elements.
  private var stated: UInt8?

  private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Reads a whole document: `body` reads its value, and nothing may follow.
  /// - Throws: `JSONFailure`, and what `body` throws.
  static func read<Value>(
    _ bytes: [UInt8], _ body: (inout UBJSONCursor) throws -> Value
  ) throws -> Value {
    try bytes.withUnsafeBytes { buffer in
      var cursor = UBJSONCursor(buffer)
      let value = try body(&cursor)
      guard cursor.remaining == 0 else {
        throw JSONFailure(.ambiguous, at: cursor.position, "extra bytes after the end of the document")
      }
      return value
    }
  }

  func rewound(to position: Int) -> UBJSONCursor {
    var copy = self
    copy.position = min(max(0, position), self.position)
    copy.stated = nil
    return copy
  }

  func failure(_ reason: String) -> JSONFailure { JSONFailure(.mismatch, at: position, reason) }

  private var remaining: Int { bytes.count - position }

  // MARK: Bytes

  private func ends() -> JSONFailure { JSONFailure(.syntax, at: position, "the document ends too early") }

  private mutating func byte() throws -> UInt8 {
    guard position < bytes.count else { throw ends() }
    position += 1
    return bytes[position - 1]
  }

  private mutating func take(_ wanted: Character) -> Bool {
    guard position < bytes.count, bytes[position] == wanted.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func advance(_ count: Int) throws {
    guard count >= 0, count <= remaining else { throw ends() }
    position += count
  }

  /// A big-endian number of the width of `Value`.
  private mutating func primitive<Value: FixedWidthInteger>(_: Value.Type) throws -> Value {
    let start = position
    try advance(MemoryLayout<Value>.size)
    return Value(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: Value.self))
  }

  /// The marker of the next value; `N` stands for nothing.
  private mutating func marker() throws -> UInt8 {
    if let type = stated {
      stated = nil
      return type
    }
    while take("N") {}
    return try byte()
  }

  private mutating func whole(_ type: UInt8) throws -> Int? {
    switch type {
    case UInt8(ascii: "i"): Int(try primitive(Int8.self))
    case UInt8(ascii: "U"): Int(try primitive(UInt8.self))
    case UInt8(ascii: "I"): Int(try primitive(Int16.self))
    case UInt8(ascii: "l"): Int(try primitive(Int32.self))
    case UInt8(ascii: "L"): Int(try primitive(Int64.self))
    default: nil
    }
  }

  /// A length, which comes with the marker of its own type.
  private mutating func length() throws -> Int {
    guard let length = try whole(try byte()) else { throw failure("expected a length") }
    guard length >= 0 else { throw failure("a negative length") }
    return length
  }

  private mutating func text() throws -> String {
    let count = try length()
    let start = position
    try advance(count)
    guard let text = String(validating: bytes[start..<position], as: UTF8.self) else {
      throw JSONFailure(.ambiguous, at: start, "a text that is not UTF-8")
    }
    return text
  }

  // MARK: Containers

  /// What a container says about its elements.
  private struct Header {
    var type: UInt8?
    var count: Int?
  }

  private mutating func header() throws -> Header {
    var header = Header()
    if take("$") {
      header.type = try byte()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "#") else {
        throw failure("a type of elements without their number")
      }
    }
    guard take("#") else { return header }
    let count = try length()
    // Elements without width are bounded by the document too.
    let width = header.type.flatMap { UBJSONCursor.width($0) } ?? 1
    guard count <= (width == 0 ? bytes.count : remaining / width) else { throw ends() }
    header.count = count
    return header
  }

  /// Bytes of a value without its marker; nil where they depend on the value.
  private static func width(_ type: UInt8) -> Int? {
    switch type {
    case UInt8(ascii: "Z"), UInt8(ascii: "T"), UInt8(ascii: "F"): 0
    case UInt8(ascii: "i"), UInt8(ascii: "U"), UInt8(ascii: "C"): 1
    case UInt8(ascii: "I"): 2
    case UInt8(ascii: "l"), UInt8(ascii: "d"): 4
    case UInt8(ascii: "L"), UInt8(ascii: "D"): 8
    default: nil
    }
  }

  /// Calls `body` at each element.
  private mutating func elements(
    _ header: Header, end: Character, _ body: (inout UBJSONCursor) throws -> Void
  ) throws {
    depth += 1
    guard depth <= JSONOptions.depthLimit else {
      throw JSONFailure(.tooDeep, at: position, "nested deeper than \(JSONOptions.depthLimit)")
    }
    defer { depth -= 1 }
    var left = header.count
    while true {
      if let count = left {
        if count == 0 { return }
        left = count - 1
      } else {
        while take("N") {}
        if take(end) { return }
      }
      try body(&self)
      stated = nil
    }
  }

  mutating func object(_ what: String, _ member: (String, inout UBJSONCursor) throws -> Void) throws {
    guard try marker() == UInt8(ascii: "{") else { throw failure("expected an object: \(what)") }
    try members(what, member)
  }

  /// Reads an object whose marker was consumed.
  private mutating func members(_ what: String, _ member: (String, inout UBJSONCursor) throws -> Void) throws {
    let header = try header()
    var keys: Set<String> = []
    try elements(header, end: "}") { cursor in
      let start = cursor.position
      let key = try cursor.text()
      guard keys.count < UBJSONCursor.memberLimit else {
        throw JSONFailure(.tooLarge, at: start, "more than \(UBJSONCursor.memberLimit) keys in \(what)")
      }
      guard keys.insert(key).inserted else {
        throw JSONFailure(.ambiguous, at: start, "\(what) has the duplicate key \"\(key.prefix(100))\"")
      }
      cursor.stated = header.type
      try member(key, &cursor)
    }
  }

  mutating func array(_ what: String, _ element: (inout UBJSONCursor) throws -> Void) throws {
    guard try marker() == UInt8(ascii: "[") else { throw failure("expected an array: \(what)") }
    try array(try header(), element)
  }

  private mutating func array(_ header: Header, _ element: (inout UBJSONCursor) throws -> Void) throws {
    try elements(header, end: "]") { cursor in
      cursor.stated = header.type
      try element(&cursor)
    }
  }

  mutating func skip() throws {
    switch try marker() {
    case UInt8(ascii: "{"): try members("an object") { _, cursor in try cursor.skip() }
    case UInt8(ascii: "["):
      let header = try header()
      if let type = header.type, let count = header.count, let width = UBJSONCursor.width(type) {
        return try advance(count * width)
      }
      try array(header) { try $0.skip() }
    case UInt8(ascii: "S"), UInt8(ascii: "H"): _ = try text()
    case let type:
      guard let width = UBJSONCursor.width(type) else {
        throw JSONFailure(.syntax, at: position, "the byte \(type) is not the type of a value")
      }
      try advance(width)
    }
  }

  // MARK: Values

  mutating func string() throws -> String {
    guard try marker() == UInt8(ascii: "S") else { throw failure("expected a text") }
    return try text()
  }

  private mutating func integer() throws -> Int {
    guard let number = try whole(try marker()) else { throw failure("expected a whole number") }
    return number
  }

  private mutating func float() throws -> Float {
    switch try marker() {
    case UInt8(ascii: "d"): return Float(bitPattern: try primitive(UInt32.self))
    case UInt8(ascii: "D"): return Float(Double(bitPattern: try primitive(UInt64.self)))
    case let type:
      guard let number = try whole(type) else { throw failure("expected a number") }
      return Float(number)
    }
  }

  mutating func number() throws -> Int {
    let type = try marker()
    if let number = try whole(type) { return number }
    guard type == UInt8(ascii: "S"), case let text = try text(), let number = Int(text) else {
      throw failure("expected a whole number")
    }
    return number
  }

  mutating func integers() throws -> [Int] {
    var values: [Int] = []
    try array("whole numbers") { values.append(try $0.integer()) }
    return values
  }

  mutating func integers32(reserving _: Int) throws -> [Int32] {
    if let values = try typed("l", UInt32.self, value: { Int32(truncatingIfNeeded: $0) }) { return values }
    var values: [Int32] = []
    try array("whole numbers") { cursor in
      let number = try cursor.integer()
      guard let value = Int32(exactly: number) else { throw cursor.failure("a whole number that is too large") }
      values.append(value)
    }
    return values
  }

  mutating func floats(reserving _: Int) throws -> [Float] {
    if let values = try typed("d", UInt32.self, value: { Float(bitPattern: $0) }) { return values }
    var values: [Float] = []
    try array("numbers") { values.append(try $0.float()) }
    return values
  }

  mutating func flags() throws -> [UInt8] {
    if let values = try typed("U", UInt8.self, value: { $0 }) { return values }
    var values: [UInt8] = []
    try array("flags") { cursor in
      switch try cursor.marker() {
      case UInt8(ascii: "T"): values.append(1)
      case UInt8(ascii: "F"): values.append(0)
      case let type:
        guard let number = try cursor.whole(type) else { throw cursor.failure("expected a truth value") }
        values.append(UInt8(clamping: number))
      }
    }
    return values
  }

  mutating func numerals() throws -> [String] {
    var values: [String] = []
    try array("numbers") { cursor in
      switch try cursor.marker() {
      case UInt8(ascii: "d"): values.append(Float(bitPattern: try cursor.primitive(UInt32.self)).description)
      case UInt8(ascii: "D"): values.append(Double(bitPattern: try cursor.primitive(UInt64.self)).description)
      case let type:
        guard let number = try cursor.whole(type) else { throw cursor.failure("expected a number") }
        values.append("\(number)")
      }
    }
    return values
  }

  /// The elements of an array whose header says that all are of one type; nil, and nothing consumed, for another array.
  private mutating func typed<Raw: FixedWidthInteger, Value>(
    _ type: Character, _: Raw.Type, value: (Raw) -> Value
  ) throws -> [Value]? {
    let start = self
    guard try marker() == UInt8(ascii: "["), take("$"), take(type), take("#") else {
      self = start
      return nil
    }
    let count = try length()
    guard count <= remaining / MemoryLayout<Raw>.size else { throw ends() }
    let first = position
    position += count * MemoryLayout<Raw>.size
    return [Value](unsafeUninitializedCapacity: count) { buffer, filled in
      for index in 0..<count {
        let raw = bytes.loadUnaligned(fromByteOffset: first + index * MemoryLayout<Raw>.size, as: Raw.self)
        buffer.initializeElement(at: index, to: value(Raw(bigEndian: raw)))
      }
      filled = count
    }
  }
}
