import OpzHTTPServer

extension RequestBody {
  /// All of a small body.
  /// - Throws: `SpecError` with 413 when there are more bytes than that.
  func bytes(limit: Int) async throws -> [UInt8] {
    var all: [UInt8] = []
    while let piece = try await next() {
      guard all.count + piece.readableBytes <= limit else {
        throw SpecError(413, .sizeInvalid, "more than the \(limit) bytes that may come here")
      }
      all += piece.readableBytesView
    }
    return all
  }
}
