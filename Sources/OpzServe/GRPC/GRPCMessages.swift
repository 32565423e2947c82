import NIOCore
import OpzHTTPServer
import OpzInference

/// The messages of a call: each is a flag, its length in four bytes, big-endian, and its bytes (gRPC over HTTP/2,
/// "Length-Prefixed-Message"). They may be split over DATA frames in any way.
struct GRPCMessages {
  private let body: any RequestBody
  /// Bytes of a message.
  private let limit: Int
  /// What has come and is not read.
  private(set) var buffer = ByteBuffer()
  /// Bytes left of a message that is not read.
  private var unwanted = 0

  init(_ body: any RequestBody, limit: Int) {
    self.body = body
    self.limit = limit
  }

  /// The next message; nil at the end of the client's messages.
  /// - Parameter ticket: reserves the memory of the message before it is read.
  /// - Throws: `GRPCStatus` for what is no message or too large, `RequestFailure` where there is no memory: that
  ///   message is passed over, and the next call gives the one after it.
  mutating func next(_ ticket: Admission.Ticket? = nil) async throws -> [UInt8]? {
    try await passOver()
    while buffer.readableBytes < 5 {
      guard var piece = try await body.next() else {
        guard buffer.readableBytes == 0 else { throw GRPCMessages.cut }
        return nil
      }
      buffer.append(&piece)
    }
    guard let flag = buffer.readInteger(as: UInt8.self), let length = buffer.readInteger(as: UInt32.self) else {
      return nil
    }
    guard flag == 0 else {
      throw GRPCStatus(.unimplemented, "the message is compressed: this server takes none but identity")
    }
    guard length <= limit else {
      throw GRPCStatus(.resourceExhausted, "a message of \(length) bytes: the limit of this server is \(limit)")
    }
    do {
      try ticket?.add(bytes: Int(length))
    } catch {
      unwanted = Int(length)
      throw error
    }
    return try await message(Int(length))
  }

  /// Reads the rest of a message that was refused, piece by piece.
  private mutating func passOver() async throws {
    while unwanted > 0 {
      if buffer.readableBytes == 0 {
        guard let piece = try await body.next() else { throw GRPCMessages.cut }
        buffer = piece
      }
      let count = min(unwanted, buffer.readableBytes)
      buffer.moveReaderIndex(forwardBy: count)
      unwanted -= count
    }
  }

  private static let cut = GRPCStatus(.invalidArgument, "the call ended in the middle of a message")

  private mutating func message(_ length: Int) async throws -> [UInt8] {
    // Small ones are there whole.
    if length <= buffer.readableBytes { return buffer.readBytes(length: length) ?? [] }
    var message: [UInt8] = []
    message.reserveCapacity(length)
    while true {
      let count = min(length - message.count, buffer.readableBytes)
      message.append(contentsOf: buffer.readBytes(length: count) ?? [])
      if message.count == length { return message }
      guard let piece = try await body.next() else { throw GRPCMessages.cut }
      buffer = piece
    }
  }

  /// Waits for another message of a stream, which may never come.
  /// - Returns: whether there is one; `next` reads it.
  /// - Throws: `ConnectionClosed` when the server stops before one has begun.
  mutating func hasNext() async throws -> Bool {
    try await passOver()
    guard buffer.readableBytes == 0 else { return true }
    body.isOptional = true
    defer { body.isOptional = false }
    guard let piece = try await body.next() else { return false }
    buffer = piece
    return true
  }

  /// A message with its length before it.
  static func frame(_ message: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(message.count + 5)
    bytes.append(0)
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: message.count).bigEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: message)
    return bytes
  }
}
