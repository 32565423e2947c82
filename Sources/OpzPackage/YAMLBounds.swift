/// Bounds on a YAML text that are checked before it is parsed, because the parser would run out of stack or of time.
///
/// The scan knows nothing of quotes and comments: it counts too much rather than too little, and no opz.yaml comes near.
enum YAMLBounds {
  /// Brackets that are open at the same time.
  static let maximumDepth = 32
  /// `- - -` and `? ? ?` at the beginning of a line, and blanks there: each may open a level.
  static let maximumIndicators = 16
  static let maximumIndent = 128
  /// Yams hashes the keys of each mapping, with all that an alias in a key stands for. With n aliases that is at most e^(n/e)
  /// nodes: a few thousand here. Each alias is an error anyway, but only after the document is composed.
  static let maximumAliases = 24

  /// - Parameter refuse: called with the line and the reason; it throws.
  static func check(_ text: String, refuse: (_ line: Int, _ reason: String) throws -> Void) throws {
    var scan = Scan()
    for byte in text.utf8 {
      scan.step(byte)
      if scan.isTooDeep { try refuse(scan.line, "nested deeper than opz.yaml ever is") }
      if scan.aliases > maximumAliases { try refuse(scan.line, "more than \(maximumAliases) aliases (*name)") }
    }
  }

  private struct Scan {
    var line = 1
    var aliases = 0
    private var opened = 0
    private var closed = 0
    private var indent = 0
    private var indicators = 0
    private var atStart = true
    private var previous = UInt8(ascii: "\n")

    /// Closing brackets count only as far as brackets were opened on the way; a bracket in quotes can hide an opened one, so what
    /// is left is bounded by libyaml, at 1000 levels.
    var isTooDeep: Bool {
      opened - closed > maximumDepth || indicators > maximumIndicators || indent > maximumIndent
    }

    mutating func step(_ byte: UInt8) {
      switch byte {
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        if byte == UInt8(ascii: "\n") { line += 1 }
        (indent, indicators, atStart) = (0, 0, true)
      case UInt8(ascii: " "), UInt8(ascii: "\t"):
        if atStart {
          indent += 1
          if isIndicator(previous) { indicators += 1 }
        }
      case _ where isIndicator(byte): break
      case UInt8(ascii: "["), UInt8(ascii: "{"): (opened, atStart) = (opened + 1, false)
      case UInt8(ascii: "]"), UInt8(ascii: "}"): (closed, atStart) = (min(opened, closed + 1), false)
      default: atStart = false
      }
      if previous == UInt8(ascii: "*"), byte > UInt8(ascii: " "), byte != UInt8(ascii: "*") { aliases += 1 }
      previous = byte
    }

    /// They open a level when a blank follows.
    private func isIndicator(_ byte: UInt8) -> Bool { "-?:".utf8.contains(byte) }
  }
}
