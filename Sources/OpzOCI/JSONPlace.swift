package import OpzIO

/// A value in a JSON text that is read in place: nothing is made of it but what is asked for.
///
/// A search without a cache and an audit read hundreds of thousands of small documents, and to make a dictionary of each object takes most of
/// their time. It refuses what `JSONValue(plain:)` refuses. A place is of use only inside of the closure that `read` gives it to.
package struct JSONPlace {
  /// Values in the order of the text; the members of an object are its keys and values by turns.
  fileprivate struct Node {
    enum Kind: UInt8 {
      case null, no, yes, integer, number, text, escapedText, array, object
    }

    let kind: Kind
    /// Of its bytes; of a text those inside the quotes.
    var start: UInt32
    var end: UInt32
    /// The index of the node after it and all in it.
    var next: UInt32
  }

  fileprivate let bytes: UnsafeBufferPointer<UInt8>
  fileprivate let nodes: UnsafeBufferPointer<Node>
  fileprivate let index: Int

  /// Reads a whole text, and gives `body` its value.
  /// - Returns: nil too for anything that two readers might take differently.
  package static func read<Value>(_ bytes: [UInt8], _ body: (JSONPlace) -> Value?) -> Value? {
    guard bytes.count < Int32.max else { return nil }
    return bytes.withUnsafeBufferPointer { bytes in
      var reader = JSONTapeReader(bytes)
      guard reader.readAll() else { return nil }
      return reader.nodes.withUnsafeBufferPointer { body(JSONPlace(bytes: bytes, nodes: $0, index: 0)) }
    }
  }

  private var node: Node { nodes[index] }

  private func at(_ index: Int) -> JSONPlace { JSONPlace(bytes: bytes, nodes: nodes, index: index) }

  private var raw: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: bytes[Int(node.start)..<Int(node.end)])
  }

  /// The value of a member; nil where there is none, where it is null, or where this is no object.
  package subscript(key: StaticString) -> JSONPlace? {
    guard node.kind == .object else { return nil }
    var index = self.index + 1
    while index < Int(node.next) {
      if at(index).isText(key) { return nodes[index + 1].kind == .null ? nil : at(index + 1) }
      index = Int(nodes[index + 1].next)
    }
    return nil
  }

  /// Whether it is a text of these characters. Keys with escapes are refused when they are read.
  package func isText(_ text: StaticString) -> Bool {
    let raw = raw
    guard node.kind == .text, raw.count == text.utf8CodeUnitCount else { return false }
    for offset in raw.indices where raw[offset] != text.utf8Start[offset] { return false }
    return true
  }

  package var string: String? {
    switch node.kind {
    case .text: String(decoding: raw, as: UTF8.self)
    case .escapedText: JSONTapeReader.unescaped(bytes, node.start)
    default: nil
    }
  }

  package var integer: Int64? {
    node.kind == .integer ? JSONTapeReader.integer(raw) : nil
  }

  package var bool: Bool? {
    switch node.kind {
    case .yes: true
    case .no: false
    default: nil
    }
  }

  package var digest: Digest? {
    guard node.kind == .text else { return nil }
    return Digest(sha256Text: raw) ?? string.flatMap { Digest($0) }
  }

  /// The values of a list; nil where this is none.
  package func map<Value>(_ make: (JSONPlace) -> Value) -> [Value]? {
    guard node.kind == .array else { return nil }
    var values: [Value] = []
    var index = self.index + 1
    while index < Int(node.next) {
      values.append(make(at(index)))
      index = Int(nodes[index].next)
    }
    return values
  }

  /// The members of an object, null ones too; nil where this is none.
  package var members: [(key: String, value: JSONPlace)]? {
    guard node.kind == .object else { return nil }
    var members: [(String, JSONPlace)] = []
    var index = self.index + 1
    while index < Int(node.next) {
      members.append((at(index).string ?? "", at(index + 1)))
      index = Int(nodes[index + 1].next)
    }
    return members
  }

  /// The items of a list that has texts only.
  package var textList: [String]? {
    guard let texts = map(\.string) else { return nil }
    let found = texts.compactMap(\.self)
    return found.count == texts.count ? found : nil
  }

  /// The members of an object that has texts only.
  package var texts: [String: String]? {
    guard let members else { return nil }
    var texts: [String: String] = [:]
    for (key, value) in members {
      guard let text = value.string else { return nil }
      texts[key] = text
    }
    return texts
  }

  /// The value and all in it.
  package var value: JSONValue {
    switch node.kind {
    case .null: .null
    case .no: .bool(false)
    case .yes: .bool(true)
    case .integer: .integer(integer ?? 0)
    case .number: .number(Double(String(decoding: raw, as: UTF8.self)) ?? 0)
    case .text, .escapedText: .string(string ?? "")
    case .array: .array(map(\.value) ?? [])
    case .object:
      .object(Dictionary((members ?? []).map { ($0.key, $0.value.value) }, uniquingKeysWith: { one, _ in one }))
    }
  }
}

