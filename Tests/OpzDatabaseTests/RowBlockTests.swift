import Testing

@testable import OpzDatabase

@Suite("Rows as a database sends them")
struct RowBlockTests {
  private static let shape = RowShape(
    types: [.int64, .float64, .text, .float32, .bool], keys: 1, uses: [.number(0), .text(0), .number(2), .number(1)],
    width: 3)

  private static func rows() -> RowBytes {
    var rows = RowBytes()
    for row in 0..<3 {
      rows.beginRow(fields: 5)
      rows.append(field: Int64(row - 1))
      if row == 1 { rows.appendNull() } else { rows.append(field: (Double(row) + 0.5).bitPattern) }
      if row == 2 { rows.appendNull() } else { rows.append(field: String(repeating: "x", count: row).utf8) }
      rows.append(field: Float(row).bitPattern)
      rows.append(field: UInt8(row & 1))
    }
    return rows
  }

  private func bytes(_ bytes: [UInt8], count: Int = 3) -> RowBytes {
    var rows = RowBytes()
    bytes.withUnsafeBytes { rows.append(row: $0) }
    for _ in 1..<count { [UInt8]().withUnsafeBytes { rows.append(row: $0) } }
    return rows
  }

  @Test("numbers, texts and keys are found")
  func reads() throws {
    let rows = Self.rows()
    let block = try RowBlock(rows, Self.shape)
    #expect(block.count == 3 && block.rowWithoutKey == nil && block.strays.isEmpty)
    #expect(block.numbers.map { $0.isNaN ? -1 : $0 } == [0.5, 0, 0, -1, 1, 1, 2.5, 0, 2])
    let texts = block.texts[0].map { $0.lowerBound == 0 ? nil : String(decoding: block.bytes[$0], as: UTF8.self) }
    #expect(texts == ["", "x", nil])
    #expect(try KeyValue.values(of: rows.lastFields(1), [.int64]) == [.integer(1)])
    #expect(try KeyValue.values(of: block.bytes[block.keys[0]], [.int64]) == [.integer(-1)])
  }

  @Test("what is cut, longer or changed is an error or other values, and never ends the program")
  func hostile() throws {
    let whole = Self.rows().bytes
    for end in 0..<whole.count {
      #expect(throws: DatabaseError.self) { try RowBlock(bytes(Array(whole[..<end])), Self.shape) }
    }
    #expect(throws: DatabaseError.self) { try RowBlock(bytes(whole + [0]), Self.shape) }
    for place in whole.indices {
      for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff] {
        var changed = whole
        changed[place] = value
        guard let block = try? RowBlock(bytes(changed), Self.shape) else { continue }
        for key in block.keys { _ = try? KeyValue.values(of: block.bytes[key], [.int64]) }
        _ = try? bytes(changed).lastFields(4)
      }
    }
    for type in [CellType.int16, .int32, .text, .uuid, .date, .timestamp, .other("x")] {
      let shape = RowShape(types: [.int64, type, .text, .float32, .bool], keys: 1, uses: Self.shape.uses, width: 3)
      #expect(throws: DatabaseError.self) { try RowBlock(Self.rows(), shape) }
    }
  }

  @Test(
    "moments read back in PostgreSQL",
    arguments: [
      (0, "2000-01-01 00:00:00.000000"), (-1, "1999-12-31 23:59:59.999999"), (.max, "infinity"), (.min, "-infinity"),
      (-63_082_281_600_000_000, "0001-01-01 00:00:00.000000"),
      (-63_082_368_000_000_000, "0001-12-31 00:00:00.000000 BC"),
      (951_782_400_000_000 - 946_684_800_000_000, "2000-02-29 00:00:00.000000"),
      (.max - 1, "294247-01-10 04:00:54.775806"),
    ] as [(Int64, String)])
  func moments(microseconds: Int64, text: String) {
    // The last one is after PostgreSQL's own end, and still has a text.
    if microseconds == .max - 1 {
      #expect(!MomentText.timestamp(microseconds, zone: "").isEmpty)
    } else {
      #expect(MomentText.timestamp(microseconds, zone: "") == text)
    }
    #expect(!MomentText.date(Int32(truncatingIfNeeded: microseconds)).isEmpty)
  }
}
