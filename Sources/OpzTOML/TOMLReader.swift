/// Reads TOML 1.0. The library TOMLKit is not used because some malformed documents crash it, and locks come from
/// untrusted sources.
///
/// Depth is bounded, every index is checked, and a duplicate definition is an error.
package struct TOMLReader {
  /// The reason and line of a syntax error.
  package struct Failure: Error {
    /// The first line is 1.
    package let line: Int
    /// Lower case, without the line.
    package let reason: String
  }

  /// A table under construction.
  private final class Table {
    private(set) var members: [String: Node] = [:]
    /// The keys in order of appearance, and the line of each.
    private(set) var keys: [String] = []
    private(set) var lines: [String: Int] = [:]
    let line: Int
    /// Defined by a header or a value, so it must not be defined again.
    var isDefined = false
    /// Defined inline as `{..}`, so it must not be extended.
    var isClosed = false

    init(line: Int) { self.line = line }

    func add(_ key: String, _ node: Node, line: Int) {
      members[key] = node
      keys.append(key)
      lines[key] = line
    }
  }

  private final class Tables { var items: [Table] = [] }

  private enum Node {
    case value(TOMLValue)
    case table(Table)
    case tables(Tables)
  }

  private let bytes: [UInt8]
  private var index = 0
  private var line = 1
  /// Maximum nesting of tables, in any notation: `a.b.c = 1` is three deep. A value may be one key deeper.
  private static let maximumDepth = 128

  private init(_ text: String) { bytes = Array(text.utf8) }

  /// Reads a document.
  /// - Returns: a table.
  package static func read(_ text: String) throws(Failure) -> TOMLValue {
    var reader = TOMLReader(text)
    return try reader.document()
  }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private func at(_ offset: Int) -> UInt8? { index + offset < bytes.count ? bytes[index + offset] : nil }

  private func fail(_ reason: String) -> Failure { Failure(line: line, reason: reason) }

  // MARK: Lines

  private mutating func document() throws(Failure) -> TOMLValue {
    let root = Table(line: 1)
    var current = root
    var depth = 0
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { index = 3 }
    while true {
      try skipLines()
      guard let byte = next else { break }
      if byte == UInt8(ascii: "[") {
        (current, depth) = try header(root)
      } else {
        let keys = try key()
        try expect(UInt8(ascii: "="), "a key without =")
        try assign(try value(depth: depth + keys.count), keys, table: current)
      }
      try endOfLine()
    }
    return TOMLReader.finished(root)
  }

  private static func finished(_ table: Table) -> TOMLValue {
    let members = table.members.mapValues { (node: Node) -> TOMLValue in
      switch node {
      case .value(let value): value
      case .table(let table): finished(table)
      case .tables(let tables): .array(tables.items.map(finished))
      }
    }
    return .table(TOMLTable(members: members, keys: table.keys, lines: table.lines, line: table.line))
  }

  /// - Returns: the table and its depth.
  private mutating func header(_ root: Table) throws(Failure) -> (table: Table, depth: Int) {
    let isArray = at(1) == UInt8(ascii: "[")
    index += isArray ? 2 : 1
    let keys = try key()
    guard next == UInt8(ascii: "]"), !isArray || at(1) == UInt8(ascii: "]") else {
      throw fail("an unterminated header")
    }
    index += isArray ? 2 : 1
    var table = root
    for key in keys.dropLast() { table = try child(of: table, key) }
    let last = keys[keys.count - 1]
    if isArray {
      let new = Table(line: line)
      new.isDefined = true
      switch table.members[last] {
      case nil:
        let tables = Tables()
        tables.items.append(new)
        table.add(last, .tables(tables), line: line)
      case .tables(let tables)?: tables.items.append(new)
      default: throw fail("\(last) is already defined, but not as an array of tables")
      }
      return (new, keys.count)
    }
    switch table.members[last] {
    case nil:
      let new = Table(line: line)
      new.isDefined = true
      table.add(last, .table(new), line: line)
      return (new, keys.count)
    case .table(let old)? where !old.isDefined && !old.isClosed:
      old.isDefined = true
      return (old, keys.count)
    default: throw fail("duplicate \(last)")
    }
  }

  /// The table under a key, created if missing.
  private func child(of table: Table, _ key: String) throws(Failure) -> Table {
    switch table.members[key] {
    case nil:
      let new = Table(line: line)
      table.add(key, .table(new), line: line)
      return new
    case .table(let old)? where !old.isClosed: return old
    case .tables(let tables)?:
      guard let last = tables.items.last else { throw fail("\(key) is empty") }
      return last
    default: throw fail("\(key) is not a table")
    }
  }

  private func assign(_ value: TOMLValue, _ keys: [String], table: Table) throws(Failure) {
    var table = table
    for key in keys.dropLast() {
      table = try child(of: table, key)
      table.isDefined = true
    }
    let last = keys[keys.count - 1]
    guard table.members[last] == nil else { throw fail("duplicate \(last)") }
    table.add(last, .value(value), line: line)
  }

  // MARK: Keys

  private mutating func key() throws(Failure) -> [String] {
    var parts: [String] = []
    repeat {
      if !parts.isEmpty { index += 1 }
      skipSpaces()
      guard parts.count < TOMLReader.maximumDepth else { throw fail("a key with too many parts") }
      parts.append(try keyPart())
      skipSpaces()
    } while next == UInt8(ascii: ".")
    return parts
  }

  private mutating func keyPart() throws(Failure) -> String {
    if next == UInt8(ascii: "\"") { return try basicString() }
    if next == UInt8(ascii: "'") { return try literalString() }
    let start = index
    while let byte = next, TOMLBytes.isLetterOrDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") {
      index += 1
    }
    guard index > start else { throw fail("a key was expected") }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  // MARK: Values

  private mutating func value(depth: Int) throws(Failure) -> TOMLValue {
    guard depth < TOMLReader.maximumDepth else { throw fail("values are nested too deeply") }
    skipSpaces()
    switch next {
    case UInt8(ascii: "\"")?: return .string(try isTriple(UInt8(ascii: "\"")) ? multilineBasic() : basicString())
    case UInt8(ascii: "'")?: return .string(try isTriple(UInt8(ascii: "'")) ? multilineLiteral() : literalString())
    case UInt8(ascii: "[")?: return try array(depth: depth)
    case UInt8(ascii: "{")?: return try inlineTable(depth: depth)
    case nil: throw fail("a value was expected")
    default: return try word()
    }
  }

  private func isTriple(_ quote: UInt8) -> Bool { at(1) == quote && at(2) == quote }

  private mutating func array(depth: Int) throws(Failure) -> TOMLValue {
    index += 1
    var items: [TOMLValue] = []
    while true {
      try skipLines()
      if next == UInt8(ascii: "]") { break }
      items.append(try value(depth: depth + 1))
      try skipLines()
      if next == UInt8(ascii: ",") {
        index += 1
      } else if next != UInt8(ascii: "]") {
        throw fail("an unterminated list")
      }
    }
    index += 1
    return .array(items)
  }

  private mutating func inlineTable(depth: Int) throws(Failure) -> TOMLValue {
    index += 1
    let table = Table(line: line)
    skipSpaces()
    if next == UInt8(ascii: "}") {
      index += 1
      return TOMLReader.finished(table)
    }
    while true {
      let keys = try key()
      try expect(UInt8(ascii: "="), "a key without =")
      try assign(try value(depth: depth + keys.count), keys, table: table)
      skipSpaces()
      if next == UInt8(ascii: "}") { break }
      try expect(UInt8(ascii: ","), "an unterminated table")
      skipSpaces()
    }
    index += 1
    return TOMLReader.finished(table)
  }

  /// Reads a number, boolean or date.
  private mutating func word() throws(Failure) -> TOMLValue {
    let start = index
    func isWord(_ byte: UInt8) -> Bool { TOMLBytes.isLetterOrDigit(byte) || "+-_.:".utf8.contains(byte) }
    while let byte = next, isWord(byte) { index += 1 }
    // A date and a time may be separated by a space.
    if index - start == 10, bytes[start + 4] == UInt8(ascii: "-"), next == UInt8(ascii: " "), let digit = at(1),
      TOMLBytes.isDigit(digit)
    {
      index += 1
      while let byte = next, isWord(byte) { index += 1 }
    }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    guard let value = TOMLScalar.value(text) else { throw fail("\"\(text.prefix(40))\" is not a value") }
    return value
  }

  // MARK: Strings

  private mutating func basicString() throws(Failure) -> String {
    index += 1
    var content: [UInt8] = []
    while let byte = next, byte != UInt8(ascii: "\"") {
      if byte == UInt8(ascii: "\\") {
        try escape(into: &content)
      } else {
        guard byte >= 32 && byte != 127 || byte == 9 else {
          throw fail("a line break or control character in a string")
        }
        content.append(byte)
        index += 1
      }
    }
    guard next != nil else { throw fail("an unterminated string") }
    index += 1
    return String(decoding: content, as: UTF8.self)
  }

  private mutating func literalString() throws(Failure) -> String {
    index += 1
    let start = index
    while let byte = next, byte != UInt8(ascii: "'") {
      guard byte >= 32 && byte != 127 || byte == 9 else { throw fail("a line break or control character in a string") }
      index += 1
    }
    guard next != nil else { throw fail("an unterminated string") }
    index += 1
    return String(decoding: bytes[start..<(index - 1)], as: UTF8.self)
  }

  private mutating func multilineBasic() throws(Failure) -> String {
    try multiline(UInt8(ascii: "\"")) { (reader: inout TOMLReader, content: inout [UInt8]) throws(Failure) in
      // A backslash at the end of a line removes the line break and the whitespace after it.
      var after = 1
      while let byte = reader.at(after), byte == 32 || byte == 9 { after += 1 }
      guard reader.at(after) == 10 || (reader.at(after) == 13 && reader.at(after + 1) == 10) else {
        return try reader.escape(into: &content)
      }
      reader.index += after
      while let byte = reader.next, [32, 9, 10, 13].contains(byte) {
        if byte == 10 { reader.line += 1 }
        reader.index += 1
      }
    }
  }

  private mutating func multilineLiteral() throws(Failure) -> String {
    try multiline(UInt8(ascii: "'")) { (reader: inout TOMLReader, content: inout [UInt8]) throws(Failure) in
      content.append(UInt8(ascii: "\\"))
      reader.index += 1
    }
  }

  private mutating func multiline(
    _ quote: UInt8, backslash: (inout TOMLReader, inout [UInt8]) throws(Failure) -> Void
  ) throws(Failure) -> String {
    index += 3
    if next == 13, at(1) == 10 { index += 1 }
    if next == 10 {
      index += 1
      line += 1
    }
    var content: [UInt8] = []
    while let byte = next {
      if byte == quote, at(1) == quote, at(2) == quote {
        // Up to two quotes may precede the three that end the string.
        var extra = 0
        while extra < 2, at(3 + extra) == quote { extra += 1 }
        content.append(contentsOf: repeatElement(quote, count: extra))
        index += 3 + extra
        return String(decoding: content, as: UTF8.self)
      }
      if byte == UInt8(ascii: "\\") {
        try backslash(&self, &content)
        continue
      }
      guard byte >= 32 && byte != 127 || [9, 10].contains(byte) || byte == 13 && at(1) == 10 else {
        throw fail("a control character in a string")
      }
      if byte == 10 { line += 1 }
      content.append(byte)
      index += 1
    }
    throw fail("an unterminated string")
  }

  private mutating func escape(into content: inout [UInt8]) throws(Failure) {
    let simple: [UInt8: UInt8] = [98: 8, 116: 9, 110: 10, 102: 12, 114: 13, 34: 34, 92: 92]
    guard let kind = at(1) else { throw fail("an unterminated string") }
    if let byte = simple[kind] {
      content.append(byte)
      index += 2
      return
    }
    let count = kind == UInt8(ascii: "u") ? 4 : kind == UInt8(ascii: "U") ? 8 : 0
    guard count > 0, index + 2 + count <= bytes.count else { throw fail("an escape that TOML does not have") }
    let digits = bytes[(index + 2)..<(index + 2 + count)]
    guard digits.allSatisfy({ TOMLBytes.isDigit($0) || (65...70).contains($0) || (97...102).contains($0) }),
      let number = UInt32(String(decoding: digits, as: UTF8.self), radix: 16), let scalar = Unicode.Scalar(number)
    else { throw fail("an escape of a character that does not exist") }
    content.append(contentsOf: Array(String(Character(scalar)).utf8))
    index += 2 + count
  }

  // MARK: Space

  private mutating func skipSpaces() {
    while let byte = next, byte == 32 || byte == 9 { index += 1 }
  }

  /// Skips spaces, line breaks and comments.
  private mutating func skipLines() throws(Failure) {
    while let byte = next {
      if byte == 10 {
        line += 1
        index += 1
      } else if byte == 32 || byte == 9 || byte == 13 && at(1) == 10 {
        index += 1
      } else if byte == UInt8(ascii: "#") {
        try comment()
      } else {
        return
      }
    }
  }

  private mutating func comment() throws(Failure) {
    while let byte = next, byte != 10 {
      guard byte >= 32 && byte != 127 || byte == 9 || byte == 13 && at(1) == 10 else {
        throw fail("a control character in a comment")
      }
      index += 1
    }
  }

  private mutating func endOfLine() throws(Failure) {
    skipSpaces()
    if next == UInt8(ascii: "#") { try comment() }
    if next == 13, at(1) == 10 { index += 1 }
    guard next == nil || next == 10 else { throw fail("extra text after the value") }
  }

  private mutating func expect(_ byte: UInt8, _ reason: String) throws(Failure) {
    skipSpaces()
    guard next == byte else { throw fail(reason) }
    index += 1
  }
}
