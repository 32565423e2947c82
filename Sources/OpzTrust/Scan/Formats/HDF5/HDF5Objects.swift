import OpzIO

/// Walks all objects of an HDF5 file: their attributes, and what they refer to.
struct HDF5Objects {
  private let file: HDF5File
  private var waiting: [UInt64]
  private var seen: Set<UInt64> = []
  /// Other files that it reads through links and datasets.
  private(set) var otherFiles: Set<String> = []

  private static let maximumCount = 500_000

  init(_ file: HDF5File) {
    self.file = file
    waiting = [file.root]
  }

  /// The attributes of the next object; nil at the end.
  mutating func next() throws -> [HDF5Attribute]? {
    guard let address = waiting.popLast() else { return nil }
    guard seen.insert(address).inserted else { return [] }
    guard seen.count <= HDF5Objects.maximumCount else {
      throw HDF5Problem(reason: "more than \(HDF5Objects.maximumCount) objects")
    }
    let header = try HDF5Header(file, at: address)
    var attributes: [HDF5Attribute] = []
    for message in header.messages {
      if message.isShared, message.type == 0x0C { throw HDF5Problem(reason: "shared attributes") }
      var cursor = HDF5Cursor(file, message.bytes)
      switch message.type {
      case 0x0C: attributes.append(try HDF5Attribute(file, message.bytes))
      case 0x15: attributes += try dense(&cursor)
      case 0x02: try links(&cursor)
      case 0x06: try link(&cursor)
      case 0x07: try externalData(&cursor)
      case 0x08: try layout(&cursor)
      case 0x11: try symbolTable(try cursor.address(), try cursor.address())
      default: break
      }
    }
    return attributes
  }

  /// Attribute Info (IV.A.2.v): many or large attributes are stored in a heap.
  private func dense(_ cursor: inout HDF5Cursor) throws -> [HDF5Attribute] {
    _ = try cursor.byte()
    if try cursor.byte() & 1 != 0 { _ = try cursor.take(2) }
    let heapAddress = try cursor.address()
    let tree = try cursor.address()
    guard !file.isUndefined(heapAddress) else { return [] }
    let heap = try HDF5Heap(file, at: heapAddress)
    return try HDF5BTree.records(file, at: tree).map { record in
      guard record.count >= 9 else { throw HDF5Problem(reason: "an attribute record that is too short") }
      guard record[8] & 2 == 0 else { throw HDF5Problem(reason: "shared attributes") }
      return try HDF5Attribute(file, try heap.object(Array(record[0..<8])))
    }
  }

  // MARK: Links

  /// Link Info (IV.A.2.c).
  private mutating func links(_ cursor: inout HDF5Cursor) throws {
    _ = try cursor.byte()
    if try cursor.byte() & 1 != 0 { _ = try cursor.take(8) }
    let heapAddress = try cursor.address()
    let tree = try cursor.address()
    guard !file.isUndefined(heapAddress) else { return }
    let heap = try HDF5Heap(file, at: heapAddress)
    for record in try HDF5BTree.records(file, at: tree) {
      guard record.count >= 11 else { throw HDF5Problem(reason: "a link record that is too short") }
      var message = HDF5Cursor(file, try heap.object(Array(record[4..<11])))
      try link(&message)
    }
  }

  /// Link (IV.A.2.g).
  private mutating func link(_ cursor: inout HDF5Cursor) throws {
    _ = try cursor.byte()
    let flags = try cursor.byte()
    let kind = flags & 8 != 0 ? try cursor.byte() : 0
    if flags & 4 != 0 { _ = try cursor.take(8) }
    if flags & 0x10 != 0 { _ = try cursor.byte() }
    let nameSize = try cursor.number(1 << Int(flags & 3))
    guard nameSize <= 1 << 16 else { throw HDF5Problem(reason: "a name of \(nameSize) bytes") }
    _ = try cursor.take(Int(nameSize))
    switch kind {
    case 0: waiting.append(try cursor.address())
    case 1: break
    case 64:
      _ = try cursor.number(2)
      _ = try cursor.byte()
      otherFiles.insert(try cursor.text())
    default: throw HDF5Problem(reason: "a link of the unknown kind \(kind)")
    }
  }

