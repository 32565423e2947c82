/// A fractal heap, which stores an object's links and attributes if they are many or large (III.G), and the version 2
/// B-tree that indexes it (III.A.2).
struct HDF5Heap {
  private let file: HDF5File
  private let flagsFiltered: Bool
  private let offsetWidth: Int
  private let sizeWidth: Int
  private let width: UInt64
  private let startSize: UInt64
  private let maximumDirect: UInt64
  private let rootAddress: UInt64
  private let rootRows: UInt64
  private let hugeTree: UInt64
  private let heapBits: UInt64

  init(_ file: HDF5File, at address: UInt64) throws {
    self.file = file
    let (a, l) = (file.addressWidth, file.lengthWidth)
    var cursor = try file.cursor(at: address, 22 + 12 * l + 3 * a)
    try cursor.expect("FRHP")
    _ = try cursor.byte()
    _ = try cursor.number(2)
    flagsFiltered = try cursor.number(2) != 0
    _ = try cursor.byte()
    let maximumManaged = try cursor.number(4)
    _ = try cursor.length()
    hugeTree = try cursor.address()
    _ = try cursor.length()
    _ = try cursor.address()
    for _ in 0..<8 { _ = try cursor.length() }
    width = try cursor.number(2)
    startSize = try cursor.length()
    maximumDirect = try cursor.length()
    heapBits = try cursor.number(2)
    _ = try cursor.number(2)
    rootAddress = try cursor.address()
    rootRows = try cursor.number(2)
    guard !flagsFiltered else { throw HDF5Problem(reason: "attributes or links that are compressed") }
    guard (1...64).contains(heapBits), (1...1024).contains(width), startSize > 0, maximumDirect >= startSize,
      maximumDirect <= 1 << 32, startSize & (startSize - 1) == 0
    else {
      throw HDF5Problem(reason: "a heap of attributes or links with impossible sizes")
    }
    offsetWidth = Int((heapBits + 7) / 8)
    let directBits = 63 - maximumDirect.leadingZeroBitCount
    sizeWidth = min((directBits + 7) / 8, HDF5Heap.encoded(maximumManaged))
  }

  /// How many bytes a number up to `limit` takes.
  private static func encoded(_ limit: UInt64) -> Int { limit == 0 ? 1 : (63 - limit.leadingZeroBitCount) / 8 + 1 }

  /// The object with a heap ID.
  func object(_ id: [UInt8]) throws -> [UInt8] {
    var cursor = HDF5Cursor(file, id)
    let first = try cursor.byte()
    switch first >> 4 & 3 {
    case 0:
      let offset = try cursor.number(offsetWidth)
      let size = try cursor.number(sizeWidth)
      return try managed(offset, size)
    case 1: return try huge(cursor)
    default:
      let size = Int(first & 0xF) + 1
      return try cursor.take(size)
    }
  }

  private func huge(_ cursor: HDF5Cursor) throws -> [UInt8] {
    var cursor = cursor
    if cursor.remaining >= file.addressWidth + file.lengthWidth {
      let address = try cursor.address()
      return try content(address, try cursor.length())
    }
    let id = try cursor.number(min(cursor.remaining, 8))
    for record in try HDF5BTree.records(file, at: hugeTree) {
      var fields = HDF5Cursor(file, record)
      let address = try fields.address()
      let size = try fields.length()
      if try fields.length() == id { return try content(address, size) }
    }
    throw HDF5Problem(reason: "an attribute that does not exist")
  }

  private func content(_ address: UInt64, _ size: UInt64) throws -> [UInt8] {
    guard size <= 64 << 20 else { throw HDF5Problem(reason: "an attribute of \(size) bytes") }
    return try file.blob(at: address, size).bytes()
  }

  // MARK: Managed objects

  /// Blocks are in rows of `width`. In the first two rows they have the start size; after that it doubles with each
  /// row.
  private func blockSize(_ row: UInt64) -> UInt64? {
    guard row > 1 else { return startSize }
    guard row - 1 < 40 else { return nil }
    let (size, overflow) = startSize.multipliedReportingOverflow(by: 1 << (row - 1))
    return overflow ? nil : size
  }

