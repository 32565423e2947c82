/// What one connection had carried, and for how long, when a request on it ended.
package struct ConnectionUse: Sendable, Hashable {
  /// Bytes of request bodies that the system has taken. Where the connection broke, the last of them did not arrive.
  package var sent: UInt64
  /// Bytes of response bodies.
  package var received: UInt64
  /// Milliseconds since the connection was opened.
  package var milliseconds: Int64

  /// What a connection has carried; the parameters are as the properties.
  package init(sent: UInt64 = 0, received: UInt64 = 0, milliseconds: Int64 = 0) {
    self.sent = sent
    self.received = received
    self.milliseconds = milliseconds
  }
}

/// Adds up what each open connection of a `CurlLoop` has carried over its requests. Used on the loop's thread only.
final class ConnectionLedger {
  private struct Account {
    let opened: ContinuousClock.Instant
    var sent: UInt64 = 0
    var received: UInt64 = 0
  }

  /// By the local port, which is a connection's own for as long as it is open.
  private var accounts: [Int: Account] = [:]

  /// More connections than libcurl keeps open for the few transfers at a time.
  private static let limit = 1024

  /// Adds what a request has carried.
  /// - Parameters:
  ///   - port: the connection's local port.
  ///   - opened: when the connection was opened for this request; nil where it was open.
  /// - Returns: what the connection has carried so far.
  func add(sent: UInt64, received: UInt64, port: Int, opened: ContinuousClock.Instant?) -> ConnectionUse {
    let now = ContinuousClock.now
    if accounts.count >= ConnectionLedger.limit, accounts[port] == nil { accounts = [:] }
    var account = opened.map { Account(opened: $0) } ?? accounts[port] ?? Account(opened: now)
    account.sent &+= sent
    account.received &+= received
    accounts[port] = account
    return ConnectionUse(
      sent: account.sent, received: account.received,
      milliseconds: Int64(clamping: Int((min(max((now - account.opened).seconds, 0), 1e9) * 1000).rounded())))
  }
}
