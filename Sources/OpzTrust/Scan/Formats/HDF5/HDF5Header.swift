/// An object's header: its messages, including those in continuation blocks (IV.A.1).
struct HDF5Header {
  struct Message {
    let type: UInt64
    let flags: UInt8
    let bytes: [UInt8]

    /// Whether the message is stored elsewhere, in a shared heap.
    var isShared: Bool { flags & 2 != 0 }
  }

  let messages: [Message]

  private static let maximumCount = 100_000

  init(_ file: HDF5File, at address: UInt64) throws {
    let start = try file.bytes(at: address, 4)
    messages = start == Array("OHDR".utf8) ? try HDF5Header.second(file, address) : try HDF5Header.first(file, address)
  }

  private static func first(_ file: HDF5File, _ address: UInt64) throws -> [Message] {
    var head = try file.cursor(at: address, 16)
    guard try head.number(2) & 0xFF == 1 else { throw HDF5Problem(reason: "an object header of an unknown version") }
    _ = try head.take(6)
    let size = try head.number(4)
    return try read(file, [(address &+ 16, size)]) { cursor in
      guard cursor.remaining >= 8 else { return nil }
      let type = try cursor.number(2)
      let size = try cursor.number(2)
      let flags = try cursor.byte()
      _ = try cursor.take(3)
      return Message(type: type, flags: flags, bytes: try cursor.take(Int(size)))
    }
  }

  private static func second(_ file: HDF5File, _ address: UInt64) throws -> [Message] {
    var head = try file.cursor(at: address, 6)
    try head.expect("OHDR")
    guard try head.byte() == 2 else { throw HDF5Problem(reason: "an object header of an unknown version") }
    let flags = try head.byte()
    let skipped = (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
    let width = 1 << Int(flags & 3)
    var rest = try file.cursor(at: address &+ 6, skipped + width)
    _ = try rest.take(skipped)
    let size = try rest.number(width)
    let isOrdered = flags & 4 != 0
    return try read(file, [(address &+ UInt64(6 + skipped + width), size)]) { cursor in
      // What remains is a gap.
      guard cursor.remaining >= (isOrdered ? 6 : 4) else { return nil }
      let type = UInt64(try cursor.byte())
      let size = try cursor.number(2)
      let flags = try cursor.byte()
      if isOrdered { _ = try cursor.take(2) }
      return Message(type: type, flags: flags, bytes: try cursor.take(Int(size)))
    }
  }

  private static func read(
    _ file: HDF5File, _ first: [(UInt64, UInt64)], next: (inout HDF5Cursor) throws -> Message?
  ) throws -> [Message] {
    var blocks = first
    var seen: Set<UInt64> = []
    var found: [Message] = []
    while let (address, size) = blocks.popLast() {
      guard seen.insert(address).inserted else {
        throw HDF5Problem(reason: "an object header that continues in itself")
      }
      guard size <= 1 << 20 else { throw HDF5Problem(reason: "an object header of \(size) bytes") }
      var cursor = try file.cursor(at: address, Int(size))
      if cursor.bytes.starts(with: "OCHK".utf8) {
        // A checksum follows the messages.
        cursor = HDF5Cursor(file, Array(cursor.bytes.dropLast(4)))
        cursor.index = 4
      }
      while let message = try next(&cursor) {
        found.append(message)
        guard found.count <= maximumCount else {
          throw HDF5Problem(reason: "an object header of more than \(maximumCount) messages")
        }
        guard message.type == 0x10 else { continue }
        var place = HDF5Cursor(file, message.bytes)
        blocks.append((try place.address(), try place.length()))
      }
    }
    return found
  }
}
