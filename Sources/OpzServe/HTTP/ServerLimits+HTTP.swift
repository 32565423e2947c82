import OpzHTTPServer
import OpzInference

extension ServerLimits {
  /// The limits of the underlying HTTP server.
  var http: HTTPServerLimits {
    var limits = HTTPServerLimits()
    limits.connections = connections
    limits.bodyBytes = UInt64(bodyBytes)
    limits.headSeconds = headerSeconds
    (limits.bodySeconds, limits.pieceSeconds) = (bodySeconds, bodySeconds)
    limits.answerSeconds = answerSeconds
    limits.idleSeconds = idleSeconds
    limits.lingerSeconds = 2
    (limits.streams, limits.streamWindowBytes) = (streams, windowBytes)
    return limits
  }
}
