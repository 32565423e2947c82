/// What one client may ask for, so that none can take the server from the others.
public struct HTTPServerLimits: Sendable, Equatable {
  /// Connections at once; more are answered 503.
  public var connections = 4096
  /// Bytes of a request line; more are answered 414.
  public var requestLineBytes = 16 << 10
  /// Bytes of one header field; more are answered 431.
  public var fieldBytes = 16 << 10
  /// Bytes of a head with all its fields, and of a body's trailers; more are answered 431.
  public var headBytes = 32 << 10
  /// Header fields; more are answered 431.
  public var fields = 100
  /// Bytes of a body; more are answered 413.
  public var bodyBytes: UInt64 = 1 << 44
  /// Seconds from a head's first byte, or the connection's start, to its last.
  public var headSeconds = 10
  /// Seconds until the next piece of a body has to come.
  public var pieceSeconds = 60
  /// Seconds from the end of a head to the end of its body; nil for as many as it takes.
  public var bodySeconds: Int?
  /// Seconds in which a client has to take the next piece of an answer.
  public var answerSeconds = 60
  /// Seconds without a request after which a connection is closed.
  public var idleSeconds = 75
  /// Seconds that the work on a request may take.
  public var workSeconds = 900
  /// Bytes of a body that nobody wants that are still read, so that its sender sees the answer.
  public var unwantedBytes = 64 << 20
  /// Seconds that this may take.
  public var lingerSeconds = 5

  /// Creates limits with the defaults.
  public init() {}
}
