import NIOCore

/// The body of a request, pulled piece by piece: what is not pulled waits in the client.
protocol RequestBody: AnyObject {
  /// The next piece; nil at the end.
  /// - Throws: `HangUp` where the client has gone away.
  func next() async throws -> ByteBuffer?
}

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

/// The end of a connection without another word.
struct HangUp: Error {
  /// With a reset (RST) in place of an orderly end.
  var resets = false
}
