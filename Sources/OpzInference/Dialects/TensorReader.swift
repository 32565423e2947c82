import OpzJSON

/// Reads the `data` of one tensor: row-major, flat or nested by its shape.
struct TensorReader {
  let name: String
  let datatype: Datatype
  /// Checked by `InputRules`.
  let shape: [Int]
  let form: InputRules.Form

  private var count: Int { shape.reduce(1) { $0.times($1) } }

  func read(_ cursor: inout JSONCursor) throws -> InputTensor.Values {
    // A value takes at least two bytes, so the body's size bounds the allocation, whatever the shape.
    let capacity = min(count, cursor.remaining / 2 + 1)
    switch form {
    case .raw: return try raw(&cursor, capacity)
    case .texts: return .texts(try texts(&cursor, capacity))
    case .doubles:
      var doubles: [Double] = []
      doubles.reserveCapacity(capacity)
      try elements(&cursor) { cursor in doubles.append(try double(&cursor)) }
      return .doubles(doubles)
    case .numbers:
      var numbers: [Float] = []
      numbers.reserveCapacity(capacity)
      try elements(&cursor) { cursor in numbers.append(try number(&cursor)) }
      return .numbers(numbers)
    case .codes(let categories):
      var codes: [Float] = []
      codes.reserveCapacity(capacity)
      // The texts are not collected: they would take many times the body's size.
      try elements(&cursor) { cursor in
        if cursor.take(word: "null") { return codes.append(.nan) }
        codes.append(try categories.code(of: try text(&cursor), row: codes.count))
      }
      return .codes(codes)
    }
  }

  /// The values as bytes, for a predictor that takes tensors.
  private func raw(_ cursor: inout JSONCursor, _ capacity: Int) throws -> InputTensor.Values {
    var builder = TensorBuilder(name, datatype, form: form, capacity: capacity)
    try nested(&cursor, shape[...]) { cursor in
      if cursor.take(word: "null") { return builder.appendMissing() }
      switch datatype {
      case .bytes: try builder.append(text: try text(&cursor))
      case .bool: try builder.append(integer: try boolean(&cursor) as Double == 1 ? 1 : 0)
      case .fp16, .bf16, .fp32: try builder.append(float: Float(try double(&cursor)))
      case .fp64: try builder.append(double: try double(&cursor))
      default: try integer(&cursor, &builder)
      }
    }
    return builder.tensor(shape: shape).values
  }

  private func integer(_ cursor: inout JSONCursor, _ builder: inout TensorBuilder) throws {
    let first = try cursor.peek()
    guard first == UInt8(ascii: "-") || (48...57).contains(first) else {
      throw wrong(cursor, "expected a number or null, because the datatype is \(datatype.rawValue)")
    }
    let number = try cursor.number()
    guard let magnitude = cursor.magnitude(number) else {
      throw wrong(cursor, "the number before it is not of datatype \(datatype.rawValue)")
    }
    guard number.isNegative else { return try builder.append(unsigned: magnitude) }
    guard magnitude <= Int64.min.magnitude else {
      throw wrong(cursor, "the number before it is not of datatype \(datatype.rawValue)")
    }
    try builder.append(integer: Int64(truncatingIfNeeded: 0 &- magnitude))
  }

  /// Calls `element` at each value of a tensor of any number of dimensions, nested by them or flat.
  private func nested(
    _ cursor: inout JSONCursor, _ shape: ArraySlice<Int>, element: (inout JSONCursor) throws -> Void
  ) throws {
    var ahead = cursor
    let isNested = try shape.count > 1 && ahead.take(word: "[") && ahead.peek() == UInt8(ascii: "[")
    guard isNested else { return try row(&cursor, count: shape.reduce(1) { $0.times($1) }, element) }
    try row(&cursor, count: shape.first ?? 0) { try nested(&$0, shape.dropFirst(), element: element) }
  }

  private func texts(_ cursor: inout JSONCursor, _ capacity: Int) throws -> [String?] {
    var texts: [String?] = []
    texts.reserveCapacity(capacity)
    try elements(&cursor) { cursor in texts.append(cursor.take(word: "null") ? nil : try text(&cursor)) }
    return texts
  }

