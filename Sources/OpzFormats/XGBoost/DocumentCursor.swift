import OpzJSON

/// A position in a document that moves forward, for reading a document of known shape: JSON, or UBJSON, its binary
/// form. Both have the same errors, so that a model is checked in one place.
protocol DocumentCursor {
  /// Whether a part that was skipped is read later at little cost.
  static var rereads: Bool { get }

  var position: Int { get }

  /// Returns a cursor at an earlier position, which is the start of a value.
  func rewound(to position: Int) -> Self

  /// Makes an error at this position.
  func failure(_ reason: String) -> JSONFailure

  mutating func object(_ what: String, _ member: (String, inout Self) throws -> Void) throws
  mutating func array(_ what: String, _ element: (inout Self) throws -> Void) throws
  mutating func skip() throws
  mutating func string() throws -> String
  /// A whole number, or a text that is one: XGBoost writes its parameters as texts.
  mutating func number() throws -> Int
  mutating func integers() throws -> [Int]
  /// - Parameter expected: how many there may be; lists of a known length do not grow.
  mutating func integers32(reserving expected: Int) throws -> [Int32]
  mutating func floats(reserving expected: Int) throws -> [Float]
  /// Truth values, or small numbers from 0 to 255: XGBoost has written both.
  mutating func flags() throws -> [UInt8]
  /// The texts of whole numbers and of others, each as the document has it.
  mutating func numerals() throws -> [String]
}

extension DocumentCursor {
  mutating func integers32() throws -> [Int32] { try integers32(reserving: 0) }
  mutating func floats() throws -> [Float] { try floats(reserving: 0) }

  mutating func strings() throws -> [String] {
    var values: [String] = []
    try array("texts") { values.append(try $0.string()) }
    return values
  }
}

extension JSONCursor: DocumentCursor {
  static var rereads: Bool { false }

  mutating func number() throws -> Int {
    guard try peek() == UInt8(ascii: "\"") else { return try integer() }
    let text = try string()
    guard let number = Int(text) else { throw failure("\"\(text.prefix(40))\" is not a whole number") }
    return number
  }

  mutating func flags() throws -> [UInt8] {
    var values: [UInt8] = []
    try array("flags") { cursor in
      if cursor.take(word: "true") {
        values.append(1)
      } else if cursor.take(word: "false") {
        values.append(0)
      } else {
        values.append(UInt8(clamping: try cursor.integer()))
      }
    }
    return values
  }

  mutating func numerals() throws -> [String] {
    var values: [String] = []
    try array("numbers") { cursor in
      let number: JSONNumber = try cursor.number()
      guard let magnitude = cursor.magnitude(number) else {
        values.append(cursor.double(number).description)
        return
      }
      values.append(number.isNegative && magnitude > 0 ? "-\(magnitude)" : "\(magnitude)")
    }
    return values
  }
}
