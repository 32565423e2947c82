/// Finds the end of a head, looking at each byte once, and refuses early what no head may contain: control
/// characters, lines that do not end with CR LF (RFC 9112, section 2.2, lets a server refuse a bare LF), and more
/// than the limits.
struct HeadScanner {
  private let limits: HTTPServerLimits
  private var position = 0
  private var lineStart = 0
  /// Lines so far, without the empty ones before the request line.
  private var lines = 0
  private var blank = 0
  /// Where the request line begins.
  private(set) var start = 0

  init(_ limits: HTTPServerLimits) { self.limits = limits }

  /// - Parameter bytes: all bytes received, including those of earlier calls.
  /// - Returns: the position after the empty line that ends the head; nil if the head is incomplete.
  mutating func end(in bytes: UnsafeRawBufferPointer) throws -> Int? {
    while position < bytes.count {
      let byte = bytes[position]
      let isAfterReturn = position > lineStart && bytes[position - 1] == 13
      position += 1
      if byte == 10 {
        guard isAfterReturn else { throw RequestProblem(400, "a line ends with a bare LF") }
        if try endLine(bytes[lineStart..<position - 2]) { return position }
        continue
      }
      guard !isAfterReturn else { throw RequestProblem(400, "a CR without an LF") }
      guard byte >= 0x20 && byte != 0x7f || byte == 9 || byte == 13 else {
        throw RequestProblem(400, "a control character in the request head")
      }
      try check(length: position - lineStart)
    }
    return nil
  }

  /// - Returns: whether it was the last line.
  private mutating func endLine(_ line: Slice<UnsafeRawBufferPointer>) throws -> Bool {
    defer { lineStart = position }
    if !line.isEmpty {
      // HTTP/0.9 sends nothing after this line, so there is nothing to wait for.
      guard lines > 0 || line.count(where: { $0 == 0x20 }) >= 2 else {
        throw RequestProblem(400, "the request line is not METHOD TARGET VERSION")
      }
      lines += 1
      guard lines <= limits.fields + 1 else {
        throw RequestProblem(431, "more than \(limits.fields) header fields")
      }
      return false
    }
    if lines > 0 { return true }
    // "A server ... SHOULD ignore at least one empty line (CRLF) received prior to the request-line."
    blank += 1
    guard blank <= 4 else { throw RequestProblem(400, "empty lines instead of a request") }
    start = position
    return false
  }

  private func check(length: Int) throws {
    if lines == 0 {
      guard length > limits.requestLineBytes else { return }
      throw RequestProblem(414, "a request line of more than \(limits.requestLineBytes) bytes")
    }
    if length > limits.fieldBytes {
      throw RequestProblem(431, "a header field of more than \(limits.fieldBytes) bytes")
    }
    if position - start > limits.requestLineBytes + limits.headBytes {
      throw RequestProblem(431, "a request head of more than \(limits.headBytes) bytes")
    }
  }
}
