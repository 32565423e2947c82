package import NIOCore
package import OpzHTTPServer

/// A body that is already in memory.
package final class KnownBody: RequestBody {
  private var bytes: [UInt8]?

  /// Creates a body that is one piece.
  package init(_ bytes: [UInt8]) { self.bytes = bytes.isEmpty ? nil : bytes }

  package func next() async throws -> ByteBuffer? {
    defer { bytes = nil }
    return bytes.map { ByteBuffer(bytes: $0) }
  }
}
