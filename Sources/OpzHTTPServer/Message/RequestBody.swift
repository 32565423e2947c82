public import NIOCore

/// The body of a request, pulled piece by piece: what is not pulled waits in the client.
public protocol RequestBody: AnyObject {
  /// The next piece; nil at the end.
  /// - Throws: `HangUp` where the client ended the connection before the body; `RequestProblem` where the body is no body.
  func next() async throws -> ByteBuffer?
}
