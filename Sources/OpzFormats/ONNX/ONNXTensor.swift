import OpzWire

/// The types of elements that are read: `TensorProto.DataType`.
enum ONNXElement: Int {
  case float = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case string = 8
  case bool = 9
  case double = 11
  case uint32 = 12
  case uint64 = 13

  /// Bytes per element in `raw_data`; nil for texts.
  var size: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .float, .int32, .uint32: 4
    case .int64, .double, .uint64: 8
    case .string: nil
    }
  }

  var isInteger: Bool {
    switch self {
    case .float, .double, .string, .bool: false
    case .uint8, .int8, .uint16, .int16, .int32, .int64, .uint32, .uint64: true
    }
  }
}

/// A tensor of an ONNX file, decoded (`TensorProto`).
struct ONNXTensor {
  var element: ONNXElement
  var dimensions: [Int]
  /// All numbers, truth values as 0 and 1; empty for texts.
  var numbers: [Double] = []
  var texts: [String] = []

  var count: Int { element == .string ? texts.count : numbers.count }

  init(_ element: ONNXElement, _ dimensions: [Int], numbers: [Double] = [], texts: [String] = []) {
    self.element = element
    self.dimensions = dimensions
    self.numbers = numbers
    self.texts = texts
  }

  /// The name of a tensor, of which nothing else is read.
  static func name(_ message: WireReader) throws -> String {
    var reader = message
    var name = ""
    while let field = try reader.next() {
      if field.number == 8 { name = try reader.string(field) } else { try reader.skip(field) }
    }
    return name
  }

  /// - Throws: `WireFailure` for elements outside of the file, of a type that is not read, or of another number than the
  ///   dimensions say.
  init(_ message: WireReader) throws {
    let parts = try Parts(message)
    guard let element = ONNXElement(rawValue: parts.type) else {
      throw WireFailure(at: parts.place, "a tensor of type \(parts.type), which is not read")
    }
    self.init(element, parts.dimensions)
    var expected = 1
    for dimension in parts.dimensions {
      let (product, overflow) = expected.multipliedReportingOverflow(by: dimension)
      guard dimension >= 0, !overflow else { throw WireFailure(at: parts.place, "impossible dimensions of a tensor") }
      expected = product
    }
    if element == .string {
      texts = parts.texts
    } else if let raw = parts.raw {
      numbers = try ONNXTensor.numbers(message, raw, element: element)
    } else {
      numbers = try ONNXTensor.typed(parts, element)
    }
    guard count == expected else {
      throw WireFailure(at: parts.place, "a tensor with \(count) elements where its dimensions say \(expected)")
    }
  }

  /// The fields of a `TensorProto`.
  private struct Parts {
    var type = 0
    var dimensions: [Int] = []
    var raw: Range<Int>?
    var floats: [Float] = []
    var doubles: [Double] = []
    var integers: [Int64] = []
    var texts: [String] = []
    var place = 0

    init(_ message: WireReader) throws {
      var reader = message
      place = reader.position
      while let field = try reader.next() {
        switch field.number {
        case 1:
          var values: [Int64] = []
          try reader.append(int64s: &values, field)
          dimensions += values.map { Int(truncatingIfNeeded: $0) }
          guard dimensions.count <= 16 else { throw WireFailure(at: place, "a tensor of more than 16 dimensions") }
        case 2: type = Int(try reader.int32(field))
        case 4: try reader.append(floats: &floats, field)
        case 5, 7, 11: try reader.append(int64s: &integers, field)
        case 6: texts.append(try reader.string(field))
        case 9: raw = try reader.range(field)
        case 10: try reader.append(doubles: &doubles, field)
        case 13, 14:
          guard field.number == 14, try reader.int32(field) == 0 else {
            throw WireFailure(at: place, "a tensor whose elements are in another file, which is not read")
          }
        default: try reader.skip(field)
        }
      }
    }
  }

  private static func typed(_ parts: Parts, _ element: ONNXElement) throws -> [Double] {
    switch element {
    case .float: parts.floats.map { Double($0) }
    case .double: parts.doubles
    case .uint64, .uint32: try parts.integers.map { try exact(UInt64(bitPattern: $0), parts.place) }
    default: try parts.integers.map { try exact($0, parts.place) }
    }
  }

  /// Elements of `raw_data`, little-endian.
  private static func numbers(_ message: WireReader, _ raw: Range<Int>, element: ONNXElement) throws -> [Double] {
    guard let size = element.size, raw.count.isMultiple(of: size) else {
      throw WireFailure(at: raw.lowerBound, "\(raw.count) bytes are no elements of \(element)")
    }
    let count = raw.count / size
    return try message.bytes.withUnsafeBytes { buffer in
      func load<Number: FixedWidthInteger>(_ index: Int, _ type: Number.Type) -> Number {
        Number(littleEndian: buffer.loadUnaligned(fromByteOffset: raw.lowerBound + index * size, as: type))
      }
      return try (0..<count).map { index in
        switch element {
        case .float: Double(Float(bitPattern: load(index, UInt32.self)))
        case .double: Double(bitPattern: load(index, UInt64.self))
        case .int64: try exact(load(index, Int64.self), raw.lowerBound)
        case .uint64: try exact(load(index, UInt64.self), raw.lowerBound)
        case .int32: Double(load(index, Int32.self))
        case .uint32: Double(load(index, UInt32.self))
        case .int16: Double(load(index, Int16.self))
        case .uint16: Double(load(index, UInt16.self))
        case .int8: Double(load(index, Int8.self))
        case .uint8, .bool: Double(load(index, UInt8.self))
        case .string: 0
        }
      }
    }
  }

  /// Integers are stored as float64, exact up to 2^53.
  private static func exact(_ value: some FixedWidthInteger, _ place: Int) throws -> Double {
    // INT64_MAX stands for "to the end" in Slice.
    guard let number = Double(exactly: value) ?? (value == Int64.max ? Double(Int64.max) : nil) else {
      throw WireFailure(at: place, "the integer \(value) is beyond 2^53, which is not read")
    }
    return number
  }
}
