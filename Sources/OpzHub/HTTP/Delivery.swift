/// How an answer goes over the wire. An ordinary one is whole, at once, and as long as it says; faults change that.
struct Delivery: Sendable {
  enum Framing: Sendable {
    case length, chunked
    /// Neither a length nor chunks: the end of the connection is the end of the body.
    case untilClose
  }

  struct Pause: Sendable {
    /// After so many bytes of the body, 0 for before the first.
    var at: UInt64
    var duration: Duration
    /// The connection ends then, and the rest is never sent.
    var isLast: Bool
  }

  struct Drip: Sendable {
    var bytes: Int
    var every: Duration
  }

  var framing = Framing.length
  /// What `Content-Length` says in place of the truth.
  var announced: UInt64?
  /// Bytes in place of status line and headers and body.
  var raw: [UInt8]?
  /// Bytes before the status line.
  var before: [UInt8] = []
  /// Bytes after the body that belong to nothing.
  var after: [UInt8] = []
  /// The connection ends after so many bytes of status line and headers.
  var headCut: Int?
  /// The connection ends after so many bytes of the body.
  var cut: UInt64?
  /// It ends with a reset.
  var resets = false
  /// Silence before the status line.
  var delay: Duration?
  var pause: Pause?
  var drip: Drip?
  /// The connection ends after the answer, which says so unless `isSilent`.
  var closes = false

  var isOrdinary: Bool {
    framing == .length && announced == nil && raw == nil && before.isEmpty && after.isEmpty && headCut == nil
      && cut == nil
      && !resets && delay == nil && pause == nil && drip == nil
  }
}