  private func managed(_ offset: UInt64, _ size: UInt64) throws -> [UInt8] {
    guard size <= maximumDirect else { throw HDF5Problem(reason: "an object that is larger than its block") }
    if rootRows == 0 { return try inBlock(rootAddress, offset, size: size, blockSize: startSize) }
    var (address, rows, inside) = (rootAddress, rootRows, offset)
    // Each level has fewer rows than the one above.
    for _ in 0..<64 {
      var before: UInt64 = 0
      var place: (row: UInt64, column: UInt64, size: UInt64, start: UInt64)?
      for row in 0..<min(rows, 64) {
        guard let size = blockSize(row) else { break }
        let (rowSize, overflow) = size.multipliedReportingOverflow(by: width)
        guard !overflow else { break }
        if inside - before < rowSize {
          let column = (inside - before) / size
          place = (row, column, size, before + column * size)
          break
        }
        before &+= rowSize
      }
      guard let place else { throw HDF5Problem(reason: "an object outside of its heap") }
      let index = place.row * width + place.column
      let header = UInt64(5 + file.addressWidth + offsetWidth)
      let entry = address &+ header &+ index &* UInt64(file.addressWidth)
      var cursor = try file.cursor(at: entry, file.addressWidth)
      let child = try cursor.address()
      guard !file.isUndefined(child) else { throw HDF5Problem(reason: "an object in a block that does not exist") }
      inside -= place.start
      if place.size <= maximumDirect { return try inBlock(child, inside, size: size, blockSize: place.size) }
      address = child
      rows = UInt64(63 - place.size.leadingZeroBitCount) - UInt64(63 - (startSize * width).leadingZeroBitCount) + 1
    }
    throw HDF5Problem(reason: "a heap that is too deep")
  }

  /// Offsets include the block's own header.
  private func inBlock(_ address: UInt64, _ offset: UInt64, size: UInt64, blockSize: UInt64) throws -> [UInt8] {
    guard offset < blockSize, size <= blockSize - offset, size <= 1 << 20 else {
      throw HDF5Problem(reason: "an object outside of its block")
    }
    return try file.bytes(at: address &+ offset, Int(size))
  }
}

/// Reads all records of a version 2 B-tree.
enum HDF5BTree {
  private static let maximumCount = 200_000

  static func records(_ file: HDF5File, at address: UInt64) throws -> [[UInt8]] {
    guard !file.isUndefined(address) else { return [] }
    var head = try file.cursor(at: address, 18 + file.addressWidth)
    try head.expect("BTHD")
    _ = try head.take(2)
    let nodeSize = try head.number(4)
    let recordSize = try head.number(2)
    let depth = try head.number(2)
    _ = try head.take(2)
    let root = try head.address()
    let count = try head.number(2)
    guard nodeSize >= 32, nodeSize <= 1 << 20, recordSize > 0, recordSize < nodeSize - 10, depth <= 16 else {
      throw HDF5Problem(reason: "a B-tree with impossible sizes")
    }
    let shape = Shape(nodeSize: nodeSize, recordSize: recordSize, depth: Int(depth), addressWidth: file.addressWidth)
    var waiting: [(address: UInt64, count: UInt64, depth: Int)] = [(root, count, Int(depth))]
    var found: [[UInt8]] = []
    var seen: Set<UInt64> = []
    while let node = waiting.popLast() {
      guard !file.isUndefined(node.address) else { continue }
      guard seen.insert(node.address).inserted else { throw HDF5Problem(reason: "a B-tree with a cycle") }
      var cursor = try file.cursor(at: node.address, Int(nodeSize))
      try cursor.expect(node.depth == 0 ? "BTLF" : "BTIN")
      _ = try cursor.take(2)
      for _ in 0..<node.count {
        found.append(try cursor.take(Int(recordSize)))
        guard found.count <= maximumCount else {
          throw HDF5Problem(reason: "more than \(maximumCount) attributes or links")
        }
      }
      guard node.depth > 0 else { continue }
      for _ in 0...node.count {
        let child = try cursor.address()
        let count = try cursor.number(shape.countWidth)
        _ = try cursor.take(shape.totalWidth(node.depth))
        waiting.append((child, count, node.depth - 1))
      }
    }
    return found
  }

  /// The widths of the counts in a node's pointers: each is just wide enough for the largest possible count.
  private struct Shape {
    let countWidth: Int
    private let totals: [Int]

    init(nodeSize: UInt64, recordSize: UInt64, depth: Int, addressWidth: Int) {
      let leaf = (nodeSize - 10) / recordSize
      countWidth = Shape.encoded(leaf)
      var totals = [0]
      var total = leaf
      for level in stride(from: 1, through: depth, by: 1) {
        let pointer = UInt64(addressWidth + countWidth + totals[level - 1])
        let most = nodeSize > 10 + pointer ? (nodeSize - 10 - pointer) / (recordSize + pointer) : 0
        let (product, overflow) = (most + 1).multipliedReportingOverflow(by: total)
        total = overflow ? .max : product.addingReportingOverflow(most).partialValue
        totals.append(Shape.encoded(total))
      }
      self.totals = totals
    }

    /// Width of the total count in a node's pointer: 0 if its children are leaves.
    func totalWidth(_ depth: Int) -> Int { depth > 1 ? totals[depth - 1] : 0 }

    private static func encoded(_ limit: UInt64) -> Int { limit == 0 ? 1 : (63 - limit.leadingZeroBitCount) / 8 + 1 }
  }
}
