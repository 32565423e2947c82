/// The type of a column of an Arrow table, as far as it can be scored or passed over.
enum ArrowType: Sendable, Hashable {
  case integer(bytes: Int, isSigned: Bool)
  case float32, float64, bool, null
  /// Texts with offsets of four or eight bytes.
  case text(offsetBytes: Int)
  /// A type that is passed over: its name, its buffers, and whether it has children.
  case other(String, buffers: Int)

  /// Reads the union `Type` of Schema.fbs.
  /// - Returns: nil for a type whose buffers cannot be counted.
  init?(_ kind: UInt8, _ table: FlatTable?) throws(FlatTable.Damaged) {
    switch kind {
    case 1: self = .null
    case 2:
      let bits: Int32 = try table?.scalar(0, default: 0) ?? 0
      let isSigned: UInt8 = try table?.scalar(1, default: 0) ?? 0
      guard [8, 16, 32, 64].contains(bits) else { throw FlatTable.Damaged() }
      self = .integer(bytes: Int(bits) / 8, isSigned: isSigned != 0)
    case 3:
      let precision: Int16 = try table?.scalar(0, default: 0) ?? 0
      self = precision == 1 ? .float32 : precision == 2 ? .float64 : .other("half float", buffers: 2)
    case 5: self = .text(offsetBytes: 4)
    case 6: self = .bool
    case 20: self = .text(offsetBytes: 8)
    default:
      guard let (name, buffers) = ArrowType.others[kind] else { return nil }
      self = .other(name, buffers: buffers)
    }
  }

  /// Validity and data; offsets too where values have different lengths.
  private static let others: [UInt8: (String, Int)] = [
    4: ("binary", 3), 7: ("decimal", 2), 8: ("date", 2), 9: ("time", 2), 10: ("timestamp", 2), 11: ("interval", 2),
    12: ("list", 2), 13: ("struct", 1), 15: ("fixed-size binary", 2), 16: ("fixed-size list", 1), 17: ("map", 2),
    18: ("duration", 2), 19: ("large binary", 3), 21: ("large list", 2),
  ]

  /// Buffers in a record batch.
  var buffers: Int {
    switch self {
    case .null: 0
    case .integer, .float32, .float64, .bool: 2
    case .text: 3
    case .other(_, let buffers): buffers
    }
  }

  /// Bytes of a number; 0 for other types.
  var size: Int {
    switch self {
    case .integer(let bytes, _): bytes
    case .float32: 4
    case .float64: 8
    case .bool, .null, .text, .other: 0
    }
  }

  var name: String {
    switch self {
    case .integer(let bytes, let isSigned): "\(isSigned ? "" : "u")int\(bytes * 8)"
    case .float32: "float"
    case .float64: "double"
    case .bool: "bool"
    case .null: "null"
    case .text(let bytes): bytes == 4 ? "utf8" : "large_utf8"
    case .other(let name, _): name
    }
  }
}

/// A column of an Arrow table (Schema.fbs, `Field`).
struct ArrowField: Sendable {
  let name: String
  /// Of the values; of a dictionary's values where there is one.
  let type: ArrowType
  /// The dictionary's number, and the type of the indexes that stand in the column.
  let dictionary: (id: Int64, index: ArrowType)?
  let children: [ArrowField]

  /// Types whose buffers cannot be counted, by their numbers in the union `Type`.
  private static let unread: [UInt8: String] = [
    14: "union", 22: "run-end encoded", 23: "binary view", 24: "text view", 25: "list view", 26: "large list view",
  ]

  /// The deepest nesting of columns that are passed over.
  private static let depth = 16

  /// - Throws: `ModelError.badRows` for a type that cannot even be passed over.
  init(_ table: FlatTable, depth: Int = 0) throws {
    name = try table.text(0) ?? ""
    let kind: UInt8 = try table.scalar(2, default: 0)
    guard depth < ArrowField.depth, let type = try ArrowType(kind, table.table(3)) else {
      let name = self.name.prefix(80)
      let type = ArrowField.unread[kind] ?? "nested too deep, or of a number that is none (\(kind))"
      throw ModelError(
        .badRows, "column \(name)", reason: "an Arrow type that opz does not read: \(type)",
        hint: "leave the column out, or cast it: with pyarrow to pa.large_string(), with polars by "
          + "write_ipc(.., compat_level=pl.CompatLevel.oldest())")
    }
    self.type = type
    var children: [ArrowField] = []
    for child in try table.tables(5) { children.append(try ArrowField(child, depth: depth + 1)) }
    self.children = children
    guard let encoding = try table.table(4) else {
      dictionary = nil
      return
    }
    var index = ArrowType.integer(bytes: 4, isSigned: true)
    if let own = try encoding.table(1), let type = try ArrowType(2, own) { index = type }
    dictionary = (try encoding.scalar(0, default: 0), index)
  }
}
