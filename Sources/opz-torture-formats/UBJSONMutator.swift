/// Changes UBJSON at its markers, lengths and numbers, and moves whole values.
enum UBJSONMutator {
  private struct Spans {
    /// Values with their markers.
    var values: [Range<Int>] = []
    /// Members: a name and its value.
    var members: [Range<Int>] = []
    /// Numbers and lengths without their markers.
    var numbers: [Range<Int>] = []
    var markers: [Int] = []
  }

  static func change(_ bytes: inout [UInt8], _ random: inout ByteMutator) {
    var scan = Scan(bytes: bytes)
    scan.value(depth: 0)
    let found = scan.found
    guard !found.values.isEmpty else { return }
    switch random.below(9) {
    case 0...2 where !found.numbers.isEmpty:
      let part = random.pick(found.numbers)
      let number = random.extreme()
      for (index, place) in part.reversed().enumerated() {
        bytes[place] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index))
      }
    case 3: bytes.removeSubrange(random.pick(found.members.isEmpty ? found.values : found.members))
    case 4:
      let part = random.pick(random.below(2) == 0 || found.members.isEmpty ? found.values : found.members)
      let copies = repeatElement(Array(bytes[part]), count: random.pick([1, 1, 300]))
      bytes.insert(contentsOf: copies.joined(), at: part.lowerBound)
    case 5: bytes.replaceSubrange(random.pick(found.values), with: Array(bytes[random.pick(found.values)]))
    case 6: bytes[random.pick(found.markers)] = random.pick(Array("{}[]$#LlUIidDSTFZNHC".utf8))
    case 7:
      let (part, depth) = (random.pick(found.values), random.pick([1, 100, 128, 129, 600, 5000]))
      let nested = [UInt8](repeating: UInt8(ascii: "["), count: depth) + bytes[part]
      bytes.replaceSubrange(part, with: nested + [UInt8](repeating: UInt8(ascii: "]"), count: depth))
    default: bytes.removeSubrange(random.pick(found.values).upperBound...)
    }
  }

  /// A walk over a document that may be broken: it ends where it loses the way.
  private struct Scan {
    let bytes: [UInt8]
    var position = 0
    var found = Spans()

    private mutating func byte() -> UInt8? {
      guard position < bytes.count else { return nil }
      position += 1
      return bytes[position - 1]
    }

    private func width(_ type: UInt8) -> Int? {
      switch type {
      case UInt8(ascii: "Z"), UInt8(ascii: "T"), UInt8(ascii: "F"), UInt8(ascii: "N"): 0
      case UInt8(ascii: "i"), UInt8(ascii: "U"), UInt8(ascii: "C"): 1
      case UInt8(ascii: "I"): 2
      case UInt8(ascii: "l"), UInt8(ascii: "d"): 4
      case UInt8(ascii: "L"), UInt8(ascii: "D"): 8
      default: nil
      }
    }

    private mutating func length() -> Int? {
      found.markers.append(min(position, bytes.count - 1))
      guard let type = byte(), let width = width(type), width > 0, width <= bytes.count - position else { return nil }
      found.numbers.append(position..<position + width)
      let value = bytes[position..<position + width].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      position += width
      return value <= UInt64(bytes.count - position) ? Int(value) : nil
    }

    @discardableResult
    mutating func value(_ stated: UInt8? = nil, depth: Int) -> Bool {
      let start = position
      if stated == nil { found.markers.append(min(position, bytes.count - 1)) }
      guard depth < 200, let type = stated ?? byte() else { return false }
      defer { if position > start { found.values.append(start..<position) } }
      switch type {
      case UInt8(ascii: "S"), UInt8(ascii: "H"):
        guard let count = length() else { return false }
        position += count
      case UInt8(ascii: "["): return container(isObject: false, depth)
      case UInt8(ascii: "{"): return container(isObject: true, depth)
      default:
        guard let width = width(type), width <= bytes.count - position else { return false }
        if width > 0, stated == nil { found.numbers.append(position..<position + width) }
        position += width
      }
      return true
    }

    private mutating func container(isObject: Bool, _ depth: Int) -> Bool {
      var type: UInt8?
      if position < bytes.count, bytes[position] == UInt8(ascii: "$") {
        position += 1
        found.markers.append(min(position, bytes.count - 1))
        type = byte()
      }
      var count: Int?
      if position < bytes.count, bytes[position] == UInt8(ascii: "#") {
        position += 1
        guard let length = length() else { return false }
        count = length
      }
      if let type, let count, let width = width(type), !isObject {
        guard width * count <= bytes.count - position else { return false }
        if width > 0, count > 0 {
          // Some of the elements.
          for index in [0, count / 2, count - 1] {
            found.numbers.append(position + index * width..<position + index * width + width)
          }
        }
        position += width * count
        return true
      }
      let end = UInt8(ascii: isObject ? "}" : "]")
      while count != 0 {
        if count == nil, position < bytes.count, bytes[position] == end { break }
        let start = position
        if isObject {
          guard let name = length() else { return false }
          position += name
        }
        guard value(type, depth: depth + 1) else { return false }
        if isObject { found.members.append(start..<position) }
        count = count.map { $0 - 1 }
      }
      if count == nil { position += 1 }
      return position <= bytes.count
    }
  }
}
