import OpzHTTPServer
import OpzInference

/// Reads a request's body within its size limit and the memory budget of all bodies.
struct BodyReader {
  /// Bytes.
  let limit: Int

  /// - Parameter ticket: reserves the memory before it is used: an announced size at once, an unknown one as the body
  ///   grows.
  /// - Throws: `RequestFailure` when the body is refused before it is read, `RequestProblem` when it is malformed.
  func read(_ request: Request, _ body: any RequestBody, ticket: Admission.Ticket) async throws -> [UInt8] {
    let coding = try ContentCoding.of(request.field("content-encoding"))
    var bytes: [UInt8] = []
    if let announced = request.length {
      guard announced <= UInt64(limit) else { throw tooLarge }
      try grow(&bytes, to: Int(announced), ticket)
    }
    do {
      while let piece = try await body.next() {
        let needed = bytes.count + piece.readableBytes
        guard needed <= limit else { throw tooLarge }
        if needed > bytes.capacity { try grow(&bytes, to: min(limit, max(needed, 2 * bytes.capacity)), ticket) }
        bytes.append(contentsOf: piece.readableBytesView)
      }
    } catch is ConnectionClosed {
      throw RequestFailure(400, "the connection ended in the middle of the body", leavesBody: true)
    }
    guard let coding else { return bytes }
    return try coding.decode(bytes, limit: limit) { try ticket.add(bytes: $0) }
  }

  /// While an array grows, the old and the new one exist together.
  private func grow(_ bytes: inout [UInt8], to capacity: Int, _ ticket: Admission.Ticket) throws {
    let old = bytes.capacity
    try ticket.add(bytes: capacity)
    bytes.reserveCapacity(capacity)
    ticket.give(back: old)
  }

  private var tooLarge: RequestFailure {
    RequestFailure(413, "the body has more than \(limit) bytes, the limit of this server", leavesBody: true)
  }
}
