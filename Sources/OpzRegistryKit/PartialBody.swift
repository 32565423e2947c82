import NIOCore
import OpzHTTPServer

/// The body of a request whose connection ended inside it.
final class PartialBody: RequestBody {
  private var received: [UInt8]

  init(_ received: [UInt8]) { self.received = received }

  func next() async throws -> ByteBuffer? {
    guard !received.isEmpty else { throw ConnectionClosed() }
    defer { received = [] }
    return ByteBuffer(bytes: received)
  }
}
