import NIOCore

/// When an HTTP/2 connection has been idle for too long, and whether its client still is there. A timer looks after it from
/// time to time, so that requests cost it nothing but two times of day.
struct HTTP2Watch {
  enum Due {
    case nothing, goodbye, ping
    /// The client is gone.
    case close
  }

  var lastRead = NIODeadline.now()
  /// Since when there is no request, if there is none.
  var idleSince = NIODeadline.now()
  var timer: Scheduled<Void>?
  private var pinged: NIODeadline?
  private var hasSaidGoodbye = false
  private let idle: TimeAmount

  /// A stream may wait for hours: only a PING tells whether its client still is there.
  private static let silence = TimeAmount.seconds(60)
  private static let patience = TimeAmount.seconds(20)

  init(idleSeconds: Int) { idle = .seconds(Int64(idleSeconds)) }

  /// What is to be done now.
  mutating func due(_ now: NIODeadline, isIdle: Bool) -> Due {
    if let sent = pinged {
      if lastRead >= sent {
        pinged = nil
      } else if now - sent >= HTTP2Watch.patience {
        return .close
      }
    }
    if isIdle, !hasSaidGoodbye, now - idleSince >= idle {
      hasSaidGoodbye = true
      return .goodbye
    }
    guard pinged == nil, now - lastRead >= HTTP2Watch.silence else { return .nothing }
    pinged = now
    return .ping
  }

  /// When to look again. What comes before that may only make it later.
  func next(isIdle: Bool) -> NIODeadline {
    let silence = pinged.map { $0 + HTTP2Watch.patience } ?? lastRead + HTTP2Watch.silence
    guard !hasSaidGoodbye else { return silence }
    return min(silence, (isIdle ? idleSince : .now()) + idle)
  }
}
