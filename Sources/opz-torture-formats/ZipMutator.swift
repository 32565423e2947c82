import OpzTestKit

/// Changes members of zip archives, with checksums that fit again: JSON as JSON, arrays in their header and data.
enum ZipMutator {
  static func change(_ bytes: inout [UInt8], other: [UInt8], _ random: inout ByteMutator) {
    guard random.below(6) > 0, var members = stored(bytes), !members.isEmpty else {
      return random.change(&bytes, other: other)
    }
    // Half of the changes are of the description of the objects.
    let schema = members.firstIndex { $0.local.name == Array("schema.json".utf8) }
    let index = random.below(2) == 0 ? schema ?? 0 : random.below(members.count)
    switch random.below(14) {
    case 0: members.remove(at: index)
    case 1: members.append(members[index])
    case 2:
      let data = members[random.below(members.count)].data
      members[index] = RawZip.Member(members[index].local.name, data, mode: 0o100644)
    case 3:
      let number = UInt32(truncatingIfNeeded: random.extreme())
      switch random.below(5) {
      case 0: members[index] = members[index].withBoth { $0.size = number }
      case 1: members[index] = members[index].withBoth { $0.compressedSize = number }
      case 2: members[index].offset = number
      case 3: members[index] = members[index].withBoth { $0.method = UInt16(truncatingIfNeeded: number) }
      default: members[index] = members[index].describedAfter(signed: number & 1 == 0, wide: number & 2 == 0)
      }
    default:
      var data = members[index].data
      if index == schema { JSONMutator.change(&data, &random) } else { changeArray(&data, other, random: &random) }
      members[index] = RawZip.Member(members[index].local.name, data, mode: 0o100644)
    }
    bytes = RawZip(members).bytes
  }

  private static func changeArray(_ data: inout [UInt8], _ other: [UInt8], random: inout ByteMutator) {
    let text = Array(data.prefix(256))
    guard random.below(2) == 0, let shape = text.firstIndex(of: UInt8(ascii: "(")) else {
      return random.change(&data, other: other)
    }
    let end = text[shape...].firstIndex(of: UInt8(ascii: ")")) ?? shape
    let shapes = ["(0,", "(1,", "(99999999999,", "(-1,", "(3,3,3", "(4294967296,4294967296", "(", "(2,2", "(1000000,"]
    switch random.below(4) {
    case 0, 1: data.replaceSubrange(shape..<end, with: Array(random.pick(shapes).utf8))
    case 2:
      let types = ["<f8", "<f4", "<i8", "|O", ">i4", "|u1", "<U99999999", "|b1", "|V9", "<f16"]
      guard let quote = text.firstIndex(of: UInt8(ascii: "<")) ?? text.firstIndex(of: UInt8(ascii: "|")) else { return }
      data.replaceSubrange(quote..<min(quote + 3, data.count), with: Array(random.pick(types).utf8))
    default: data[random.below(min(12, data.count))] = random.byte()
    }
  }

  /// The members of an archive whose members are stored, as the local headers have them.
  private static func stored(_ bytes: [UInt8]) -> [RawZip.Member]? {
    func number(_ place: Int, _ width: Int) -> Int {
      (0..<width).reversed().reduce(0) { $0 << 8 | Int(bytes[place + $1]) }
    }
    var members: [RawZip.Member] = []
    var place = 0
    while place + 30 <= bytes.count, number(place, 4) == 0x0403_4b50 {
      let size = number(place + 18, 4)
      let start = place + 30 + number(place + 26, 2) + number(place + 28, 2)
      guard number(place + 8, 2) == 0, number(place + 6, 2) & 8 == 0, start + size <= bytes.count else { return nil }
      let name = Array(bytes[(place + 30)..<(place + 30 + number(place + 26, 2))])
      members.append(RawZip.Member(name, Array(bytes[start..<start + size]), mode: 0o100644))
      place = start + size
    }
    return members
  }
}
