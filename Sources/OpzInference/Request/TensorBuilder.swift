/// Collects the elements of one tensor, row-major, in the form that the model takes. For dialects that send neither the
/// protocol's JSON nor bytes.
struct TensorBuilder {
  let name: String
  let datatype: Datatype
  private let form: InputRules.Form
  private var numbers: [Float] = []
  private var doubles: [Double] = []
  private var texts: [String?] = []
  private var bytes: [UInt8] = []
  private var missing: [Int] = []
  /// Elements so far.
  private(set) var count = 0

  /// - Parameter capacity: elements that are expected; bounded by the caller.
  init(_ name: String, _ datatype: Datatype, form: InputRules.Form, capacity: Int) {
    self.name = name
    self.datatype = datatype
    self.form = form
    switch form {
    case .numbers, .codes: numbers.reserveCapacity(capacity)
    case .doubles: doubles.reserveCapacity(capacity)
    case .texts: texts.reserveCapacity(capacity)
    case .raw: bytes.reserveCapacity(capacity.times(datatype.size ?? 8))
    }
  }

  /// The tensor of what was added.
  func tensor(shape: [Int]) -> InputTensor {
    let values: InputTensor.Values =
      switch form {
      case .numbers: .numbers(numbers)
      case .codes: .codes(numbers)
      case .doubles: .doubles(doubles)
      case .texts: .texts(texts)
      case .raw: .raw(bytes: bytes, missing: missing)
      }
    return InputTensor(name: name, datatype: datatype, shape: shape, values: values)
  }

  /// A missing element: NaN, or a place in the list of missing ones.
  mutating func appendMissing() {
    defer { count += 1 }
    switch form {
    case .numbers, .codes: numbers.append(.nan)
    case .doubles: doubles.append(.nan)
    case .texts: texts.append(nil)
    case .raw:
      guard !datatype.isFloat else { return appendRaw(Double.nan) }
      missing.append(count)
      bytes.append(contentsOf: repeatElement(0, count: datatype.size ?? 4))
    }
  }

  /// A whole number of a datatype of whole numbers or BOOL.
  /// - Throws: `RequestFailure` for one out of the datatype's range.
  mutating func append(integer value: Int64) throws {
    let isValid =
      if let range = datatype.integers {
        value < 0 ? value >= range.least : UInt64(value) <= range.greatest
      } else { datatype == .bool ? value == 0 || value == 1 : datatype != .bytes }
    guard isValid else { throw wrong("\(value) is not of datatype \(datatype.rawValue)") }
    guard case .raw = form else { return try append(Double(value), Float(value)) }
    defer { count += 1 }
    if datatype.isFloat { appendRaw(Double(value)) } else { appendRaw(UInt64(bitPattern: value), datatype.size ?? 8) }
  }

  /// A whole number above Int64's.
  mutating func append(unsigned value: UInt64) throws {
    if let value = Int64(exactly: value) { return try append(integer: value) }
    guard datatype == .uint64 || datatype.isFloat else {
      throw wrong("\(value) is not of datatype \(datatype.rawValue)")
    }
    guard case .raw = form else { return try append(Double(value), Float(value)) }
    defer { count += 1 }
    if datatype.isFloat { appendRaw(Double(value)) } else { appendRaw(value, 8) }
  }

  /// A number of a datatype of numbers with a point; NaN is missing.
  mutating func append(float value: Float) throws {
    guard value.isFinite || value.isNaN else { throw wrong("\(value) is not a number that the model can take") }
    guard case .raw = form else { return try append(Double(value), value) }
    defer { count += 1 }
    appendRaw(Double(value))
  }

  /// A number of a datatype of numbers with a point; NaN is missing.
  mutating func append(double value: Double) throws {
    guard value.isFinite || value.isNaN else { throw wrong("\(value) is not a number that the model can take") }
    guard case .raw = form else { return try append(value, Float(value)) }
    defer { count += 1 }
    appendRaw(value)
  }

  /// A text of the datatype BYTES.
  mutating func append(text: String) throws {
    switch form {
    case .codes(let categories): numbers.append(try categories.code(of: text, row: count))
    case .texts: texts.append(text)
    case .raw where datatype == .bytes:
      appendRaw(UInt64(text.utf8.count), 4)
      bytes.append(contentsOf: text.utf8)
    case .raw, .numbers, .doubles: throw wrong("a text, but the datatype is \(datatype.rawValue)")
    }
    count += 1
  }

  /// A text of the datatype BYTES, as its bytes. Only a predictor elsewhere takes what is not UTF-8.
  mutating func append(bytes text: ArraySlice<UInt8>) throws {
    guard case .raw = form, datatype == .bytes else {
      guard let text = String(validating: text, as: UTF8.self) else { throw wrong("a text that is not UTF-8") }
      return try append(text: text)
    }
    appendRaw(UInt64(text.count), 4)
    bytes.append(contentsOf: text)
    count += 1
  }

  private mutating func append(_ double: Double, _ float: Float) throws {
    switch form {
    case .numbers:
      guard float.isFinite || double.isNaN else { throw wrong("\(double) is too large for a 32-bit float") }
      numbers.append(float)
    // A category that is a number is looked up by its number.
    case .codes(let categories):
      numbers.append(double.isNaN ? .nan : try categories.code(of: float, row: count))
    case .doubles: doubles.append(double)
    case .texts, .raw: throw wrong("a number, but the feature is a text")
    }
    count += 1
  }

  private mutating func appendRaw(_ value: UInt64, _ size: Int) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0.prefix(size)) }
  }

  private mutating func appendRaw(_ value: Double) {
    if datatype == .fp64 { return appendRaw(value.bitPattern, 8) }
    appendRaw(UInt64(Float(value).bitPattern), 4)
  }

  private func wrong(_ reason: String) -> RequestFailure {
    RequestFailure.bad("input '\(name.prefix(100))', element \(count): \(reason)")
  }
}
