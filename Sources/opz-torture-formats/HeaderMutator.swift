/// Changes headers of files that are only described: the first bytes, and JSON behind a length.
enum HeaderMutator {
  static func change(_ bytes: inout [UInt8], other: [UInt8], _ random: inout ByteMutator) {
    guard bytes.count > 9 else { return random.change(&bytes, other: other) }
    if bytes[0] == UInt8(ascii: "{") || bytes[0] == UInt8(ascii: "[") { return JSONMutator.change(&bytes, &random) }
    if bytes.starts(with: [0x50, 0x4b, 3, 4]) { return ZipMutator.change(&bytes, other: other, &random) }
    if bytes[8] == UInt8(ascii: "{"), bytes[2..<8].allSatisfy({ $0 == 0 }), random.below(3) > 0 {
      // safetensors: a length of eight bytes, JSON, data.
      let end = min(bytes.count, 8 + Int(bytes[0]) + Int(bytes[1]) << 8)
      var text = Array(bytes[8..<end])
      JSONMutator.change(&text, &random)
      let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
      bytes = length + text + bytes[end...]
      return
    }
    if bytes[0] == UInt8(ascii: "<") || bytes.contains(10) && bytes.allSatisfy({ $0 < 128 && $0 != 0 }) {
      return random.below(2) == 0 ? LineMutator.change(&bytes, &random) : random.change(&bytes, other: other)
    }
    // Protobuf and binary headers: what stands in the first 4 KiB.
    var head = Array(bytes.prefix(4096))
    random.change(&head, other: other)
    bytes.replaceSubrange(..<min(4096, bytes.count), with: head)
  }
}
