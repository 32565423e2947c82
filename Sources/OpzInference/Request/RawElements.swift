import OpzJSON

/// The elements of a tensor's bytes, one after the other.
struct RawElements {
  private let datatype: Datatype
  private let bytes: [UInt8]
  private let missing: [Int]

  /// - Parameter bytes: checked to be whole elements.
  init(_ datatype: Datatype, _ bytes: [UInt8], missing: [Int]) {
    self.datatype = datatype
    self.bytes = bytes
    self.missing = missing
  }

  /// Appends a JSON array.
  func write(to json: inout JSONWriter) {
    var absent = missing[...]
    json.list(Starts(bytes: bytes, size: datatype.size).enumerated()) { json, element in
      write(element, to: &json, &absent)
    }
  }

  /// Appends a JSON array of arrays of so many elements.
  func write(to json: inout JSONWriter, rowsOf columns: Int) {
    var absent = missing[...]
    json.raw("[")
    for element in Starts(bytes: bytes, size: datatype.size).enumerated() {
      let isFirst = element.offset % columns == 0
      if element.offset > 0 { isFirst ? json.raw("],[") : json.raw(",") } else { json.raw("[") }
      write(element, to: &json, &absent)
    }
    bytes.isEmpty ? json.raw("]") : json.raw("]]")
  }

  private func write(
    _ element: (offset: Int, element: Range<Int>), to json: inout JSONWriter, _ absent: inout ArraySlice<Int>
  ) {
    guard absent.first != element.offset else {
      absent.removeFirst()
      return json.raw("null")
    }
    write(element.element, to: &json)
  }

  private func write(_ range: Range<Int>, to json: inout JSONWriter) {
    func bits<Bits: FixedWidthInteger>(_ type: Bits.Type) -> Bits {
      bytes.withUnsafeBytes { Bits(littleEndian: $0.loadUnaligned(fromByteOffset: range.lowerBound, as: type)) }
    }
    switch datatype {
    case .bool: bits(UInt8.self) == 0 ? json.raw("false") : json.raw("true")
    case .uint8: json.number(bits(UInt8.self))
    case .uint16: json.number(bits(UInt16.self))
    case .uint32: json.number(bits(UInt32.self))
    case .uint64: json.number(bits(UInt64.self))
    case .int8: json.number(bits(Int8.self))
    case .int16: json.number(bits(Int16.self))
    case .int32: json.number(bits(Int32.self))
    case .int64: json.number(bits(Int64.self))
    case .fp16: json.number(Float(half: bits(UInt16.self)))
    case .bf16: json.number(Float(brain: bits(UInt16.self)))
    case .fp32: json.number(Float(bitPattern: bits(UInt32.self)))
    case .fp64: json.number(Double(bitPattern: bits(UInt64.self)))
    case .bytes: json.string(String(decoding: bytes[range], as: UTF8.self))
    }
  }

  /// Where each element stands.
  struct Starts: Sequence, IteratorProtocol {
    let bytes: [UInt8]
    let size: Int?
    var position = 0

    mutating func next() -> Range<Int>? {
      var start = position
      var count = size ?? 0
      if size == nil {
        guard bytes.count - position >= 4 else { return nil }
        count = bytes.withUnsafeBytes {
          Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
        }
        start += 4
      }
      guard count <= bytes.count - start else { return nil }
      position = start + count
      return start..<position
    }
  }
}
