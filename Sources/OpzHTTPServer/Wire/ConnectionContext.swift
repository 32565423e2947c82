/// What the connections of a server share, and the deadline of one of them.
struct ConnectionContext: Sendable {
  let service: any HTTPService
  let limits: HTTPServerLimits
  let deadline: ConnectionDeadline
  let connections: Connections

  /// Reserves memory for the wider window of a stream; false where there is none.
  func widen(by bytes: Int) -> Bool {
    guard connections.enterWindow(bytes) else { return false }
    if service.reserve(windowBytes: bytes) { return true }
    connections.leaveWindow(bytes)
    return false
  }

  /// Gives back what `widen` reserved.
  func narrow(by bytes: Int) {
    connections.leaveWindow(bytes)
    service.release(windowBytes: bytes)
  }
}
