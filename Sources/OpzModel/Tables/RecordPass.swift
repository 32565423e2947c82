/// One way through a piece of a table, from record to record.
struct RecordPass {
  let parser: RecordParser
  let steps: UnsafeBufferPointer<RecordParser.Step>
  let base: UnsafePointer<UInt8>
  let end: UnsafePointer<UInt8>
  var parsed: ParsedRows
  /// The content of a field in which quotes are doubled; whoever makes a pass frees it.
  var scratch: UnsafeMutableBufferPointer<UInt8>?

  /// - Parameters:
  ///   - matrix: room for `room` rows of `width` elements.
  mutating func run<Element: BinaryFloatingPoint>(
    _ matrix: UnsafeMutablePointer<Element>, _ width: Int, room: Int
  ) {
    let kept = parser.columns.kept.count
    parsed.starts.reserveCapacity(room)
    parsed.kept.reserveCapacity(room * kept)
    var next = base
    while next < end, parsed.count < room {
      if next[0] == 10 || (next[0] == 13 && next[1] == 10) {
        next += 1
        continue
      }
      let start = next
      do {
        if kept > 0 { parsed.kept.append(contentsOf: repeatElement(ParsedRows.Span(), count: kept)) }
        next = try record(start, matrix + parsed.count * width)
        parsed.starts.append(start - base)
      } catch {
        parsed.dropUnfinishedRow(kept)
        let rest = UnsafeBufferPointer(start: start, count: end - start)
        let length = CSVCursor.firstEnd(rest, parser.dialect)
        parsed.problems.append(problem(error, start))
        guard !parser.stopsAtProblem else { return }
        next = start + length
      }
    }
  }

  /// Parses a record and returns where the next one begins.
  @inline(__always)
  private mutating func record<Element: BinaryFloatingPoint>(
    _ start: UnsafePointer<UInt8>, _ row: UnsafeMutablePointer<Element>
  ) throws(ParsedRows.Failed) -> UnsafePointer<UInt8> {
    var next = start
    var index = 0
    while true {
      let step = steps[index]
      let begin = next
      next = try field(begin, index, row: row)
      if step.kept >= 0 {
        parsed.kept[parsed.kept.count - parser.columns.kept.count + step.kept] = ParsedRows.Span(
          start: begin - base, end: next - base)
      }
      index += 1
      if next[0] == parser.dialect.delimiter, index < steps.count {
        next += 1
        continue
      }
      if next[0] == 13 { next += 1 }
      guard next[0] == 10, index == steps.count else { throw ParsedRows.Failed(step: index, problem: nil) }
      return next + 1
    }
  }

  /// Whether a field that has no quotes ends here.
  @inline(__always)
  private func isEnd(_ place: UnsafePointer<UInt8>) -> Bool {
    place[0] == parser.dialect.delimiter || place[0] == 10 || (place[0] == 13 && place[1] == 10)
  }

  /// Parses a field and returns where it ends.
  @inline(__always)
  private mutating func field<Element: BinaryFloatingPoint>(
    _ begin: UnsafePointer<UInt8>, _ index: Int, row: UnsafeMutablePointer<Element>
  ) throws(ParsedRows.Failed) -> UnsafePointer<UInt8> {
    let step = steps[index]
    if step.action == .float32 || step.action == .float64 {
      var value = 0.0
      let next = parser.decimals.read(begin, into: &value)
      if next != begin, isEnd(next), parser.missing.isEmpty || !isMissing(begin, next) {
        if step.action == .float32 { value = Double(Float(value)) }
        if value.isFinite {
          row[step.input] = Element(value)
          return next
        }
      }
    }
    return try slow(begin, index, row: row)
  }

