import FoundationEssentials

/// The text of a JSON object in which members are set and taken away, while all else stays byte for byte: the file is another program's.
struct JSONText {
  private(set) var bytes: [UInt8]

  struct Member {
    let key: String
    /// From the quote of its key to the end of its value.
    let range: Range<Int>
    let value: Range<Int>
  }

  /// Nil where the text is no JSON object.
  init?(_ bytes: [UInt8]) {
    struct Anything: Decodable {
      init(from decoder: any Decoder) throws { _ = try decoder.container(keyedBy: Key.self) }
      struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
      }
    }
    guard (try? JSONDecoder().decode(Anything.self, from: Data(bytes))) != nil,
      let start = bytes.firstIndex(where: { !JSONText.isSpace($0) }), bytes[start] == UInt8(ascii: "{")
    else { return nil }
    self.bytes = bytes
    guard members(from: start) != nil else { return nil }
  }

  /// Sets a member of a member of the text. False, and nothing changed, where the outer one is something else than an object.
  /// - Parameter value: JSON, of lines that are indented for this depth.
  mutating func set(_ outer: String, _ inner: String, to value: String) -> Bool {
    guard let top, let all = members(from: top) else { return false }
    let entry = "\(JSONText.quoted(inner)): \(value)"
    let object = "{\n\t\t\(entry)\n\t}"
    guard let found = all.last(where: { $0.key == outer }) else {
      insert("\n\t\(JSONText.quoted(outer)): \(object)", after: all.last, brace: top, "\n")
      return true
    }
    if bytes[found.value].elementsEqual("null".utf8) {
      bytes.replaceSubrange(found.value, with: object.utf8)
      return true
    }
    guard bytes[found.value.lowerBound] == UInt8(ascii: "{"), let inside = members(from: found.value.lowerBound) else {
      return false
    }
    if let old = inside.last(where: { $0.key == inner }) {
      bytes.replaceSubrange(old.value, with: value.utf8)
    } else {
      insert("\n\t\t\(entry)", after: inside.last, brace: found.value.lowerBound, "\n\t")
    }
    return true
  }

  /// Takes the members of a member away whose keys are wanted, and says how many there were.
  mutating func remove(_ outer: String, where isWanted: (String) -> Bool) -> Int {
    var count = 0
    while let top, let found = members(from: top)?.last(where: { $0.key == outer }),
      bytes[found.value.lowerBound] == UInt8(ascii: "{"), let inside = members(from: found.value.lowerBound),
      let index = inside.firstIndex(where: { isWanted($0.key) })
    {
      count += 1
      if index + 1 < inside.count {
        bytes.removeSubrange(inside[index].range.lowerBound..<inside[index + 1].range.lowerBound)
      } else if index > 0 {
        bytes.removeSubrange(inside[index - 1].range.upperBound..<inside[index].range.upperBound)
      } else {
        bytes.replaceSubrange(found.value, with: "{}".utf8)
      }
    }
    return count
  }

  private var top: Int? { bytes.firstIndex { !JSONText.isSpace($0) } }

  /// At the end of an object, so that taking it away gives the text that was there.
  private mutating func insert(_ text: String, after last: Member?, brace: Int, _ end: String) {
    if let last {
      bytes.insert(contentsOf: ("," + text).utf8, at: last.range.upperBound)
    } else {
      bytes.insert(contentsOf: (text + end).utf8, at: brace + 1)
    }
  }

  // MARK: Reading

  /// The members of the object whose brace is at `start`; nil where the text is cut.
  private func members(from start: Int) -> [Member]? {
    var found: [Member] = []
    var position = skipSpaces(start + 1)
    while position < bytes.count, bytes[position] != UInt8(ascii: "}") {
      let begin = position
      guard let end = endOfString(begin), let key = JSONText.text(bytes[begin..<end]) else { return nil }
      position = skipSpaces(end)
      guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { return nil }
      position = skipSpaces(position + 1)
      guard let valueEnd = endOfValue(position) else { return nil }
      found.append(Member(key: key, range: begin..<valueEnd, value: position..<valueEnd))
      position = skipSpaces(valueEnd)
      if position < bytes.count, bytes[position] == UInt8(ascii: ",") { position = skipSpaces(position + 1) }
    }
    return position < bytes.count ? found : nil
  }

  private func skipSpaces(_ start: Int) -> Int {
    var position = start
    while position < bytes.count, JSONText.isSpace(bytes[position]) { position += 1 }
    return position
  }

  /// After the quote that ends the string which begins at `start`.
  private func endOfString(_ start: Int) -> Int? {
    guard start < bytes.count, bytes[start] == UInt8(ascii: "\"") else { return nil }
    var position = start + 1
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "\"") { return position + 1 }
      position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    return nil
  }

  private func endOfValue(_ start: Int) -> Int? {
    var position = start
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        guard let end = endOfString(position) else { return nil }
        position = end
        if depth == 0 { return position }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return position > start ? position : nil }
        depth -= 1
        if depth == 0 { return position + 1 }
      case UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
        if depth == 0 { return position > start ? position : nil }
      default: break
      }
      position += 1
    }
    return nil
  }

  private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(byte) }

  private static func text(_ quoted: ArraySlice<UInt8>) -> String? {
    try? JSONDecoder().decode([String].self, from: Data([UInt8(ascii: "[")] + quoted + [UInt8(ascii: "]")])).first
  }

  static func quoted(_ text: String) -> String {
    let data = (try? JSONEncoder().encode([text])) ?? Data()
    return String(String(decoding: data, as: UTF8.self).dropFirst().dropLast())
  }
}
