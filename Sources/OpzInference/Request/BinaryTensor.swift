/// The values of a tensor as bytes (protocol extension "binary tensor data"): little-endian, row-major, unpadded; an
/// element of BYTES is its length in four bytes and then its bytes.
struct BinaryTensor {
  let name: String
  let datatype: Datatype
  /// Checked by `InputRules`.
  let shape: [Int]

  private var count: Int { shape.reduce(1) { $0.times($1) } }

  /// The values in the form that the model takes.
  /// - Throws: `RequestFailure` where there are not as many bytes as the shape needs, or a number is none of the model's.
  func read(_ bytes: ArraySlice<UInt8>, _ form: InputRules.Form) throws -> InputTensor.Values {
    guard let size = datatype.size else { return try texts(bytes, form) }
    guard bytes.count == count.times(size) else {
      throw wrong("has \(bytes.count) bytes, but its shape \(shape) needs \(count.times(size))")
    }
    switch form {
    case .numbers, .codes:
      return .numbers(try bytes.withUnsafeBytes { try numbers($0) })
    case .doubles:
      return .doubles(try bytes.withUnsafeBytes { try numbers($0) })
    case .raw:
      if datatype == .bool, let place = bytes.firstIndex(where: { $0 > 1 }) {
        throw wrong("element \(place - bytes.startIndex): a BOOL is 0 or 1")
      }
      return .raw(bytes: Array(bytes), missing: [])
    case .texts: throw wrong("is not BYTES")
    }
  }

  // MARK: Numbers

  private func numbers<Number: BinaryFloatingPoint>(_ bytes: UnsafeRawBufferPointer) throws -> [Number] {
    switch datatype {
    case .bool: try map(bytes, UInt8.self) { $0 <= 1 ? Number($0) : nil }
    case .uint8: try map(bytes, UInt8.self) { Number($0) }
    case .uint16: try map(bytes, UInt16.self) { Number($0) }
    case .uint32: try map(bytes, UInt32.self) { Number($0) }
    case .uint64: try map(bytes, UInt64.self) { Number($0) }
    case .int8: try map(bytes, Int8.self) { Number($0) }
    case .int16: try map(bytes, Int16.self) { Number($0) }
    case .int32: try map(bytes, Int32.self) { Number($0) }
    case .int64: try map(bytes, Int64.self) { Number($0) }
    case .fp16: try map(bytes, UInt16.self) { finite(Float(half: $0)) }
    case .bf16: try map(bytes, UInt16.self) { finite(Float(brain: $0)) }
    case .fp32: try map(bytes, UInt32.self) { finite(Float(bitPattern: $0)) }
    case .fp64: try map(bytes, UInt64.self) { finite(Double(bitPattern: $0)) }
    case .bytes: []
    }
  }

  @inline(__always)
  private func map<Bits: FixedWidthInteger, Number>(
    _ bytes: UnsafeRawBufferPointer, _ type: Bits.Type, number: (Bits) -> Number?
  ) throws -> [Number] {
    try [Number](unsafeUninitializedCapacity: count) { values, filled in
      for index in 0..<count {
        let bits = bytes.loadUnaligned(fromByteOffset: index &* MemoryLayout<Bits>.size, as: Bits.self)
        guard let value = number(Bits(littleEndian: bits)) else {
          throw wrong("element \(index): not a number that the model can take")
        }
        values.initializeElement(at: index, to: value)
        filled = index + 1
      }
    }
  }

  /// A number or NaN; nil for an infinity, and for a double that no float of the model's is near.
  @inline(__always)
  private func finite<Given: BinaryFloatingPoint, Number: BinaryFloatingPoint>(_ value: Given) -> Number? {
    let number = Number(value)
    return number.isFinite || value.isNaN ? number : nil
  }

  // MARK: Texts

  private func texts(_ bytes: ArraySlice<UInt8>, _ form: InputRules.Form) throws -> InputTensor.Values {
    switch form {
    case .raw:
      try elements(bytes) { _, _ in }
      return .raw(bytes: Array(bytes), missing: [])
    case .texts:
      var texts: [String?] = []
      // Each element has at least its length.
      texts.reserveCapacity(min(count, bytes.count / 4))
      try elements(bytes) { texts.append(try text($1, $0)) }
      return .texts(texts)
    case .codes(let categories):
      var codes: [Float] = []
      codes.reserveCapacity(min(count, bytes.count / 4))
      try elements(bytes) { codes.append(try categories.code(of: try text($1, $0), row: $0)) }
      return .codes(codes)
    case .numbers, .doubles: throw wrong("is BYTES, but the feature is numeric")
    }
  }

  /// Calls `element` with the index and the bytes of each element.
  private func elements(_ bytes: ArraySlice<UInt8>, _ element: (Int, ArraySlice<UInt8>) throws -> Void) throws {
    var rest = bytes
    for index in 0..<count {
      guard rest.count >= 4 else { throw wrong("ends within element \(index) of \(count)") }
      let length = rest.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
      rest = rest.dropFirst(4)
      guard length <= rest.count else {
        throw wrong("element \(index) has \(length) bytes, and \(rest.count) are left")
      }
      try element(index, rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    guard rest.isEmpty else { throw wrong("has \(rest.count) bytes after its last element") }
  }

  private func text(_ bytes: ArraySlice<UInt8>, _ index: Int) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw wrong("element \(index): a text that is not UTF-8")
    }
    return text
  }

  private func wrong(_ reason: String) -> RequestFailure {
    RequestFailure.bad("the binary data of input '\(name.prefix(100))' \(reason)")
  }
}
