/// Parses a head by RFC 9112. Where the RFC lets a server parse or refuse, it refuses, because a proxy in front of
/// this server may have parsed the head differently (request smuggling).
struct HeadParser {
  private static let methods: Set<String> = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH",
  ]

  let limits: HTTPServerLimits

  /// - Parameter bytes: request line, fields and empty line, as accepted by `HeadScanner`.
  func request(_ bytes: UnsafeRawBufferPointer) throws -> Request {
    var lines = HeadLines(bytes)
    let line = lines.next() ?? bytes[0..<0]
    let (method, target, isHTTP10) = try requestLine(line)
    var fields = HTTPFields()
    while let line = lines.next(), !line.isEmpty {
      let (name, value) = try HeadParser.field(line)
      fields.append(name, value)
    }
    let named = try HostField.read(fields, isHTTP10: isHTTP10)
    let place = try RequestTarget(target, method: method, host: named)
    let framing = try BodyFraming.read(fields, isHTTP10: isHTTP10, limit: limits.bodyBytes)
    if !isHTTP10, let expectation = fields.list("expect").first(where: { $0 != "100-continue" }) {
      throw RequestProblem(417, "the expectation '\(expectation.prefix(50))' is not supported")
    }
    let options = fields.list("connection")
    let keepsAlive = !options.contains("close") && (!isHTTP10 || options.contains("keep-alive"))
    return Request(
      method: method, target: place.origin, fields: fields, host: place.host, framing: framing, isHTTP10: isHTTP10,
      keepsAlive: keepsAlive)
  }

  /// `method SP request-target SP HTTP-version` (RFC 9112, section 3).
  private func requestLine(_ line: Slice<UnsafeRawBufferPointer>) throws -> (String, String, isHTTP10: Bool) {
    let parts = line.split(separator: 0x20, maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 2, !parts[0].isEmpty, parts[0].allSatisfy(isTokenByte) else {
      throw RequestProblem(400, "the request line does not begin with a method and a target")
    }
    guard parts.count == 3 else {
      throw RequestProblem(400, "the request line is not METHOD TARGET VERSION with single spaces between")
    }
    let isHTTP10 = try HeadParser.isHTTP10(parts[2])
    let method = String(decoding: parts[0], as: UTF8.self)
    guard HeadParser.methods.contains(method) else {
      throw RequestProblem(501, "the method \(method.prefix(20)) is not supported")
    }
    guard !parts[1].isEmpty, parts[1].allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") }) else {
      throw RequestProblem(400, "the target has characters that are not allowed in a URL")
    }
    return (method, String(decoding: parts[1], as: UTF8.self), isHTTP10)
  }

  private static func isHTTP10(_ version: Slice<UnsafeRawBufferPointer>) throws -> Bool {
    let bytes = Array(version)
    guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8), isDigit(bytes[5]), bytes[6] == UInt8(ascii: "."),
      isDigit(bytes[7])
    else { throw RequestProblem(400, "the request line does not end with HTTP and a version") }
    guard bytes[5] == UInt8(ascii: "1") else {
      throw RequestProblem(505, "this server supports HTTP/1.1 and HTTP/1.0")
    }
    return bytes[7] == UInt8(ascii: "0")
  }

  /// `field-name ":" OWS field-value OWS` (RFC 9112, section 5).
  static func field(_ line: Slice<UnsafeRawBufferPointer>) throws -> (name: String, value: String) {
    guard let first = line.first, first != 0x20, first != 9 else {
      throw RequestProblem(400, "a header field that continues on the next line")
    }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
      throw RequestProblem(400, "a header field without a colon")
    }
    let name = line[..<colon]
    guard !name.isEmpty, name.allSatisfy(isTokenByte) else {
      throw RequestProblem(400, "a header field's name has characters that are not allowed")
    }
    var value = line[(colon + 1)...]
    while let byte = value.first, byte == 0x20 || byte == 9 { value.removeFirst() }
    while let byte = value.last, byte == 0x20 || byte == 9 { value.removeLast() }
    return (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
  }
}

/// The lines of a head, without their CR LF.
struct HeadLines: Sequence, IteratorProtocol {
  private var rest: Slice<UnsafeRawBufferPointer>

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

  mutating func next() -> Slice<UnsafeRawBufferPointer>? {
    guard let end = rest.firstIndex(of: 13) else { return nil }
    defer { rest = rest.dropFirst(end - rest.startIndex + 2) }
    return rest[..<end]
  }
}

/// A character of a token (RFC 9110, section 5.6.2).
@inline(__always)
func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"),
    UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
    UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
    UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
    true
  default: false
  }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

@inline(__always)
func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
