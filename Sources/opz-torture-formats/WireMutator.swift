import OpzWire

/// Changes protobuf messages field by field, with lengths that fit again.
enum WireMutator {
  private struct Field {
    var number: UInt64
    var type: UInt64
    /// Of a varint its value, of others the bytes.
    var value: UInt64 = 0
    var payload: [UInt8] = []
  }

  static func change(_ bytes: inout [UInt8], other: [UInt8], _ random: inout ByteMutator) {
    guard let fields = parse(bytes) else { return random.change(&bytes, other: other) }
    bytes = write(changed(fields, other, random: &random, depth: 0))
  }

  private static func changed(
    _ fields: [Field], _ other: [UInt8], random: inout ByteMutator, depth: Int
  ) -> [Field] {
    var fields = fields
    guard !fields.isEmpty else { return fields }
    let index = random.below(fields.count)
    if fields[index].type == 2, depth < 12, random.below(5) > 0, let inner = parse(fields[index].payload),
      !inner.isEmpty
    {
      fields[index].payload = write(changed(inner, other, random: &random, depth: depth + 1))
      return fields
    }
    switch random.below(9) {
    case 0: fields.remove(at: index)
    case 1: fields.insert(contentsOf: repeatElement(fields[index], count: random.pick([1, 1, 2, 500])), at: index)
    case 2: fields.swapAt(index, random.below(fields.count))
    case 3: fields[index].number = UInt64(1 + random.below(20))
    case 4: fields[index].payload = fields[random.below(fields.count)].payload
    case 5 where fields[index].type == 2:
      for _ in 0..<random.pick([1, 40, 99, 101, 600]) {
        let number = fields[index].number
        fields[index].payload = write([Field(number: number, type: 2, payload: fields[index].payload)])
      }
    default: changeValue(&fields[index], other, random: &random)
    }
    return fields
  }

  private static func changeValue(_ field: inout Field, _ other: [UInt8], random: inout ByteMutator) {
    switch field.type {
    case 0: field.value = random.below(2) == 0 ? random.extreme() : field.value &+ random.pick([1, .max])
    case 2 where random.below(2) == 0 && !field.payload.isEmpty:
      // A packed list of numbers: one of them.
      var numbers = varints(field.payload)
      guard !numbers.isEmpty else { return random.change(&field.payload, other: other) }
      numbers[random.below(numbers.count)] = random.extreme()
      field.payload = numbers.flatMap { encode($0) }
    default: random.change(&field.payload, other: other)
    }
  }

  // MARK: The wire format

  private static func parse(_ bytes: [UInt8]) -> [Field]? {
    guard var reader = try? WireReader(bytes), !bytes.isEmpty else { return nil }
    var fields: [Field] = []
    do {
      while let field = try reader.next() {
        let start = reader.position
        var own = Field(number: UInt64(field.number), type: UInt64(field.type.rawValue))
        switch field.type {
        case .varint: own.value = try reader.uint64(field)
        case .lengthDelimited: own.payload = Array(bytes[try reader.range(field)])
        case .fixed32, .fixed64:
          try reader.skip(field)
          own.payload = Array(bytes[start..<reader.position])
        }
        fields.append(own)
      }
    } catch { return nil }
    return fields
  }

  private static func write(_ fields: [Field]) -> [UInt8] {
    var bytes: [UInt8] = []
    for field in fields {
      bytes += encode(field.number << 3 | field.type)
      switch field.type {
      case 0: bytes += encode(field.value)
      case 2: bytes += encode(UInt64(field.payload.count)) + field.payload
      default: bytes += field.payload
      }
    }
    return bytes
  }

  private static func varints(_ bytes: [UInt8]) -> [UInt64] {
    guard var reader = try? WireReader(bytes) else { return [] }
    var numbers: [UInt64] = []
    while reader.position < reader.end, let number = try? reader.varint() { numbers.append(number) }
    return numbers
  }

  private static func encode(_ number: UInt64) -> [UInt8] {
    var (bytes, rest) = ([UInt8](), number)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(truncatingIfNeeded: rest)]
  }
}
