/// How a response is sent. An ordinary one is complete, immediate, and has the right length; faults change that.
public struct Delivery: Sendable {
  /// How the end of a body is marked (RFC 9112, section 6).
  public enum Framing: Sendable {
    case length, chunked
    /// Neither a length nor chunks: closing the connection ends the body.
    case untilClose
  }

  /// A pause within a body.
  public struct Pause: Sendable {
    /// Bytes of the body before the pause; 0 for a pause before the first.
    public var at: UInt64
    public var duration: Duration
    /// The connection closes after the pause, and the rest is never sent.
    public var isLast: Bool

    /// Creates a pause after `at` bytes of the body; a last one ends the connection.
    public init(at: UInt64, duration: Duration, isLast: Bool) {
      self.at = at
      self.duration = duration
      self.isLast = isLast
    }
  }

  /// A body sent a few bytes at a time.
  public struct Drip: Sendable {
    public var bytes: Int
    public var every: Duration

    /// Creates a drip of `bytes` bytes per interval.
    public init(bytes: Int, every: Duration) {
      self.bytes = bytes
      self.every = every
    }
  }

  public var framing = Framing.length
  /// The value of `Content-Length` in place of the true one.
  public var announced: UInt64?
  /// Bytes sent in place of the status line, headers and body.
  public var raw: [UInt8]?
  /// Bytes sent before the status line.
  public var before: [UInt8] = []
  /// Extra bytes sent after the body.
  public var after: [UInt8] = []
  /// Closes the connection after this many bytes of the status line and headers.
  public var headCut: Int?
  /// Closes the connection after this many bytes of the body.
  public var cut: UInt64?
  /// Closes the connection with a reset.
  public var resets = false
  /// Delay before the status line.
  public var delay: Duration?
  public var pause: Pause?
  public var drip: Drip?
  /// Closes the connection after the response, which announces it.
  public var closes = false

  /// Creates an ordinary delivery, without faults.
  public init() {}

  /// There is no fault in it.
  var isOrdinary: Bool {
    framing == .length && announced == nil && raw == nil && before.isEmpty && after.isEmpty && headCut == nil
      && cut == nil
      && !resets && delay == nil && pause == nil && drip == nil
  }
}
