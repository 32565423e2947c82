import NIOCore

/// Decodes chunked bodies (RFC 9112, section 7.1). Nothing after a bad chunk can be located, so any error ends the
/// connection.
struct ChunkDecoder {
  private enum State {
    case size
    case data(UInt64)
    case dataEnd
    case trailers
    case end
  }

  /// Maximum bytes of a line with a chunk size and its extensions.
  private static let lineLimit = 1024
  /// Maximum bytes of all extensions together: one-byte chunks with a kilobyte of extensions each are an attack.
  private static let extensionLimit = 64 << 10

  private let limits: HTTPServerLimits
  private var state = State.size
  private var extensions = 0
  private var trailers = 0
  /// Bytes of the body announced by the chunks so far.
  private var total: UInt64 = 0

  init(_ limits: HTTPServerLimits) { self.limits = limits }

  var isAtEnd: Bool { if case .end = state { true } else { false } }

  /// The next piece of the body in `buffer`; nil at the end or when more bytes are needed.
  mutating func next(_ buffer: inout ByteBuffer) throws -> ByteBuffer? {
    while true {
      switch state {
      case .size:
        guard let line = try line(&buffer, limit: ChunkDecoder.lineLimit, "the size of a chunk") else { return nil }
        let size = try size(line)
        total += size
        guard total <= limits.bodyBytes else {
          throw RequestProblem(413, "the body has more than \(limits.bodyBytes) bytes, the limit of this server")
        }
        state = size == 0 ? .trailers : .data(size)
      case .data(let left):
        let count = Int(min(left, UInt64(buffer.readableBytes)))
        guard count > 0, let piece = buffer.readSlice(length: count) else { return nil }
        state = left == UInt64(count) ? .dataEnd : .data(left - UInt64(count))
        return piece
      case .dataEnd:
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
        guard first == 13 else { throw RequestProblem(400, "a chunk is longer than its size") }
        guard let end = buffer.getInteger(at: buffer.readerIndex, as: UInt16.self) else { return nil }
        guard end == 0x0d0a else { throw RequestProblem(400, "a chunk is longer than its size") }
        buffer.moveReaderIndex(forwardBy: 2)
        state = .size
      case .trailers:
        guard let line = try line(&buffer, limit: limits.fieldBytes, "a trailer") else { return nil }
        if line.isEmpty {
          state = .end
          return nil
        }
        trailers += line.count
        guard trailers <= limits.headBytes else {
          throw RequestProblem(431, "trailers of more than \(limits.headBytes) bytes")
        }
        // Trailers are checked for their syntax and dropped: none has a meaning here.
        try line.withUnsafeBytes { _ = try HeadParser.field($0[...]) }
      case .end: return nil
      }
    }
  }

  /// Takes a line with its CR LF; nil if it is incomplete.
  private func line(_ buffer: inout ByteBuffer, limit: Int, _ what: String) throws -> [UInt8]? {
    let bytes = buffer.readableBytesView
    var length: Int?
    for (offset, byte) in bytes.prefix(limit + 2).enumerated() {
      if byte == 10 {
        guard offset > 0, bytes[bytes.startIndex + offset - 1] == 13 else {
          throw RequestProblem(400, "\(what) ends with a bare LF")
        }
        length = offset - 1
        break
      }
      let isAfterReturn = offset > 0 && bytes[bytes.startIndex + offset - 1] == 13
      guard !isAfterReturn, byte >= 0x20 && byte != 0x7f || byte == 9 || byte == 13 else {
        throw RequestProblem(400, "a control character in \(what)")
      }
    }
    guard let length else {
      if bytes.count >= limit + 2 { throw RequestProblem(400, "\(what) has more than \(limit) bytes") }
      return nil
    }
    let line = buffer.readBytes(length: length)
    buffer.moveReaderIndex(forwardBy: 2)
    return line
  }

  /// `1*HEXDIG [chunk-ext]`.
  private mutating func size(_ line: [UInt8]) throws -> UInt64 {
    var size: UInt64 = 0
    let digits = line.prefix { hexDigit($0) != nil }
    // 15 digits exceed any disk and cannot overflow.
    guard !digits.isEmpty, digits.count <= 15 else { throw RequestProblem(400, "the size of a chunk is not a number") }
    for byte in digits { size = size << 4 | UInt64(hexDigit(byte) ?? 0) }
    let rest = line.dropFirst(digits.count).drop { $0 == 0x20 || $0 == 9 }
    guard rest.count == line.count - digits.count && rest.isEmpty || rest.first == UInt8(ascii: ";") else {
      throw RequestProblem(400, "the size of a chunk is not a number")
    }
    extensions += rest.count
    guard extensions <= ChunkDecoder.extensionLimit else {
      throw RequestProblem(400, "chunk extensions of more than \(ChunkDecoder.extensionLimit) bytes")
    }
    return size
  }
}
