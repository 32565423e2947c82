import OpzIO

/// An attribute: a name and the bytes of its values (IV.A.2.m).
struct HDF5Attribute {
  let name: String
  /// One blob for each string; for other types one blob with all bytes.
  let values: [any Blob]

  /// The most elements of one attribute.
  private static let maximumCount: UInt64 = 1 << 16

  init(_ file: HDF5File, _ message: [UInt8]) throws {
    var cursor = HDF5Cursor(file, message)
    let version = try cursor.byte()
    guard (1...3).contains(version) else { throw HDF5Problem(reason: "an attribute of version \(version)") }
    let flags = try cursor.byte()
    let nameSize = Int(try cursor.number(2))
    let typeSize = Int(try cursor.number(2))
    let spaceSize = Int(try cursor.number(2))
    if version == 3 { _ = try cursor.byte() }
    func padded(_ size: Int) -> Int { version == 1 ? (size + 7) / 8 * 8 : size }
    let text = try cursor.take(padded(nameSize))
    name = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    var typeBytes = try cursor.take(padded(typeSize))
    let space = try cursor.take(padded(spaceSize))
    if version > 1, flags & 1 != 0 { typeBytes = try HDF5Attribute.committedType(file, typeBytes) }
    guard flags & 2 == 0 || version == 1 else { throw HDF5Problem(reason: "an attribute with a shared dataspace") }
    let count = try HDF5Attribute.count(file, space)
    let type = try HDF5Type(file, typeBytes)
    guard count <= HDF5Attribute.maximumCount || type.kind == .other else {
      throw HDF5Problem(reason: "an attribute of \(count) strings")
    }
    let rest = Array(cursor.bytes[cursor.index...])
    values = try HDF5Attribute.values(file, type, count: count, bytes: rest)
  }

  /// The number of elements in a dataspace (IV.A.2.b).
  static func count(_ file: HDF5File, _ bytes: [UInt8]) throws -> UInt64 {
    var cursor = HDF5Cursor(file, bytes)
    let version = try cursor.byte()
    let rank = try cursor.byte()
    _ = try cursor.byte()
    if version == 1 {
      _ = try cursor.take(5)
    } else if version == 2 {
      if try cursor.byte() == 2 { return 0 }
    } else {
      throw HDF5Problem(reason: "a dataspace of version \(version)")
    }
    var count: UInt64 = 1
    for _ in 0..<rank {
      let (product, overflow) = count.multipliedReportingOverflow(by: try cursor.length())
      guard !overflow else { throw HDF5Problem(reason: "a dataspace that is too large") }
      count = product
    }
    return count
  }

  private static func values(_ file: HDF5File, _ type: HDF5Type, count: UInt64, bytes: [UInt8]) throws -> [any Blob] {
    switch type.kind {
    case .text:
      let size = Int(type.size)
      guard size > 0 else { return [] }
      return try (0..<Int(count)).map { index in
        guard (index + 1) * size <= bytes.count else { throw HDF5Problem(reason: "an attribute that is cut short") }
        // Strings are padded with zeros.
        var text = bytes[(index * size)..<((index + 1) * size)]
        while text.last == 0 { text.removeLast() }
        return BytesBlob(Array(text))
      }
    case .variable:
      var cursor = HDF5Cursor(file, bytes)
      return try (0..<Int(count)).compactMap { _ in
        let length = try cursor.number(4)
        let address = try cursor.address()
        let index = try cursor.number(4)
        guard length > 0, address != 0, !file.isUndefined(address) else { return nil }
        return try HDF5GlobalHeap.object(file, at: address, index)
      }
    case .other: return bytes.isEmpty ? [] : [BytesBlob(bytes)]
    }
  }

  /// A datatype that is stored as an object of its own, whose address the attribute has (IV.A.2.d, shared messages).
  private static func committedType(_ file: HDF5File, _ bytes: [UInt8]) throws -> [UInt8] {
    var cursor = HDF5Cursor(file, bytes)
    let version = try cursor.byte()
    let kind = try cursor.byte()
    if version == 1 { _ = try cursor.take(6) }
    guard version < 3 || kind == 2 else { throw HDF5Problem(reason: "a datatype in a shared heap") }
    let header = try HDF5Header(file, at: try cursor.address())
    guard let message = header.messages.first(where: { $0.type == 3 && !$0.isShared }) else {
      throw HDF5Problem(reason: "a datatype that does not exist")
    }
    return message.bytes
  }
}

/// The type of an element, as far as it matters here (IV.A.2.d).
struct HDF5Type {
  enum Kind { case text, variable, other }

  let kind: Kind
  /// Size of an element in bytes.
  let size: UInt64

  init(_ file: HDF5File, _ bytes: [UInt8]) throws {
    var cursor = HDF5Cursor(file, bytes)
    let first = try cursor.byte()
    _ = try cursor.take(3)
    size = try cursor.number(4)
    switch first & 0xF {
    case 3: kind = .text
    case 9: kind = .variable
    default: kind = .other
    }
  }
}

/// Collections of values of variable length (III.E).
enum HDF5GlobalHeap {
  static let signature = Array("GCOL".utf8)

  static func object(_ file: HDF5File, at address: UInt64, _ wanted: UInt64) throws -> any Blob {
    var found: (any Blob)?
    try forEach(file, at: address) { index, place, size in
      if index == wanted { found = try file.blob(at: place, size) }
      return index != wanted
    }
    guard let found else { throw HDF5Problem(reason: "a string that does not exist") }
    return found
  }

  /// Walks the objects of a collection.
  /// - Parameter body: receives the index, address and size of each object, and returns whether to continue.
  static func forEach(
    _ file: HDF5File, at address: UInt64, _ body: (UInt64, UInt64, UInt64) throws -> Bool
  ) throws {
    let width = UInt64(file.lengthWidth)
    var head = try file.cursor(at: address, 8 + file.lengthWidth)
    try head.expect("GCOL")
    _ = try head.take(4)
    let size = try head.length()
    let step = 8 + width
    var offset = 8 + width
    // Objects begin at multiples of 8.
    offset = (offset + 7) / 8 * 8
    while offset <= size, size - offset >= step {
      var cursor = try file.cursor(at: address &+ offset, Int(step))
      let index = try cursor.number(2)
      _ = try cursor.take(6)
      let length = try cursor.length()
      guard index != 0, length <= size - offset - step else { return }
      guard try body(index, address &+ offset &+ step, length) else { return }
      offset += step + (length + 7) / 8 * 8
    }
  }
}
