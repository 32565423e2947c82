import OpzHTTPServer
import OpzInference

/// Reads a request's body within its size limit and the memory budget of all bodies.
struct BodyReader {
  /// Runs work that would hold the connection's thread for long.
  typealias Thread = (@escaping @Sendable () throws -> [UInt8]?) async throws -> [UInt8]?

  /// Bytes.
  let limit: Int
  let thread: Thread

  /// - Parameter thread: runs what takes long; the caller's thread, where the limit is small.
  init(limit: Int, thread: @escaping Thread = { try $0() }) {
    self.limit = limit
    self.thread = thread
  }

  /// - Parameter ticket: reserves the memory before it is used: an announced size at once, an unknown one as the body
  ///   grows.
  /// - Throws: `RequestFailure` when the body is refused before it is read, `RequestProblem` when it is malformed.
  func read(_ request: Request, _ body: any RequestBody, ticket: Admission.Ticket) async throws -> [UInt8] {
    let coding = try ContentCoding.of(request.field("content-encoding"))
    var (bytes, reserved) = ([UInt8](), 0)
    if let announced = request.length {
      guard announced <= UInt64(limit) else { throw tooLarge }
      try grow(&bytes, &reserved, to: Int(announced), ticket: ticket)
    }
    do {
      while let piece = try await body.next() {
        let needed = bytes.count + piece.readableBytes
        guard needed <= limit else { throw tooLarge }
        if needed > reserved { try grow(&bytes, &reserved, to: min(limit, max(needed, 2 * reserved)), ticket: ticket) }
        bytes.append(contentsOf: piece.readableBytesView)
      }
    } catch is ConnectionClosed {
      throw RequestFailure(400, "the connection ended in the middle of the body", leavesBody: true)
    }
    guard let coding else { return bytes }
    defer { ticket.give(back: reserved) }
    return try await decode(bytes, coding, ticket: ticket)
  }

  /// While an array grows, the old and the new one exist together.
  private func grow(_ bytes: inout [UInt8], _ reserved: inout Int, to capacity: Int, ticket: Admission.Ticket) throws {
    try ticket.add(bytes: capacity)
    bytes.reserveCapacity(capacity)
    ticket.give(back: reserved)
    reserved = capacity
  }

  /// Decodes a body. What it becomes is not known before: a buffer that is too small is made anew, four times as large.
  private func decode(_ bytes: [UInt8], _ coding: ContentCoding, ticket: Admission.Ticket) async throws -> [UInt8] {
    let short = Exchange.shortBytes
    var capacity = min(limit, bytes.count <= short ? short : bytes.count.times(4))
    while true {
      try ticket.add(bytes: capacity)
      let (size, isShort) = (capacity, capacity <= short && bytes.count <= short)
      let decoded =
        isShort
        ? try coding.decode(bytes, capacity: size)
        : try await thread { try coding.decode(bytes, capacity: size) }
      if let decoded { return decoded }
      ticket.give(back: capacity)
      guard capacity < limit else {
        throw RequestFailure(413, "the body has more than \(limit) bytes when it is decoded, the limit of this server")
      }
      capacity = min(limit, capacity.times(4))
    }
  }

  private var tooLarge: RequestFailure {
    RequestFailure(413, "the body has more than \(limit) bytes, the limit of this server", leavesBody: true)
  }
}