  /// Calls `element` at each value of the tensor, and fails unless their count is the shape's.
  @inline(__always)
  private func elements(_ cursor: inout JSONCursor, _ element: (inout JSONCursor) throws -> Void) throws {
    var ahead = cursor
    let isNested = try shape.count == 2 && ahead.take(word: "[") && ahead.peek() == UInt8(ascii: "[")
    if isNested {
      var rows = 0
      try cursor.array("the data") { cursor in
        rows += 1
        guard rows <= shape[0] else { throw wrongCount("more than \(shape[0]) rows") }
        try row(&cursor, count: shape[1], element)
      }
      guard rows == shape[0] else { throw wrongCount("\(rows) rows") }
    } else {
      try row(&cursor, count: count, element)
    }
  }

  @inline(__always)
  private func row(
    _ cursor: inout JSONCursor, count: Int, _ element: (inout JSONCursor) throws -> Void
  ) throws {
    var found = 0
    try cursor.array("the data") { cursor in
      found += 1
      guard found <= count else { throw wrongCount("more than \(count) values") }
      try element(&cursor)
    }
    guard found == count else { throw wrongCount("\(found) values instead of \(count)") }
  }

  private func wrongCount(_ what: String) -> RequestFailure {
    RequestFailure.bad("the data of input '\(name.prefix(100))' has \(what) for its shape \(shape)")
  }

  private func text(_ cursor: inout JSONCursor) throws -> String {
    guard try cursor.peek() == UInt8(ascii: "\"") else {
      throw wrong(cursor, "expected a string or null, because the datatype is BYTES")
    }
    return try cursor.string()
  }

  @inline(__always)
  private func number(_ cursor: inout JSONCursor) throws -> Float {
    // FP64 is rounded twice, as in every client that passes doubles to a float32 model.
    let value = try value(&cursor) { datatype == .fp32 ? $0.float($1) : Float($0.double($1)) }
    guard value.isFinite || value.isNaN else {
      throw wrong(cursor, "the number before it is too large for a 32-bit float")
    }
    return value
  }

  @inline(__always)
  private func double(_ cursor: inout JSONCursor) throws -> Double {
    let value = try value(&cursor) { datatype == .fp32 ? Double($0.float($1)) : $0.double($1) }
    guard value.isFinite || value.isNaN else {
      throw wrong(cursor, "the number before it is too large for a \(datatype == .fp32 ? 32 : 64)-bit float")
    }
    return value
  }

  /// A value; NaN is missing.
  /// - Parameter rounded: a number of this text in the type that the model needs.
  @inline(__always)
  private func value<Number: BinaryFloatingPoint>(
    _ cursor: inout JSONCursor, _ rounded: (JSONCursor, JSONNumber) -> Number
  ) throws -> Number {
    let first = try cursor.peek()
    if first == UInt8(ascii: "n") || first == UInt8(ascii: "N") {
      if cursor.take(word: "null") || cursor.take(word: "NaN") { return .nan }
    }
    if datatype == .bool { return try boolean(&cursor) }
    guard first == UInt8(ascii: "-") || (first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9")) else {
      throw wrong(cursor, "expected a number or null, because the datatype is \(datatype.rawValue)")
    }
    let number = try cursor.number()
    guard let limits = datatype.integers else { return rounded(cursor, number) }
    guard let value: Number = cursor.integer(number, limits) else {
      throw wrong(cursor, "the number before it is not of datatype \(datatype.rawValue)")
    }
    return value
  }

  private func boolean<Number: BinaryFloatingPoint>(_ cursor: inout JSONCursor) throws -> Number {
    if cursor.take(word: "true") { return 1 }
    if cursor.take(word: "false") { return 0 }
    throw wrong(cursor, "expected true, false or null, because the datatype is BOOL")
  }

  private func wrong(_ cursor: JSONCursor, _ message: String) -> RequestFailure {
    RequestFailure.bad("input '\(name.prefix(100))', at byte \(cursor.position) of the body: \(message)")
  }
}

extension JSONCursor {
  /// The integer, or nil when it is not one or does not fit.
  fileprivate func integer<Number: BinaryFloatingPoint>(
    _ number: JSONNumber, _ limits: (least: Int64, greatest: UInt64)
  ) -> Number? {
    guard let magnitude = magnitude(number) else { return nil }
    if number.isNegative { return magnitude <= limits.least.magnitude ? -Number(magnitude) : nil }
    return magnitude <= limits.greatest ? Number(magnitude) : nil
  }
}
