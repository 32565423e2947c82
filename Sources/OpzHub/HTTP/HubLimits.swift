import OpzHTTPServer

/// Limits on one client, so that none can exhaust the hub.
struct HubLimits: Sendable {
  /// Concurrent connections; more get 503. Each may have a file open, and a process may have 1024 descriptors by
  /// default.
  var connections = 400
  /// Unfinished uploads; starting another one ends the least recently used.
  var uploads = 4096
  /// Seconds to wait for a header, the next piece of a body, or room for the next piece of a response.
  var patienceSeconds = 60

  init() {}

  /// Blobs have no total time limit, so the body timeout applies to each piece.
  var http: HTTPServerLimits {
    var limits = HTTPServerLimits()
    limits.connections = connections
    (limits.headSeconds, limits.idleSeconds) = (patienceSeconds, patienceSeconds)
    (limits.pieceSeconds, limits.answerSeconds) = (patienceSeconds, patienceSeconds)
    return limits
  }
}
