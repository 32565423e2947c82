/// The values of a JSON text in their order, unconverted: the data behind `JSONView`.
struct JSONTape {
  /// A value or a key. The keys and values of an object alternate.
  struct Node {
    enum Kind: UInt8 {
      case null, no, yes, integer, number, text, escapedText, array, object
    }

    let kind: Kind
    /// The byte range of the value; for a text the range inside the quotes.
    var start: UInt32
    var end: UInt32
    /// The index of the node after this one and everything in it.
    var next: UInt32

    var range: Range<Int> { Int(start)..<Int(end) }
  }

  private var tokens: JSONTokenizer
  private(set) var nodes: ContiguousArray<Node> = []

  /// Parses a whole document.
  init(_ bytes: UnsafeBufferPointer<UInt8>, _ options: JSONOptions) throws(JSONFailure) {
    tokens = JSONTokenizer(bytes, options)
    try tokens.checkStart()
    nodes.reserveCapacity(bytes.count / 12 + 8)
    try value(0)
    try tokens.expectEnd()
  }

  private mutating func add(_ kind: Node.Kind, _ range: Range<Int>) {
    nodes.append(
      Node(
        kind: kind, start: UInt32(truncatingIfNeeded: range.lowerBound),
        end: UInt32(truncatingIfNeeded: range.upperBound),
        next: UInt32(truncatingIfNeeded: nodes.count + 1)))
  }

  private mutating func close(_ index: Int) {
    nodes[index].end = UInt32(truncatingIfNeeded: tokens.position)
    nodes[index].next = UInt32(truncatingIfNeeded: nodes.count)
  }

  private mutating func value(_ depth: Int) throws(JSONFailure) {
    tokens.skipSpace()
    guard nodes.count < tokens.options.valueCount else {
      throw tokens.failure(.tooLarge, "more than \(tokens.options.valueCount) values")
    }
    switch tokens.byte {
    case UInt8(ascii: "\""): add(try tokens.text())
    case UInt8(ascii: "{"): try object(depth + 1)
    case UInt8(ascii: "["): try array(depth + 1)
    case UInt8(ascii: "t"): try word("true", .yes)
    case UInt8(ascii: "f"): try word("false", .no)
    case UInt8(ascii: "n"): try word("null", .null)
    default: try number()
    }
  }

  private mutating func add(_ text: JSONTokenizer.Text) {
    add(text.isEscaped ? .escapedText : .text, text.range)
  }

  private mutating func word(_ word: StaticString, _ kind: Node.Kind) throws(JSONFailure) {
    let start = tokens.position
    guard tokens.take(word: word) else { throw tokens.wrong("a value") }
    add(kind, start..<tokens.position)
  }

  private mutating func number() throws(JSONFailure) {
    let start = tokens.position
    // As a value, NaN or an infinity becomes null, because JSON cannot represent it; a cursor can read the number.
    if tokens.nonFinite() != nil { return add(.null, start..<tokens.position) }
    let number = try tokens.number()
    if number.isInteger, number.integer(in: tokens.bytes) != nil { return add(.integer, number.range) }
    guard number.double(in: tokens.bytes).isFinite else {
      throw JSONFailure(.tooLarge, at: number.range.lowerBound, "a number that is too large")
    }
    add(.number, number.range)
  }

  private func checkDepth(_ depth: Int) throws(JSONFailure) {
    guard depth <= tokens.options.depth else {
      throw tokens.failure(.tooDeep, "nested deeper than \(tokens.options.depth)")
    }
  }

  private mutating func array(_ depth: Int) throws(JSONFailure) {
    try checkDepth(depth)
    let index = nodes.count
    add(.array, tokens.position..<tokens.position)
    tokens.position += 1
    if !tokens.take(UInt8(ascii: "]")) {
      repeat { try value(depth) } while tokens.take(UInt8(ascii: ","))
      guard tokens.take(UInt8(ascii: "]")) else { throw tokens.wrong("\",\" or \"]\"") }
    }
    close(index)
  }

  private mutating func object(_ depth: Int) throws(JSONFailure) {
    try checkDepth(depth)
    let index = nodes.count
    add(.object, tokens.position..<tokens.position)
    tokens.position += 1
    guard !tokens.take(UInt8(ascii: "}")) else { return close(index) }
    var count = 0
    var isPlain = true
    repeat {
      tokens.skipSpace()
      guard tokens.byte == UInt8(ascii: "\"") else { throw tokens.wrong("a key") }
      let key = try tokens.text()
      isPlain = isPlain && key.isPlain && count < JSONTape.few
      if isPlain { try checkIsNew(key, in: index) }
      add(key)
      guard tokens.take(UInt8(ascii: ":")) else { throw tokens.wrong("\":\"") }
      try value(depth)
      count += 1
      guard count <= tokens.options.memberCount else {
        throw tokens.failure(.tooLarge, "more than \(tokens.options.memberCount) keys in an object")
      }
    } while tokens.take(UInt8(ascii: ","))
    guard tokens.take(UInt8(ascii: "}")) else { throw tokens.wrong("\",\" or \"}\"") }
    close(index)
    if !isPlain { try checkDistinct(index) }
  }

  /// Up to this many keys of an object are compared one by one; with more, a set finds duplicates at the end.
  private static let few = 24

  private func checkIsNew(_ key: JSONTokenizer.Text, in object: Int) throws(JSONFailure) {
    var index = object + 1
    while index < nodes.count {
      if KeySet.isSame(tokens.bytes, nodes[index].range, other: key.range) {
        throw twice(key.range.lowerBound, tokens.string(key))
      }
      index = Int(nodes[index + 1].next)
    }
  }

  /// Canonically equivalent texts are equal in Swift and different elsewhere; Swift's equality decides here.
  private func checkDistinct(_ object: Int) throws(JSONFailure) {
    var seen: Set<String> = []
    var index = object + 1
    while index < Int(nodes[object].next) {
      let key = JSONTape.string(nodes[index], tokens.bytes)
      guard seen.insert(key).inserted else { throw twice(Int(nodes[index].start), key) }
      index = Int(nodes[index + 1].next)
    }
  }

  private func twice(_ offset: Int, _ key: String) -> JSONFailure {
    JSONFailure(.ambiguous, at: offset, "duplicate key \"\(key.prefix(100))\"")
  }

  static func string(_ node: Node, _ bytes: UnsafeBufferPointer<UInt8>) -> String {
    guard node.kind == .escapedText else { return String(decoding: bytes[node.range], as: UTF8.self) }
    return JSONTokenizer.unescaped(bytes, node.range)
  }
}