  private func isMissing(_ begin: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Bool {
    parser.missing.contains { $0.elementsEqual(UnsafeBufferPointer(start: begin, count: end - begin)) }
  }

  @inline(never)
  private mutating func slow<Element: BinaryFloatingPoint>(
    _ begin: UnsafePointer<UInt8>, _ index: Int, row: UnsafeMutablePointer<Element>
  ) throws(ParsedRows.Failed) -> UnsafePointer<UInt8> {
    let step = steps[index]
    do {
      if begin < end, begin[0] == parser.dialect.quote {
        let (content, next) = try quoted(begin)
        try cell(content, step, row: row)
        return next
      }
      var next = begin
      while next[0] != parser.dialect.delimiter, next[0] != 10 { next += 1 }
      if next > begin, next[0] == 10, next[-1] == 13 { next -= 1 }
      try cell(UnsafeBufferPointer(start: begin, count: next - begin), step, row: row)
      return next
    } catch { throw ParsedRows.Failed(step: index, problem: error) }
  }

  /// The content of a quoted field, and where the field ends.
  private mutating func quoted(
    _ begin: UnsafePointer<UInt8>
  ) throws(CellProblem) -> (content: UnsafeBufferPointer<UInt8>, end: UnsafePointer<UInt8>) {
    let quote = parser.dialect.quote
    var next = begin + 1
    var doubled = 0
    while true {
      while next < end, next[0] != quote { next += 1 }
      guard next < end else { throw CellProblem("a quote is not closed") }
      next += 1
      guard next < end, next[0] == quote else { break }
      doubled += 1
      next += 1
    }
    guard isEnd(next) else { throw CellProblem("text follows a closing quote") }
    let content = UnsafeBufferPointer(start: begin + 1, count: next - begin - 2)
    return (doubled == 0 ? content : unescaped(content), next)
  }

  private mutating func unescaped(_ content: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    let space = scratch ?? .allocate(capacity: end - base + RecordReader.padding)
    scratch = space
    let quote = parser.dialect.quote
    var (from, to) = (0, 0)
    while from < content.count {
      space.initializeElement(at: to, to: content[from])
      from += content[from] == quote ? 2 : 1
      to += 1
    }
    for index in to..<(to + RecordReader.padding) { space.initializeElement(at: index, to: 10) }
    return UnsafeBufferPointer(rebasing: space[..<to])
  }

  /// Stores a cell.
  private mutating func cell<Element: BinaryFloatingPoint>(
    _ content: UnsafeBufferPointer<UInt8>, _ step: RecordParser.Step, row: UnsafeMutablePointer<Element>
  ) throws(CellProblem) {
    guard step.action != .skip else { return }
    let isMissing = content.isEmpty || parser.missing.contains { $0.elementsEqual(content) }
    guard step.action == .text else {
      row[step.input] =
        isMissing ? .nan : Element(try parser.encoder.encode(content, step.input, decimals: parser.decimals))
      return
    }
    row[step.input] = .nan
    guard !isMissing else { return parsed.texts[step.text].append(nil) }
    guard let text = String(validating: content, as: UTF8.self) else { throw CellProblem("text that is not UTF-8") }
    parsed.texts[step.text].append(text)
  }

  // MARK: Bad rows

  private func problem(
    _ failed: ParsedRows.Failed, _ start: UnsafePointer<UInt8>
  ) -> ParsedRows.Problem {
    let found = fieldCount(start)
    if let found, found != steps.count {
      let wanted = parser.columns.hasHeader ? "the header" : "the first record"
      return ParsedRows.Problem(
        start: start - base, reason: "\(found) fields where \(wanted) has \(steps.count)", column: nil, hint: nil)
    }
    let name = found == nil ? nil : parser.columns.inputName(ofField: failed.step)
    return ParsedRows.Problem(
      start: start - base, reason: failed.problem?.reason ?? "it is not a record", column: name,
      hint: failed.problem?.hint)
  }

  /// How many fields a record has; nil if its quotes are wrong.
  private func fieldCount(_ start: UnsafePointer<UInt8>) -> Int? {
    var copy = self
    copy.scratch = nil
    defer { copy.scratch?.deallocate() }
    var next = start
    var count = 1
    while true {
      if next < end, next[0] == parser.dialect.quote {
        guard let field = try? copy.quoted(next) else { return nil }
        next = field.end
      } else {
        while next[0] != parser.dialect.delimiter, next[0] != 10 { next += 1 }
      }
      guard next < end, next[0] == parser.dialect.delimiter else { return count }
      next += 1
      count += 1
    }
  }
}
