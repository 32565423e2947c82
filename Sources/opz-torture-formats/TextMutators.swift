/// Changes JSON so that it mostly stays JSON: values removed, doubled, exchanged, nested, and numbers at the extremes.
enum JSONMutator {
  private static let numbers = [
    "0", "-0", "-1", "1", "1e999", "-1e999", "NaN", "Infinity", "-Infinity", "2147483647", "2147483648", "-2147483648",
    "-2147483649", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e-400", "0.1e", "00", "1E+",
    "4294967295", "16777216", "65536", "1.", "3.4028236e38", "1000000", "-7",
  ]
  private static let values = [
    "null", "true", "[]", "{}", "\"\"", "[[]]", "\"x\"", "[0]", "{\"a\":1}", "\"\\ud800\"", "\"1\"",
  ]

  /// Where a value stands, or a member with its name.
  private struct Spans {
    var values: [Range<Int>] = []
    var members: [Range<Int>] = []
    var numbers: [Range<Int>] = []
  }

  static func change(_ bytes: inout [UInt8], _ random: inout ByteMutator) {
    let found = spans(bytes)
    guard !found.values.isEmpty else { return }
    switch random.below(9) {
    case 0...2 where !found.numbers.isEmpty:
      bytes.replaceSubrange(random.pick(found.numbers), with: Array(random.pick(numbers).utf8))
    case 3: remove(&bytes, random.pick(found.members.isEmpty ? found.values : found.members))
    case 4:
      let part = random.pick(random.below(2) == 0 || found.members.isEmpty ? found.values : found.members)
      let one = Array(bytes[part]) + [UInt8(ascii: ",")]
      bytes.insert(contentsOf: repeatElement(one, count: random.pick([1, 1, 2, 300])).joined(), at: part.lowerBound)
    case 5: bytes.replaceSubrange(random.pick(found.values), with: Array(bytes[random.pick(found.values)]))
    case 6: bytes.replaceSubrange(random.pick(found.values), with: Array(random.pick(values).utf8))
    case 7:
      let (part, depth) = (random.pick(found.values), random.pick([1, 2, 100, 127, 128, 129, 600, 5000]))
      let (open, close) = random.pick([("[", "]"), ("{\"a\":", "}")])
      let nested = Array(String(repeating: open, count: depth).utf8) + bytes[part]
      bytes.replaceSubrange(part, with: nested + Array(String(repeating: close, count: depth).utf8))
    default: bytes.removeSubrange(random.pick(found.values).upperBound...)
    }
  }

  private static func remove(_ bytes: inout [UInt8], _ part: Range<Int>) {
    let comma = UInt8(ascii: ",")
    var part = part
    if part.upperBound < bytes.count, bytes[part.upperBound] == comma {
      part = part.lowerBound..<part.upperBound + 1
    } else if part.lowerBound > 0, bytes[part.lowerBound - 1] == comma {
      part = part.lowerBound - 1..<part.upperBound
    }
    bytes.removeSubrange(part)
  }

  /// A scan that takes any bytes, since earlier changes may have broken them.
  private static func spans(_ bytes: [UInt8]) -> Spans {
    var found = Spans()
    var open: [Int] = []
    var name: Int?
    var names: [Int?] = []
    var index = 0
    func end(_ start: Int, _ end: Int, isNumber: Bool = false) {
      found.values.append(start..<end)
      if isNumber { found.numbers.append(start..<end) }
      if let own = name { found.members.append(own..<end) }
      name = nil
    }
    while index < bytes.count {
      let start = index
      index += 1
      switch bytes[start] {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        open.append(start)
        names.append(name)
        name = nil
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        name = names.popLast() ?? nil
        if let begin = open.popLast() { end(begin, index) }
      case UInt8(ascii: "\""):
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
          index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        index = min(bytes.count, index + 1)
        if index < bytes.count, bytes[index] == UInt8(ascii: ":") {
          name = start
        } else {
          // XGBoost's parameters are numbers in texts.
          let inner = start + 1..<max(start + 1, index - 1)
          if let first = bytes[inner].first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) {
            found.numbers.append(inner)
          }
          end(start, index)
        }
      case UInt8(ascii: ","), UInt8(ascii: ":"), 9, 10, 13, 32: break
      default:
        while index < bytes.count, !",:[]{}\" \n\t\r".utf8.contains(bytes[index]) { index += 1 }
        end(start, index, isNumber: true)
      }
    }
    return found
  }
}

/// Changes LightGBM's text: lines removed, doubled and exchanged, and numbers in lists.
enum LineMutator {
  private static let numbers = [
    "0", "-1", "1", "nan", "inf", "-inf", "2147483647", "2147483648", "-2147483648", "9223372036854775807",
    "4294967295",
    "18446744073709551616", "1e999", "1e-999", "", "x", "1.5", "99", "1000000", "0x1p3",
  ]

  static func change(_ bytes: inout [UInt8], _ random: inout ByteMutator) {
    var lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map { Array($0) }
    let index = random.below(lines.count)
    switch random.below(8) {
    case 0: lines.remove(at: index)
    case 1: lines.insert(contentsOf: repeatElement(lines[index], count: random.pick([1, 1, 50])), at: index)
    case 2: lines.swapAt(index, random.below(lines.count))
    case 3: lines[index] = Array(lines[index].prefix { $0 != UInt8(ascii: "=") })
    case 4: lines.removeSubrange(index...)
    case 5:
      // One list in another's place.
      let other = lines[random.below(lines.count)]
      let name = lines[index].prefix { $0 != UInt8(ascii: "=") }
      lines[index] = Array(name) + other.drop { $0 != UInt8(ascii: "=") }
    default: changeList(&lines[index], &random)
    }
    bytes = Array(lines.joined(separator: [10]))
  }

  private static func changeList(_ line: inout [UInt8], _ random: inout ByteMutator) {
    guard let sign = line.firstIndex(of: UInt8(ascii: "=")) else { return }
    var words = line[(sign + 1)...].split(separator: 32).map { Array($0) }
    guard !words.isEmpty else { return }
    let index = random.below(words.count)
    switch random.below(4) {
    case 0: words.remove(at: index)
    case 1: words.insert(contentsOf: repeatElement(words[index], count: random.pick([1, 1, 3000])), at: index)
    default: words[index] = Array(random.pick(numbers).utf8)
    }
    line = Array(line[...sign]) + words.joined(separator: [32])
  }
}
