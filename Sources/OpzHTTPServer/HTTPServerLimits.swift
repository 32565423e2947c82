/// Limits on one client, so that none can exhaust the server.
public struct HTTPServerLimits: Sendable, Equatable {
  /// Concurrent connections; more get 503.
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
  /// Seconds from a head's first byte, or from the connection's start, to its last byte.
  public var headSeconds = 10
  /// Seconds to wait for the next piece of a body.
  public var pieceSeconds = 60
  /// Seconds from the end of a head to the end of its body; nil for no limit.
  public var bodySeconds: Int?
  /// Seconds for a client to take the next piece of a response.
  public var answerSeconds = 60
  /// Seconds without a request after which a connection is closed.
  public var idleSeconds = 75
  /// Seconds that handling a request may take.
  public var workSeconds = 900
  /// Bytes of an unwanted body that are still read, so that the client sees the response.
  public var unwantedBytes = 64 << 20
  /// Seconds that reading an unwanted body may take.
  public var lingerSeconds = 5

  /// Requests of all HTTP/2 connections together; more are refused, which clients take for a reason to try again.
  public var streams = 1024
  /// Requests at once of one HTTP/2 connection, which is announced to the client.
  public var connectionStreams = 100
  /// Bytes that a client may send ahead in any request of HTTP/2. All of them together are `streams` times as much.
  public var streamWindowBytes = 8 << 10
  /// Bytes that it may send ahead in a request whose body is being read, while there is room: one window is sent for
  /// each round trip.
  public var wideWindowBytes = 256 << 10
  /// Bytes of all wide windows together.
  public var wideWindowsBytes = 8 << 20

  /// Creates limits with the defaults.
  public init() {}
}
