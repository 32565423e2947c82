/// What one client may ask for, so that none can take the server from the others.
public struct ServerLimits: Sendable, Equatable {
  /// Bytes of one request body; more is answered 413.
  public var bodyBytes = 16 << 20
  /// Rows of one request; more is answered 400.
  public var rows = 100_000
  /// Inference requests at once that are scored or wait for it; more are answered 503.
  public var requestsInFlight = 256
  /// Connections at once; more wait in the kernel's queue.
  public var connections = 4096
  /// Seconds from a connection's start to the end of its first request's header.
  public var headerSeconds = 10
  /// Seconds from the end of a header to the end of its body.
  public var bodySeconds = 30
  /// Seconds in which a client has to take an answer.
  public var answerSeconds = 60
  /// Seconds without a request after which a connection is closed. Above the 60 s of common load balancers, so that it
  /// is they who close.
  public var idleSeconds = 75
  /// Seconds that requests in flight have once the server stops listening.
  public var stopSeconds = 25

  /// Bytes of all request bodies held at once. It follows the size of one.
  var bodyBudget: Int {
    let (product, overflow) = bodyBytes.multipliedReportingOverflow(by: 4)
    return overflow ? Int.max : max(product, 64 << 20)
  }

  public init() {}
}
