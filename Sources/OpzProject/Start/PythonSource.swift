/// The statements of a Python program without its comments and texts: what a docstring tells about imports is no import.
public struct PythonSource: Sendable {
  /// Each statement in one line. A text is `""`, whatever it said.
  public let statements: [String]

  /// Takes a program apart. What is no Python gives statements of no meaning, and no error.
  public init(_ source: String) {
    var scanner = Scanner(source)
    scanner.run()
    statements = scanner.statements
  }

  /// Whether it defines a function of this name.
  public func defines(_ function: String) -> Bool {
    statements.contains { statement in
      var words = statement.split(whereSeparator: { $0 == " " || $0 == "\t" })[...]
      if words.first == "async" { words.removeFirst() }
      guard words.first == "def" else { return false }
      let rest = words.dropFirst().joined(separator: " ")
      return rest.hasPrefix(function) && rest.dropFirst(function.count).drop { $0 == " " }.first == "("
    }
  }

  /// The top-level names of the modules that it imports, in its order, each once: `import a.b, c as d`,
  /// `from e import f`. Imports within functions count too, relative ones do not.
  public var imports: [String] {
    var seen: Set<String> = []
    return modules.filter { seen.insert($0).inserted }
  }

  private var modules: [String] {
    statements.flatMap { statement -> [String] in
      let words = statement.drop { $0 == " " || $0 == "\t" }
      guard let space = words.firstIndex(where: { $0 == " " || $0 == "\t" }) else { return [] }
      let rest = words[space...]
      switch words[..<space] {
      case "import": return rest.split(separator: ",").compactMap(PythonSource.top)
      case "from": return [PythonSource.top(rest)].compactMap(\.self)
      default: return []
      }
    }
  }

  /// The first name of a dotted one; nil for a relative one, and for one that no package of PyPI has.
  private static func top(_ text: Substring) -> String? {
    let top = text.drop { $0 == " " || $0 == "\t" }.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    guard !top.isEmpty, top.utf8.count <= 100, top.utf8.allSatisfy({ $0 < 128 }) else { return nil }
    return String(top)
  }

  /// Walks over the bytes: all that it looks for is ASCII.
  private struct Scanner {
    private(set) var statements: [String] = []
    private let bytes: [UInt8]
    private var place = 0
    private var line: [UInt8] = []
    /// Open brackets, in which a line's end ends nothing.
    private var depth = 0

    init(_ source: String) { bytes = Array(source.utf8) }

    mutating func run() {
      while place < bytes.count {
        let byte = bytes[place]
        switch byte {
        case UInt8(ascii: "#"): while place < bytes.count, !isLineEnd(bytes[place]) { place += 1 }
        case UInt8(ascii: "\""), UInt8(ascii: "'"): skipText(byte)
        case UInt8(ascii: "\\") where place + 1 < bytes.count && isLineEnd(bytes[place + 1]): join()
        case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): take(byte, nesting: 1)
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): take(byte, nesting: -1)
        case _ where depth == 0 && (isLineEnd(byte) || byte == UInt8(ascii: ";") || byte == UInt8(ascii: ":")): end()
        default: take(isLineEnd(byte) ? 32 : byte, nesting: 0)
        }
      }
      end()
    }

    private func isLineEnd(_ byte: UInt8) -> Bool { byte == 10 || byte == 13 }

    private mutating func take(_ byte: UInt8, nesting: Int) {
      line.append(byte)
      depth = max(0, depth + nesting)
      place += 1
    }

    /// A backslash at the end of a line.
    private mutating func join() {
      place += bytes[place + 1] == 13 && place + 2 < bytes.count && bytes[place + 2] == 10 ? 3 : 2
      line.append(32)
    }

    private mutating func end() {
      let text = String(decoding: line, as: UTF8.self)
      if !line.allSatisfy({ $0 == 32 || $0 == 9 }) { statements.append(text) }
      line = []
      place += 1
    }

    /// Passes over a text in one or three quotes. One in one quote ends with its line, if it does not end before.
    private mutating func skipText(_ quote: UInt8) {
      let isLong = place + 2 < bytes.count && bytes[place + 1] == quote && bytes[place + 2] == quote
      let count = isLong ? 3 : 1
      place += count
      line += [34, 34]
      while place < bytes.count {
        if bytes[place] == UInt8(ascii: "\\") {
          place += 2
          continue
        }
        if !isLong, isLineEnd(bytes[place]) { return }
        let isEnd = place + count <= bytes.count && bytes[place..<place + count].allSatisfy { $0 == quote }
        if isEnd { return place += count }
        place += 1
      }
    }
  }
}
