/// Collects a response's header lines as libcurl delivers them, within limits.
struct HeaderCollector {
  private(set) var head = HTTPHead()
  /// The empty line after the final status has arrived.
  private(set) var isComplete = false
  private var bytes = 0
  private var lines = 0

  /// The limit on the header bytes and lines of one exchange, including 1xx responses.
  static let byteLimit = 64 << 10
  static let lineLimit = 256

  /// Takes one line; returns false where a limit is exceeded.
  mutating func take(_ line: UnsafeRawBufferPointer) -> Bool {
    bytes += line.count
    lines += 1
    guard bytes <= HeaderCollector.byteLimit, lines <= HeaderCollector.lineLimit else { return false }
    let text = String(decoding: line, as: UTF8.self)
    let trimmed = HeaderCollector.trim(text)
    if trimmed.isEmpty {
      isComplete = head.status >= 200
    } else if !isComplete, text.hasPrefix("HTTP/") {
      head = HTTPHead(status: HeaderCollector.status(trimmed))
    } else if !isComplete, let colon = trimmed.firstIndex(of: ":") {
      let value = HeaderCollector.trim(trimmed[trimmed.index(after: colon)...])
      head.headers.append((trimmed[..<colon].lowercased(), String(value)))
    }
    return true
  }

  private static func status(_ line: Substring) -> Int {
    let fields = line.split(separator: " ", maxSplits: 2)
    guard fields.count > 1, fields[1].utf8.count == 3 else { return 0 }
    return Int(fields[1]) ?? 0
  }

  // `\r\n` is a single Character, so the text is trimmed by Unicode scalars.
  private static func trim(_ text: some StringProtocol) -> Substring {
    let scalars = Substring(text).unicodeScalars
    let isSpace: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" }
    guard let first = scalars.firstIndex(where: { !isSpace($0) }),
      let last = scalars.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return Substring(scalars[first...last])
  }
}
