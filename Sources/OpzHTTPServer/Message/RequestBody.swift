public import NIOCore

/// The body of a request, pulled piece by piece; backpressure makes the client wait for what is not pulled.
public protocol RequestBody: AnyObject {
  /// The next piece; nil at the end.
  /// - Throws: `ConnectionClosed` when the client closed the connection before the end; `RequestProblem` when the body is
  ///   malformed or over a limit.
  func next() async throws -> ByteBuffer?
}
