/// What each column of rows is read as.
public struct RowShape: Sendable {
  /// What a column is read as.
  public enum Use: Sendable, Hashable {
    /// A number of the matrix, by its column there; NULL is NaN.
    case number(Int)
    /// A text, by its place among the columns of texts.
    case text(Int)
  }

  /// The types of all columns: first the keys, then those of `uses`.
  public let types: [CellType]
  public let keys: Int
  public let uses: [Use]
  /// Columns of the matrix.
  public let width: Int
  /// Columns of texts.
  public let texts: Int

  /// Describes rows.
  public init(types: [CellType], keys: Int, uses: [Use], width: Int) {
    self.types = types
    self.keys = keys
    self.uses = uses
    self.width = width
    texts = uses.reduce(0) { if case .text = $1 { $0 + 1 } else { $0 } }
  }
}

/// Rows that were read: numbers in a matrix, texts and keys where they are in the rows' own bytes.
public struct RowBlock: Sendable {
  /// A text where a number was to be: SQLite's columns have no types.
  public struct Stray: Sendable {
    public let row: Int
    /// The column of the matrix.
    public let column: Int
    public let text: String
  }

  public let count: Int
  /// The rows' bytes, and some zeros.
  public let bytes: [UInt8]
  /// `count` x `RowShape.width` numbers, row by row.
  public private(set) var numbers: [Double]
  /// For each column of texts `count` places in `bytes`; an empty place at 0 is NULL.
  public private(set) var texts: [[Range<Int>]]
  /// The key fields of each row in `bytes`, lengths included.
  public private(set) var keys: [Range<Int>] = []
  /// The first row with a key that is NULL.
  public private(set) var rowWithoutKey: Int?
  public private(set) var strays: [Stray] = []

  /// Zeros behind the rows.
  public static let padding = 16

  /// Reads rows.
  /// - Throws: `DatabaseError.damaged` for rows of another shape.
  public init(_ rows: RowBytes, _ shape: RowShape) throws {
    count = rows.count
    var padded = rows.bytes
    padded.append(contentsOf: repeatElement(0, count: RowBlock.padding))
    bytes = padded
    numbers = Array(repeating: .nan, count: rows.count * shape.width)
    texts = Array(repeating: [], count: shape.texts)
    keys.reserveCapacity(rows.count)
    for index in texts.indices { texts[index].reserveCapacity(rows.count) }
    let end = rows.bytes.count
    try padded.withUnsafeBytes { space in
      var cursor = CellCursor(UnsafeRawBufferPointer(rebasing: space[..<end]))
      for row in 0..<rows.count { try read(row, &cursor, as: shape) }
      guard cursor.isAtEnd else { throw CellCursor.damaged() }
    }
  }

  private mutating func read(_ row: Int, _ cursor: inout CellCursor, as shape: RowShape) throws {
    guard try cursor.beginRow() == shape.types.count else { throw CellCursor.damaged() }
    let start = cursor.place
    for _ in 0..<shape.keys {
      if try cursor.cell() == nil { rowWithoutKey = rowWithoutKey ?? row }
    }
    keys.append(start..<cursor.place)
    let base = row * shape.width
    for (index, use) in shape.uses.enumerated() {
      guard let cell = try cursor.cell() else {
        if case .text(let column) = use { texts[column].append(0..<0) }
        continue
      }
      let type = shape.types[shape.keys + index]
      switch use {
      case .number(let column):
        if let number = try RowBlock.number(cell, type, in: cursor) {
          numbers[base + column] = number
        } else {
          let text = cursor.bytes(cell).dropFirst().prefix(1000)
          strays.append(Stray(row: row, column: column, text: String(decoding: text, as: UTF8.self)))
        }
      case .text(let column): texts[column].append(try text(cell, type))
      }
    }
  }

  /// Nil for a text.
  @inline(__always)
  private static func number(_ cell: Range<Int>, _ type: CellType, in cursor: CellCursor) throws -> Double? {
    switch type {
    case .float64: return Double(bitPattern: try cursor.integer(cell, UInt64.self))
    case .float32: return Double(Float(bitPattern: try cursor.integer(cell, UInt32.self)))
    case .int64: return Double(try cursor.integer(cell, Int64.self))
    case .int32: return Double(try cursor.integer(cell, Int32.self))
    case .int16: return Double(try cursor.integer(cell, Int16.self))
    case .bool: return try cursor.integer(cell, UInt8.self) == 0 ? 0 : 1
    case .any:
      guard !cell.isEmpty else { throw CellCursor.damaged() }
      let rest = cell.dropFirst()
      switch try cursor.integer(cell.prefix(1), UInt8.self) {
      case AnyCell.integer: return Double(try cursor.integer(rest, Int64.self))
      case AnyCell.float: return Double(bitPattern: try cursor.integer(rest, UInt64.self))
      default: return nil
      }
    case .text, .uuid, .date, .timestamp, .timestampTZ, .moment, .other: throw CellCursor.damaged()
    }
  }

  private func text(_ cell: Range<Int>, _ type: CellType) throws -> Range<Int> {
    guard type == .text else { throw CellCursor.damaged() }
    return cell
  }
}
