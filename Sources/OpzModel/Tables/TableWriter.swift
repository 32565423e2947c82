/// Writes the scores of some rows as CSV.
struct TableWriter: Sendable {
  /// What is written for each row, after the columns that are kept.
  enum Values {
    case tensor(Tensor)
    /// Trees per row.
    case leaves([Int32], Int)

    var width: Int {
      switch self {
      case .tensor(let tensor): tensor.type.width
      case .leaves(_, let trees): trees
      }
    }
  }

  let dialect: CSVDialect
  let keptColumns: Int

  /// The lines of the rows that are not in `refused`.
  func lines(_ parsed: ParsedRows, _ values: Values, refused: [Int: String]) -> [UInt8] {
    var lines: [UInt8] = []
    lines.reserveCapacity(parsed.count * (min(values.width, 1 << 16) + keptColumns) * 12)
    for row in 0..<parsed.count where refused.isEmpty || refused[row] == nil {
      for slot in 0..<keptColumns {
        if slot > 0 { lines.append(dialect.delimiter) }
        write(parsed.kept[row * keptColumns + slot], of: parsed.chunk, to: &lines)
      }
      if keptColumns > 0, values.width > 0 { lines.append(dialect.delimiter) }
      write(values, row, to: &lines)
      lines.append(10)
    }
    return lines
  }

  private func write(_ values: Values, _ row: Int, to lines: inout [UInt8]) {
    let places = (row * values.width)..<((row + 1) * values.width)
    switch values {
    case .leaves(let numbers, _):
      for place in places { write(Int(numbers[place]), place > places.lowerBound, lines: &lines) }
    case .tensor(let tensor):
      switch tensor.storage {
      case .float32(let numbers):
        for place in places { write(numbers[place].description, place > places.lowerBound, lines: &lines) }
      case .float64(let numbers) where tensor.type.element == .integer:
        for place in places {
          guard let whole = Int(exactly: numbers[place]) else {
            write(numbers[place].description, place > places.lowerBound, lines: &lines)
            continue
          }
          write(whole, place > places.lowerBound, lines: &lines)
        }
      case .float64(let numbers):
        for place in places { write(numbers[place].description, place > places.lowerBound, lines: &lines) }
      case .texts(let texts):
        for place in places {
          if place > places.lowerBound { lines.append(dialect.delimiter) }
          dialect.write(texts[place] ?? "", to: &lines)
        }
      }
    }
  }

  @inline(__always)
  private func write(_ number: Int, _ isFurther: Bool, lines: inout [UInt8]) {
    if isFurther { lines.append(dialect.delimiter) }
    var digits = number.magnitude
    if number < 0 { lines.append(UInt8(ascii: "-")) }
    let start = lines.count
    repeat {
      lines.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digits % 10))
      digits /= 10
    } while digits > 0
    lines[start...].reverse()
  }

  /// The shortest text that reads back as the same number.
  @inline(__always)
  private func write(_ number: String, _ isFurther: Bool, lines: inout [UInt8]) {
    if isFurther { lines.append(dialect.delimiter) }
    if dialect.decimal == UInt8(ascii: ".") { return lines.append(contentsOf: number.utf8) }
    for byte in number.utf8 { lines.append(byte == UInt8(ascii: ".") ? dialect.decimal : byte) }
  }

  /// Copies a field, quoted if necessary.
  private func write(_ span: ParsedRows.Span, of chunk: RecordReader.Chunk, to lines: inout [UInt8]) {
    chunk.bytes.withUnsafeBufferPointer { bytes in
      let field = UnsafeBufferPointer(rebasing: bytes[span.start..<span.end])
      guard field.first == dialect.quote else { return dialect.write(field, to: &lines) }
      var content: [UInt8] = []
      var index = 1
      while index < field.count - 1 {
        content.append(field[index])
        index += field[index] == dialect.quote ? 2 : 1
      }
      content.withUnsafeBufferPointer { dialect.write($0, to: &lines) }
    }
  }
}
