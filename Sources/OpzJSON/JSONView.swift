/// A value in a JSON text that is read in place: nothing is converted before it is asked for.
///
/// A search without a cache and an audit read hundreds of thousands of small documents, and building a dictionary for
/// each object would take most of their time. A place is valid only inside the closure that `read` passes it to.
public struct JSONView {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let nodes: UnsafeBufferPointer<JSONTape.Node>
  private let index: Int

  /// Parses a whole document and passes its value to `body`.
  /// - Parameters:
  ///   - bytes: the document.
  ///   - shape: the known keys; see `JSONShape`.
  ///   - options: what else is accepted.
  ///   - body: receives the root value.
  /// - Throws: `JSONFailure`, and what `body` throws.
  public static func read<Value>(
    _ bytes: [UInt8], _ shape: JSONShape = .anything, options: JSONOptions = JSONOptions(),
    body: (JSONView) throws -> Value
  ) throws -> Value {
    try bytes.withUnsafeBufferPointer { bytes in
      try JSONTape(bytes, options).nodes.withUnsafeBufferPointer { nodes in
        let place = JSONView(bytes: bytes, nodes: nodes, index: 0)
        try shape.check(place)
        return try body(place)
      }
    }
  }

  private var node: JSONTape.Node { nodes[index] }

  private func at(_ index: Int) -> JSONView { JSONView(bytes: bytes, nodes: nodes, index: index) }

  /// The raw bytes of a string between its quotes; nil for a string with escapes, and for other values.
  public var plainText: UnsafeBufferPointer<UInt8>? { node.kind == .text ? raw : nil }

  private var raw: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: bytes[node.range]) }

  /// The byte range of the value in the text, including a string's quotes.
  public var range: Range<Int> {
    node.kind == .text || node.kind == .escapedText
      ? node.range.lowerBound - 1..<node.range.upperBound + 1 : node.range
  }

  /// The value of a member; nil when it is missing or null, or when this is not an object.
  public subscript(key: StaticString) -> JSONView? {
    guard node.kind == .object else { return nil }
    var index = self.index + 1
    while index < Int(node.next) {
      if at(index).isText(key) { return nodes[index + 1].kind == .null ? nil : at(index + 1) }
      index = Int(nodes[index + 1].next)
    }
    return nil
  }

  /// The value of a member, including null; nil when it is missing, or when this is not an object.
  public func member(_ key: String) -> JSONView? {
    var key = key
    return key.withUTF8 { wanted in
      guard node.kind == .object else { return nil }
      var index = self.index + 1
      while index < Int(node.next) {
        if at(index).isText(wanted) { return at(index + 1) }
        index = Int(nodes[index + 1].next)
      }
      return nil
    }
  }

  /// Whether the value is a string of exactly these characters.
  public func isText(_ text: StaticString) -> Bool {
    isText(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  @inline(__always)
  private func isText(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let node = node
    guard node.kind == .text else { return node.kind == .escapedText && string?.utf8.elementsEqual(text) == true }
    guard node.range.count == text.count else { return false }
    for offset in 0..<text.count where bytes[Int(node.start) + offset] != text[offset] { return false }
    return true
  }

  public var isNull: Bool { node.kind == .null }
  public var isObject: Bool { node.kind == .object }

  public var string: String? {
    node.kind == .text || node.kind == .escapedText ? JSONTape.string(node, bytes) : nil
  }

  /// The value as an integer, in any notation of a whole number (`2`, `2.0`, `2e0`); nil for others and beyond
  /// `Int64`.
  public var integer: Int64? {
    switch node.kind {
    case .integer: number?.integer(in: bytes)
    case .number: double.flatMap { Int64(exactly: $0) }
    default: nil
    }
  }

  /// The value as a non-negative integer of up to 64 bits; nil for others.
  public var unsigned: UInt64? {
    if let integer { return UInt64(exactly: integer) }
    guard let number, !number.isNegative else { return nil }
    return number.isInteger ? number.magnitude(in: bytes) : double.flatMap { UInt64(exactly: $0) }
  }

  /// The value as the nearest double; nil when it is not a number.
  public var double: Double? { number?.double(in: bytes) }

  /// The value as the nearest float, rounded once; nil when it is not a number.
  public var float: Float? { number?.float(in: bytes) }

  private var number: JSONNumber? {
    guard node.kind == .integer || node.kind == .number else { return nil }
    var tokens = JSONTokenizer(bytes, at: Int(node.start), JSONOptions())
    return try? tokens.number()
  }

  public var bool: Bool? {
    switch node.kind {
    case .yes: true
    case .no: false
    default: nil
    }
  }

  /// Transforms the elements of a list; nil when this is not a list.
  public func map<Value>(_ make: (JSONView) throws -> Value) rethrows -> [Value]? {
    guard node.kind == .array else { return nil }
    var values: [Value] = []
    var index = self.index + 1
    while index < Int(node.next) {
      values.append(try make(at(index)))
      index = Int(nodes[index].next)
    }
    return values
  }

  /// Calls `body` for each element of a list.
  func forEachItem<Failure: Error>(_ body: (JSONView) throws(Failure) -> Void) throws(Failure) {
    guard node.kind == .array else { return }
    var index = self.index + 1
    while index < Int(node.next) {
      try body(at(index))
      index = Int(nodes[index].next)
    }
  }

  /// Calls `body` with the places of each key and value of an object, including null values.
  func forEachMember<Failure: Error>(_ body: (JSONView, JSONView) throws(Failure) -> Void) throws(Failure) {
    guard node.kind == .object else { return }
    var index = self.index + 1
    while index < Int(node.next) {
      try body(at(index), at(index + 1))
      index = Int(nodes[index + 1].next)
    }
  }

  /// The members of an object in their order, including null values; nil when this is not an object.
  public var members: [(key: String, value: JSONView)]? {
    guard node.kind == .object else { return nil }
    var members: [(String, JSONView)] = []
    forEachMember { members.append(($0.string ?? "", $1)) }
    return members
  }

  /// The elements of a list of strings; nil when it has anything else.
  public var textList: [String]? {
    guard let texts = map(\.string) else { return nil }
    let found = texts.compactMap(\.self)
    return found.count == texts.count ? found : nil
  }

  /// The members of an object whose values are all strings; nil otherwise.
  public var texts: [String: String]? {
    guard let members else { return nil }
    var texts: [String: String] = [:]
    for (key, value) in members {
      guard let text = value.string else { return nil }
      texts[key] = text
    }
    return texts
  }

  /// The whole value converted. A whole number becomes an integer in any notation.
  public var value: JSONValue {
    switch node.kind {
    case .null: .null
    case .no: .bool(false)
    case .yes: .bool(true)
    case .integer, .number: integer.map { .integer($0) } ?? .number(double ?? 0)
    case .text, .escapedText: .string(string ?? "")
    case .array: .array(map(\.value) ?? [])
    case .object: .object(object)
    }
  }

  private var object: [String: JSONValue] {
    var object: [String: JSONValue] = [:]
    forEachMember { object[$0.string ?? ""] = $1.value }
    return object
  }

  func failure(_ kind: JSONFailure.Kind, _ reason: String) -> JSONFailure {
    JSONFailure(kind, at: range.lowerBound, reason)
  }
}
