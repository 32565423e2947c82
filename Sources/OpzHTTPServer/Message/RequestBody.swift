public import NIOCore

/// The body of a request, pulled piece by piece; backpressure makes the client wait for what is not pulled.
public protocol RequestBody: AnyObject {
  /// The next piece; nil at the end.
  /// - Throws: `ConnectionClosed` when the client closed the connection before the end; `RequestProblem` when the body is
  ///   malformed or over a limit.
  func next() async throws -> ByteBuffer?

  /// Whether the service awaits what may never come, such as another message of a stream: when the server stops, `next`
  /// then throws `ConnectionClosed` at once instead of waiting for the client.
  var isOptional: Bool { get set }
}

extension RequestBody {
  /// Bodies of HTTP/1.1 end by themselves.
  public var isOptional: Bool {
    get { false }
    set {}
  }
}
