import OpzHTTPServer

/// What one client may ask for, so that none can take the server from the others.
public struct ServerLimits: Sendable, Equatable {
  /// Bytes of one request body; more is answered 413.
  public var bodyBytes = 16 << 20
  /// Rows of one request; more is answered 400.
  public var rows = 100_000
  /// Inference requests at once that are scored or wait for it; more are answered 503.
  public var requestsInFlight = 256
  /// Connections at once; more are answered 503.
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

  /// Creates limits with the defaults.
  public init() {}

  // `opz deploy` compares the sum of these with the memory that it gives a pod (DeploymentPlan.serverBytes; a test says that they agree).

  /// Bytes of all request bodies, and of all answers that clients have not taken, held at once. It follows the size of one.
  public var bodyBudget: Int { bodyBytes.times(4).plus(outputBudget) }

  /// Bytes that decoding and scoring may take at once: one body of the largest size has its turn alone, smaller ones together.
  public var scoringBudget: Int { bodyBytes.times(4).plus(outputBudget) }

  /// Bytes that the scores of one request may take, as numbers and as text; more are answered 413.
  public var outputBudget: Int { 16 << 20 }

  /// The limits of the HTTP server under it.
  var http: HTTPServerLimits {
    var limits = HTTPServerLimits()
    limits.connections = connections
    limits.bodyBytes = UInt64(bodyBytes)
    limits.headSeconds = headerSeconds
    (limits.bodySeconds, limits.pieceSeconds) = (bodySeconds, bodySeconds)
    limits.answerSeconds = answerSeconds
    limits.idleSeconds = idleSeconds
    limits.lingerSeconds = 2
    return limits
  }
}

extension Int {
  /// The product, or the greatest number where it is greater.
  func times(_ factor: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }

  /// The sum, or the greatest number where it is greater.
  func plus(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
