import OpzHTTPServer

/// Reads a request's body within the limit and within the memory that all bodies have together.
struct BodyReader {
  /// Bytes.
  let limit: Int

  /// - Parameter ticket: what the body takes is counted here before it is taken: an announced one's bytes at once, another's as it grows.
  /// - Throws: `RequestFailure` that leaves the body unread, and `RequestProblem` of a body that is none.
  func read(_ request: Request, _ body: any RequestBody, _ ticket: Admission.Ticket) async throws -> [UInt8] {
    try check(request)
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
    } catch is HangUp {
      throw RequestFailure(400, "the connection ended in the middle of the body", leavesBody: true)
    }
    return bytes
  }

  /// While an array grows there are both the old one and the new one.
  private func grow(_ bytes: inout [UInt8], to capacity: Int, _ ticket: Admission.Ticket) throws {
    let old = bytes.capacity
    try ticket.add(bytes: capacity)
    bytes.reserveCapacity(capacity)
    ticket.give(back: old)
  }

  /// What the header says already against reading the body.
  private func check(_ request: Request) throws {
    if request.field("inference-header-content-length") != nil {
      throw RequestFailure(
        400, "binary tensor data is not supported: send the tensors as JSON (binary_data false)", leavesBody: true)
    }
    if let encoding = request.field("content-encoding"), encoding.lowercased() != "identity" {
      throw RequestFailure(
        415, "the content encoding '\(encoding.prefix(50))' is not supported: send plain JSON", leavesBody: true)
    }
  }

  private var tooLarge: RequestFailure {
    RequestFailure(413, "the body has more than \(limit) bytes, the limit of this server", leavesBody: true)
  }
}
