/// Limits on one client, so that none can exhaust the server.
public struct ServerLimits: Sendable, Equatable {
  /// Bytes of one request body; more is answered 413.
  public var bodyBytes = 16 << 20
  /// Rows of one request; more is answered 400.
  public var rows = 100_000
  /// Inference requests that are being scored or wait for it; more get 503.
  public var requestsInFlight = 256
  /// Concurrent connections; more get 503.
  public var connections = 4096
  /// Requests of all HTTP/2 connections together; more are refused, which clients take for a reason to try again.
  public let streams = 1024
  /// Bytes that a client may send ahead in any request of HTTP/2.
  public let windowBytes = 8 << 10
  /// Seconds from a connection's start to the end of its first request's header.
  public var headerSeconds = 10
  /// Seconds from the end of a header to the end of its body.
  public var bodySeconds = 30
  /// Seconds for a client to receive a response.
  public var answerSeconds = 60
  /// Seconds without a request after which a connection is closed. Above the 60 s of common load balancers, so that
  /// they close first.
  public var idleSeconds = 75
  /// Seconds that requests in flight have after the server stops listening.
  public var stopSeconds = 25

  /// Creates limits with the defaults.
  public init() {}

  // `opz deploy` compares the sum of these with the memory of a pod (DeploymentPlan.serverBytes; a test checks that
  // they agree).

  /// Bytes of all request bodies and unsent responses held at once, derived from the maximum body size. What clients of
  /// HTTP/2 may send ahead has its place beside them.
  public var bodyBudget: Int { bodyBytes.times(4).plus(outputBudget - windowBudget) }

  /// Bytes that clients of HTTP/2 may send ahead in all their requests.
  public var windowBudget: Int { streams * windowBytes }

  /// Bytes that decoding and scoring may use at once: a body of maximum size runs alone, smaller ones together.
  public var scoringBudget: Int { bodyBytes.times(4).plus(outputBudget) }

  /// Bytes of the scores of one request, as numbers and as text; more get 413.
  public var outputBudget: Int { 16 << 20 }
}

extension Int {
  /// The product, saturating.
  package func times(_ factor: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }

  /// The sum, saturating.
  package func plus(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
