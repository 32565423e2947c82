import OpzHTTPServer
import OpzInference

/// When a client no longer waits for the response, as its headers say.
enum RequestDeadline {
  /// The deadline of a request that arrived at `start`: gRPC's `grpc-timeout`, which gateways also send over HTTP, or
  /// the milliseconds that Envoy, and so Istio, tells a server (`x-envoy-expected-rq-timeout-ms`). The earliest counts:
  /// whoever waits for less has left by then.
  /// - Throws: `RequestFailure` for a timeout that is none.
  static func of(_ fields: HTTPFields, _ start: ContinuousClock.Instant) throws -> ContinuousClock.Instant? {
    var timeouts = try fields.values("grpc-timeout").map { text in
      guard let timeout = timeout(text) else {
        throw RequestFailure(
          400, "grpc-timeout is '\(text.prefix(50))': at most 8 digits and H, M, S, m, u or n", leavesBody: true)
      }
      return timeout
    }
    timeouts += fields.values("x-envoy-expected-rq-timeout-ms").compactMap { text in
      UInt32(text).flatMap { $0 > 0 ? .milliseconds($0) : nil }
    }
    return timeouts.min().map { start + $0 }
  }

  /// gRPC over HTTP/2, "Timeout": up to eight digits and a unit.
  private static func timeout(_ text: String) -> Duration? {
    guard let unit = text.utf8.last, (2...9).contains(text.utf8.count), let count = UInt32(text.dropLast()),
      text.utf8.first != UInt8(ascii: "+")
    else { return nil }
    switch unit {
    case UInt8(ascii: "H"): return .seconds(Int64(count) * 3600)
    case UInt8(ascii: "M"): return .seconds(Int64(count) * 60)
    case UInt8(ascii: "S"): return .seconds(count)
    case UInt8(ascii: "m"): return .milliseconds(count)
    case UInt8(ascii: "u"): return .microseconds(count)
    case UInt8(ascii: "n"): return .nanoseconds(count)
    default: return nil
    }
  }
}
