import NIOCore
import NIOHPACK
import OpzTestKit

/// A frame of HTTP/2 (RFC 9113, section 4.1).
struct HTTP2Bytes {
  enum Kind: UInt8 {
    case data = 0
    case headers, priority, reset, settings, push, ping, goAway, windowUpdate, continuation
  }

  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
  static let endStream: UInt8 = 1
  static let endHeaders: UInt8 = 4

  let kind: Kind
  let flags: UInt8
  let stream: UInt32
  let payload: [UInt8]

  init(_ kind: Kind, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) {
    self.kind = kind
    self.flags = flags
    self.stream = stream
    self.payload = payload
  }

  var bytes: [UInt8] {
    let count = UInt32(payload.count)
    return [UInt8(count >> 16 & 0xff), UInt8(count >> 8 & 0xff), UInt8(count & 0xff), kind.rawValue, flags]
      + withUnsafeBytes(of: stream.bigEndian) { Array($0) } + payload
  }

  /// A block of fields, each a literal that no table keeps (RFC 7541, section 6.2.2).
  static func fields(_ fields: [(String, String)]) -> [UInt8] {
    fields.flatMap { [0] + text($0) + text($1) }
  }

  private static func text(_ text: String) -> [UInt8] {
    let count = text.utf8.count
    guard count >= 127 else { return [UInt8(count)] + Array(text.utf8) }
    var (rest, bytes) = (count - 127, [UInt8(127)])
    while rest >= 128 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)] + Array(text.utf8)
  }

  /// The head of a request.
  static func request(
    _ method: String, _ path: String, more: [(String, String)] = [], stream: UInt32, ends: Bool = true
  ) -> HTTP2Bytes {
    let head = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "h")] + more
    return HTTP2Bytes(.headers, flags: endHeaders | (ends ? endStream : 0), stream: stream, fields(head))
  }
}

/// A connection that speaks HTTP/2 frame by frame.
final class HTTP2Wire {
  private let connection: RawConnection
  private var pending: [UInt8] = []
  /// Whether settings and pings are not answered: what a closed server gets makes it forget what it has sent.
  var isSilent = false
  /// The error code of the first GOAWAY: NIO takes what comes after the last response for an error, and says so.
  private var goAwayCode: UInt32?
  private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())

  /// - Parameter settings: pairs of a parameter and its value.
  init(_ port: Int, settings: [(UInt16, UInt32)] = []) throws {
    connection = try RawConnection(port: port)
    let payload = settings.flatMap { key, value in
      withUnsafeBytes(of: key.bigEndian) { Array($0) } + withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
    connection.send(HTTP2Bytes.preface + HTTP2Bytes(.settings, payload).bytes)
  }

  /// A connection on which all has been sent.
  init(_ connection: RawConnection) { self.connection = connection }

  /// False when the server has closed the connection.
  @discardableResult
  func send(_ frames: [HTTP2Bytes]) -> Bool { connection.send(frames.flatMap(\.bytes)) }

  func send(raw bytes: [UInt8]) -> Bool { connection.send(bytes) }

  /// The next frame; nil at the end of the connection. Settings are acknowledged, and pings answered.
  func next() throws -> HTTP2Bytes? {
    guard let frame = try frame() else { return nil }
    if frame.kind == .goAway, goAwayCode == nil {
      goAwayCode = frame.payload[4..<8].reduce(0) { $0 << 8 | UInt32($1) }
    }
    let isAnswer = frame.flags & 1 != 0 || isSilent
    if frame.kind == .settings, !isAnswer { send([HTTP2Bytes(.settings, flags: 1)]) }
    if frame.kind == .ping, !isAnswer { send([HTTP2Bytes(.ping, flags: 1, frame.payload)]) }
    return frame
  }

  private func frame() throws -> HTTP2Bytes? {
    while true {
      if pending.count >= 9 {
        let count = Int(pending[0]) << 16 | Int(pending[1]) << 8 | Int(pending[2])
        if pending.count >= 9 + count, let kind = HTTP2Bytes.Kind(rawValue: pending[3]) {
          defer { pending.removeFirst(9 + count) }
          let stream = pending[5..<9].reduce(0) { $0 << 8 | UInt32($1) }
          return HTTP2Bytes(kind, flags: pending[4], stream: stream, Array(pending[9..<(9 + count)]))
        }
      }
      guard let piece = try connection.receive() else { return nil }
      pending += piece
    }
  }

  /// The response on a stream: fields of its heads and trailers, and its body; nil if the stream or connection ends
  /// before.
  func response(_ stream: UInt32) throws -> (fields: [String: String], body: [UInt8])? {
    var (fields, body): ([String: String], [UInt8]) = ([:], [])
    while let frame = try next() {
      if frame.kind == .headers {
        var buffer = ByteBuffer(bytes: frame.payload)
        // Every block is decoded, because the table is the connection's.
        let block = try decoder.decodeHeaders(from: &buffer)
        if frame.stream == stream { for field in block { fields[field.name] = field.value } }
      }
      guard frame.stream == stream else { continue }
      if frame.kind == .reset { return nil }
      if frame.kind == .data { body += frame.payload }
      if [.headers, .data].contains(frame.kind), frame.flags & HTTP2Bytes.endStream != 0 { return (fields, body) }
    }
    return nil
  }

  /// What became of a request.
  enum Outcome: Equatable {
    case answered(String)
    case reset(UInt32)
    case goAway(UInt32)
    /// The connection ended without a reason.
    case closed

    /// Whether the client was told that its request is wrong, and not that there is no room or time for it.
    var isRefused: Bool {
      switch self {
      case .answered(let status): status.hasPrefix("4")
      // REFUSED_STREAM and CANCEL.
      case .reset(let code): code != 0 && code != 7 && code != 8
      case .goAway(let code): code != 0
      case .closed: false
      }
    }
  }

  /// Reads until the end of a stream or of the connection.
  func outcome(_ stream: UInt32) throws -> Outcome {
    var status: String?
    while let frame = try next() {
      if frame.kind == .headers {
        var buffer = ByteBuffer(bytes: frame.payload)
        let block = try decoder.decodeHeaders(from: &buffer)
        if frame.stream == stream { status = block.first(name: ":status") ?? status }
      }
      guard frame.stream == stream else { continue }
      if frame.kind == .reset { return .reset(frame.payload.reduce(0) { $0 << 8 | UInt32($1) }) }
      if [.headers, .data].contains(frame.kind), frame.flags & HTTP2Bytes.endStream != 0, let status {
        return .answered(status)
      }
    }
    return goAwayCode.map { .goAway($0) } ?? .closed
  }

  /// Reads to the end of the connection.
  /// - Returns: the error code of its GOAWAY; nil without one.
  func goAway() throws -> UInt32? {
    while try next() != nil {}
    return goAwayCode
  }
}