/// Reads JSON text into nodes. Each read is false where the text is not as it should be.
private struct JSONTapeReader {
  typealias Node = JSONPlace.Node
  private let bytes: UnsafeBufferPointer<UInt8>
  private var place = 0
  var nodes: ContiguousArray<Node> = []

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    nodes.reserveCapacity(bytes.count / 12 + 8)
  }

  mutating func readAll() -> Bool {
    guard value(depth: 0) else { return false }
    skipSpace()
    return place == bytes.count
  }

  private var byte: UInt8 { place < bytes.count ? bytes[place] : 0 }

  private mutating func skipSpace() {
    while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x0A || bytes[place] == 0x0D || bytes[place] == 9
    {
      place += 1
    }
  }

  private mutating func take(_ wanted: UInt8) -> Bool {
    skipSpace()
    guard byte == wanted else { return false }
    place += 1
    return true
  }

  private mutating func add(_ kind: Node.Kind, from start: Int, to end: Int) {
    nodes.append(
      Node(kind: kind, start: UInt32(start), end: UInt32(end), next: UInt32(truncatingIfNeeded: nodes.count + 1)))
  }

  private mutating func close(_ index: Int) -> Bool {
    nodes[index].end = UInt32(place)
    nodes[index].next = UInt32(truncatingIfNeeded: nodes.count)
    return true
  }

  private mutating func value(depth: Int) -> Bool {
    guard depth < 128 else { return false }
    skipSpace()
    switch byte {
    case UInt8(ascii: "\""): return text(isKey: false)
    case UInt8(ascii: "{"): return object(depth)
    case UInt8(ascii: "["): return array(depth)
    case UInt8(ascii: "t"): return word("true", .yes)
    case UInt8(ascii: "f"): return word("false", .no)
    case UInt8(ascii: "n"): return word("null", .null)
    default: return number()
    }
  }

  private mutating func word(_ word: StaticString, _ kind: Node.Kind) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count - place >= count else { return false }
    for offset in 0..<count where bytes[place + offset] != word.utf8Start[offset] { return false }
    add(kind, from: place, to: place + count)
    place += count
    return true
  }

  private mutating func array(_ depth: Int) -> Bool {
    let index = nodes.count
    add(.array, from: place, to: place)
    place += 1
    if take(UInt8(ascii: "]")) { return close(index) }
    repeat {
      guard value(depth: depth + 1) else { return false }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "]")) && close(index)
  }

  private mutating func object(_ depth: Int) -> Bool {
    let index = nodes.count
    add(.object, from: place, to: place)
    place += 1
    if take(UInt8(ascii: "}")) { return close(index) }
    var count = 0
    repeat {
      skipSpace()
      let key = nodes.count
      guard byte == UInt8(ascii: "\""), text(isKey: true), count >= 16 || !isTwice(key, in: index),
        take(UInt8(ascii: ":")), value(depth: depth + 1)
      else { return false }
      count += 1
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")), close(index) else { return false }
    return count <= 16 || hasDistinctKeys(index)
  }

  /// Whether an object that is being read has had a key already; of many members a set tells in the end.
  private func isTwice(_ key: Int, in object: Int) -> Bool {
    var index = object + 1
    while index < key {
      if isSame(nodes[index], nodes[key]) { return true }
      index = Int(nodes[index + 1].next)
    }
    return false
  }

  private func isSame(_ one: Node, _ other: Node) -> Bool {
    guard one.end - one.start == other.end - other.start else { return false }
    for offset in 0..<Int(one.end - one.start)
    where bytes[Int(one.start) + offset] != bytes[Int(other.start) + offset] { return false }
    return true
  }

  private func hasDistinctKeys(_ object: Int) -> Bool {
    var seen: Set<String> = []
    var index = object + 1
    while index < Int(nodes[object].next) {
      let key = bytes[Int(nodes[index].start)..<Int(nodes[index].end)]
      guard seen.insert(String(decoding: key, as: UTF8.self)).inserted else { return false }
      index = Int(nodes[index + 1].next)
    }
    return true
  }

  private mutating func text(isKey: Bool) -> Bool {
    place += 1
    let start = place
    var union: UInt8 = 0
    while place < bytes.count {
      let byte = bytes[place]
      if byte == UInt8(ascii: "\"") {
        // Two keys that are not ASCII may be equivalent without being the same; there are none in what is read here.
        if union >= 0x80 {
          guard !isKey, String(validating: bytes[start..<place], as: UTF8.self) != nil else { return false }
        }
        add(.text, from: start, to: place)
        place += 1
        return true
      }
      if byte == UInt8(ascii: "\\") { return !isKey && escapedText(from: start) }
      guard byte >= 0x20 else { return false }
      union |= byte
      place += 1
    }
    return false
  }

  /// It begins at its quote.
  private mutating func escapedText(from start: Int) -> Bool {
    guard let (_, end) = JSONValue.text(in: bytes, at: start - 1) else { return false }
    add(.escapedText, from: start - 1, to: end)
    place = end
    return true
  }

  static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>, _ start: UInt32) -> String? {
    JSONValue.text(in: bytes, at: Int(start))?.text
  }

  private mutating func number() -> Bool {
    let start = place
    while place < bytes.count, (48...57).contains(bytes[place]) || bytes[place] == UInt8(ascii: "-") { place += 1 }
    let isWhole = ![UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(byte)
    if isWhole, JSONTapeReader.integer(UnsafeBufferPointer(rebasing: bytes[start..<place])) != nil {
      add(.integer, from: start, to: place)
      return true
    }
    guard let (value, end) = JSONValue.number(in: bytes, at: start), case .number = value else { return false }
    add(.number, from: start, to: end)
    place = end
    return true
  }

  /// A whole number as JSON has it, no longer than 18 digits; nil for any other text.
  static func integer(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
    let isNegative = text.first == UInt8(ascii: "-")
    let digits = text.dropFirst(isNegative ? 1 : 0)
    guard let first = digits.first, digits.count < 19, first != 48 || digits.count == 1 else { return nil }
    var value: Int64 = 0
    for digit in digits {
      guard (48...57).contains(digit) else { return nil }
      value = value &* 10 &+ Int64(digit &- 48)
    }
    return isNegative ? -value : value
  }
}
