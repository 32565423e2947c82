package import OpzHTTPServer

extension RequestBody {
  /// Reads a small body into memory.
  /// - Throws: `SpecError` with 413 when it has more than `limit` bytes.
  package func bytes(limit: Int) async throws -> [UInt8] {
    var all: [UInt8] = []
    while let piece = try await next() {
      guard all.count + piece.readableBytes <= limit else {
        throw SpecError(413, .sizeInvalid, message: "the body has more than \(limit) bytes")
      }
      all += piece.readableBytesView
    }
    return all
  }
}
