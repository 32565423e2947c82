import NIOHTTP2

/// How far a goodbye has come (RFC 9113, section 6.8): a GOAWAY that names no request, a PING after it, and once the
/// client has answered that, so that it knows, a GOAWAY with the last request that it had sent.
struct HTTP2Goodbye {
  var isSaid = false
  /// The client has answered the PING.
  var isUnderstood = false
  /// The last request that has come.
  var last = HTTP2StreamID.rootStream
  let ping: HTTP2PingData
  /// Of a PING that only asks whether the client still is there.
  let otherPing: HTTP2PingData

  init() {
    let number = UInt64.random(in: .min ... .max)
    ping = HTTP2PingData(withInteger: number)
    otherPing = HTTP2PingData(withInteger: ~number)
  }
}
