import OpzHTTPServer

/// What one client may ask for, so that none can take the hub from the others.
struct HubLimits: Sendable {
  /// Connections at once; more are answered 503. Each may have a file open, and a process has 1024 of both where nobody says otherwise.
  var connections = 400
  /// Uploads that were begun and not ended; one more ends the one that was left alone for the longest time.
  var uploads = 4096
  /// Seconds until a header, the next piece of a body, or the room for the next piece of an answer has to come.
  var patienceSeconds = 60

  init() {}

  /// Blobs take as long as they take, so a body has its time for each piece.
  var http: HTTPServerLimits {
    var limits = HTTPServerLimits()
    limits.connections = connections
    (limits.headSeconds, limits.idleSeconds) = (patienceSeconds, patienceSeconds)
    (limits.pieceSeconds, limits.answerSeconds) = (patienceSeconds, patienceSeconds)
    return limits
  }
}
