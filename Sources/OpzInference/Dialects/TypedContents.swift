import OpzWire

/// The message `InferTensorContents`: a tensor's elements in a repeated field of their type.
struct TypedContents {
  let name: String
  let datatype: Datatype
  /// Checked by `InputRules`.
  let shape: [Int]

  /// The field that has the elements of a datatype; nil for datatypes that only come raw.
  private static func field(_ datatype: Datatype) -> Int? {
    switch datatype {
    case .bool: 1
    case .int8, .int16, .int32: 2
    case .int64: 3
    case .uint8, .uint16, .uint32: 4
    case .uint64: 5
    case .fp32: 6
    case .fp64: 7
    case .bytes: 8
    case .fp16, .bf16: nil
    }
  }

  // MARK: Reading

  /// The tensor of a message's elements; none where the message is missing.
  func read(_ message: WireReader?, _ form: InputRules.Form, body: [UInt8]) throws -> InputTensor {
    guard let number = TypedContents.field(datatype) else {
      throw wrong("\(datatype.rawValue) has no typed contents: send raw_input_contents")
    }
    let count = shape.reduce(1) { $0.times($1) }
    guard let message else {
      guard count == 0 else { throw wrong("has neither contents nor raw_input_contents") }
      return TensorBuilder(name, datatype, form: form, capacity: 0).tensor(shape: shape)
    }
    // An element takes a byte at least.
    var builder = TensorBuilder(name, datatype, form: form, capacity: min(count, message.end - message.position))
    var numbers = WireNumbers(message, field: number)
    while try append(&numbers, &builder, body: body) {
      guard builder.count <= count else { throw wrong("has more than the \(count) elements of its shape \(shape)") }
    }
    // Elements in the field of another type would be passed over.
    guard !(1...8).contains(where: { $0 != number && numbers.hasPassed(field: $0) }) else {
      throw wrong("is of datatype \(datatype.rawValue), but its contents are of another type")
    }
    guard builder.count == count else {
      throw wrong("has \(builder.count) elements instead of the \(count) of its shape \(shape)")
    }
    return builder.tensor(shape: shape)
  }

  /// - Returns: whether there was another element.
  @inline(__always)
  private func append(_ numbers: inout WireNumbers, _ builder: inout TensorBuilder, body: [UInt8]) throws -> Bool {
    switch datatype {
    case .fp32:
      guard let value = try numbers.nextFloat() else { return false }
      try builder.append(float: value)
    case .fp64:
      guard let value = try numbers.nextDouble() else { return false }
      try builder.append(double: value)
    case .bytes:
      guard let range = try numbers.nextRange() else { return false }
      try builder.append(bytes: body[range])
    case .uint64, .uint8, .uint16, .uint32:
      guard let value = try numbers.nextInteger() else { return false }
      try builder.append(unsigned: UInt64(bitPattern: value))
    case .int8, .int16, .int32, .int64, .bool, .fp16, .bf16:
      guard let value = try numbers.nextInteger() else { return false }
      try builder.append(integer: value)
    }
    return true
  }

  private func wrong(_ reason: String) -> RequestFailure {
    RequestFailure.bad("input '\(name.prefix(100))' \(reason)")
  }

  // MARK: Writing

  /// The message of an output's elements.
  /// - Throws: `RequestFailure` where one is missing.
  static func write(_ output: OutputTensor) throws -> WireWriter {
    var message = WireWriter()
    guard let number = field(output.datatype) else { return message }
    if case .scored(.texts(let texts)) = output.values {
      for (place, text) in texts.enumerated() {
        guard let text else { throw output.missingValue(place) }
        message.put(number, string: text)
      }
      return message
    }
    let bytes = try output.bytes()
    switch output.datatype {
    case .bool, .uint8: message.put(number, packed: values(bytes, UInt8.self))
    case .int8: message.put(number, packed: values(bytes, Int8.self))
    case .int16: message.put(number, packed: values(bytes, Int16.self))
    case .int32: message.put(number, packed: values(bytes, Int32.self))
    case .int64: message.put(number, packed: values(bytes, Int64.self))
    case .uint16: message.put(number, packed: values(bytes, UInt16.self))
    case .uint32: message.put(number, packed: values(bytes, UInt32.self))
    case .uint64: message.put(number, packed: values(bytes, UInt64.self))
    // Packed numbers are little-endian, as they are.
    case .fp32, .fp64: if !bytes.isEmpty { message.put(number, bytes: bytes) }
    case .bytes:
      var rest = bytes[...]
      while rest.count >= 4 {
        let length = rest.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
        message.put(number, bytes: rest.dropFirst(4).prefix(length))
        rest = rest.dropFirst(4 + length)
      }
    case .fp16, .bf16: break
    }
    return message
  }

  /// The most bytes of the message.
  static func mostBytes(_ output: OutputTensor) -> Int {
    switch output.datatype {
    // A negative number takes ten bytes.
    case .int8, .int16, .int32, .int64, .uint64: output.count.times(10)
    case .bool, .uint8, .uint16, .uint32: output.count.times(5)
    case .fp16, .bf16, .fp32, .fp64: output.binaryBytes
    // A tag and a length, which is of four bytes already.
    case .bytes: output.binaryBytes.plus(output.count.times(2))
    }
  }

  /// The elements as numbers, made one by one.
  private static func values<Bits: FixedWidthInteger>(_ bytes: [UInt8], _ type: Bits.Type) -> some Collection<Int64> {
    let size = MemoryLayout<Bits>.size
    return (0..<bytes.count / size).lazy.map { index in
      bytes.withUnsafeBytes {
        Int64(truncatingIfNeeded: Bits(littleEndian: $0.loadUnaligned(fromByteOffset: index * size, as: type)))
      }
    }
  }
}
