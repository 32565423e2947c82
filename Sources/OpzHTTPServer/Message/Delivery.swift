/// How an answer goes over the wire. An ordinary one is whole, at once, and as long as it says; faults change that.
public struct Delivery: Sendable {
  /// How the end of a body is marked (RFC 9112, section 6).
  public enum Framing: Sendable {
    case length, chunked
    /// Neither a length nor chunks: the end of the connection is the end of the body.
    case untilClose
  }

  /// A pause within a body.
  public struct Pause: Sendable {
    /// After so many bytes of the body, 0 for before the first.
    public var at: UInt64
    public var duration: Duration
    /// The connection ends then, and the rest is never sent.
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
  /// What `Content-Length` says in place of the truth.
  public var announced: UInt64?
  /// Bytes in place of status line and headers and body.
  public var raw: [UInt8]?
  /// Bytes before the status line.
  public var before: [UInt8] = []
  /// Bytes after the body that belong to nothing.
  public var after: [UInt8] = []
  /// The connection ends after so many bytes of status line and headers.
  public var headCut: Int?
  /// The connection ends after so many bytes of the body.
  public var cut: UInt64?
  /// It ends with a reset.
  public var resets = false
  /// Silence before the status line.
  public var delay: Duration?
  public var pause: Pause?
  public var drip: Drip?
  /// The connection ends after the answer, which says so.
  public var closes = false

  /// Creates an ordinary delivery, without faults.
  public init() {}

  /// No fault is in it.
  var isOrdinary: Bool {
    framing == .length && announced == nil && raw == nil && before.isEmpty && after.isEmpty && headCut == nil
      && cut == nil
      && !resets && delay == nil && pause == nil && drip == nil
  }
}