  /// A group of the older kind: a version 1 B-tree (III.A.1) whose leaves are symbol tables (III.C).
  private mutating func symbolTable(_ tree: UInt64, _ heap: UInt64) throws {
    var nodes = [tree]
    var seenNodes: Set<UInt64> = []
    let (a, l) = (file.addressWidth, file.lengthWidth)
    while let address = nodes.popLast() {
      guard seenNodes.insert(address).inserted else { throw HDF5Problem(reason: "a B-tree with a cycle") }
      guard seenNodes.count <= HDF5Objects.maximumCount else { throw HDF5Problem(reason: "a group that is too large") }
      if try file.bytes(at: address, 4) == Array("SNOD".utf8) {
        var head = try file.cursor(at: address &+ 6, 2)
        let count = Int(try head.number(2))
        var cursor = try file.cursor(at: address &+ 8, count * (2 * a + 24))
        for _ in 0..<count {
          _ = try cursor.address()
          let object = try cursor.address()
          let kind = try cursor.number(4)
          _ = try cursor.take(20)
          // A soft link has no object.
          if kind != 2 { waiting.append(object) }
        }
        continue
      }
      var head = try file.cursor(at: address, 8 + 2 * a)
      try head.expect("TREE")
      guard try head.byte() == 0 else { throw HDF5Problem(reason: "a B-tree that does not belong to a group") }
      _ = try head.byte()
      let count = Int(try head.number(2))
      var cursor = try file.cursor(at: address &+ UInt64(8 + 2 * a), count * (a + l))
      for _ in 0..<count {
        _ = try cursor.length()
        nodes.append(try cursor.address())
      }
    }
  }

  // MARK: Data in other files

  /// External Data Files (IV.A.2.h).
  private mutating func externalData(_ cursor: inout HDF5Cursor) throws {
    _ = try cursor.take(4)
    _ = try cursor.number(2)
    let used = try cursor.number(2)
    let heap = try cursor.address()
    var head = try file.cursor(at: heap, 8 + 2 * file.lengthWidth + file.addressWidth)
    try head.expect("HEAP")
    _ = try head.take(4)
    _ = try head.length()
    _ = try head.length()
    let data = try head.address()
    for _ in 0..<used {
      let name = try cursor.length()
      _ = try cursor.take(2 * file.lengthWidth)
      otherFiles.insert(try zeroTerminated(data &+ name))
    }
  }

  private func zeroTerminated(_ address: UInt64) throws -> String {
    var bytes: [UInt8] = []
    while bytes.count < 4096 {
      let byte = try file.bytes(at: address &+ UInt64(bytes.count), 1)[0]
      if byte == 0 { break }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Data Layout (IV.A.2.i): a virtual dataset has its data in other datasets (VII.C).
  private mutating func layout(_ cursor: inout HDF5Cursor) throws {
    let version = try cursor.byte()
    guard version >= 4, try cursor.byte() == 3 else { return }
    let heap = try cursor.address()
    let index = try cursor.number(4)
    guard !file.isUndefined(heap) else { return }
    var block = HDF5Cursor(file, try HDF5GlobalHeap.object(file, at: heap, index).bytes())
    let blockVersion = try block.byte()
    let count = try block.length()
    guard count <= 100_000 else { throw HDF5Problem(reason: "a virtual dataset of \(count) parts") }
    guard blockVersion == 0 else { return virtualNames(block.bytes) }
    // Two selections of varying length follow the names of each entry, so only the first name is read exactly.
    if count > 0 {
      let name = try block.text()
      if name != "." { otherFiles.insert(name) }
      virtualNames(block.bytes)
    }
  }

  /// Adds the strings in a block of mappings that look like paths.
  private mutating func virtualNames(_ bytes: [UInt8]) {
    for piece in bytes.split(separator: 0) where piece.count > 2 && piece.allSatisfy({ (0x20..<0x7F).contains($0) }) {
      let text = String(decoding: piece, as: UTF8.self)
      if text.hasPrefix("../") || text.hasSuffix(".h5") || text.hasSuffix(".hdf5") { otherFiles.insert(text) }
    }
  }
}
