import OpzHTTPServer
import OpzIO
import OpzInference
import OpzJSON

/// What the log says of requests: a JSON object each, in a line.
struct RequestLog: Sendable {
  /// Whether every request has a line.
  var hasAll = false
  /// Requests that take this long or longer have a line in any case; nil for none.
  var slow: Duration?
  /// Takes a line, without its end.
  var write: @Sendable ([UInt8]) -> Void = { _ in }

  /// No lines.
  static let none = RequestLog()

  var isOn: Bool { hasAll || slow != nil }

  /// Writes the line of a request whose response is made.
  func note(_ record: RequestRecord, status: Int, grpc: Int? = nil, sent: UInt64? = nil) {
    guard isOn else { return }
    let time = ContinuousClock.now - record.start
    let isSlow = slow.map { time >= $0 } ?? false
    guard hasAll || isSlow else { return }
    var json = JSONWriter()
    json.raw("{\"event\":\"request\",\"time\":")
    json.string(Timestamp.now().description)
    json.raw(",\"id\":")
    json.string(record.id ?? "")
    if let own = record.ownID {
      json.raw(",\"request\":")
      json.string(RequestLog.short(own))
    }
    json.raw(",\"protocol\":")
    json.string(record.version)
    json.raw(",\"method\":")
    json.string(RequestLog.short(record.method))
    json.raw(",\"path\":")
    json.string(RequestLog.short(record.path))
    json.raw(",\"status\":")
    json.number(status)
    write(to: &json, ",\"grpc_status\":", grpc)
    write(to: &json, ",\"sent_bytes\":", sent)
    json.raw(",\"ms\":")
    RequestLog.write(time, to: &json)
    if let inference = record.inference { RequestLog.write(inference, to: &json) }
    if isSlow { json.raw(",\"slow\":true") }
    json.raw("}")
    write(PrintableText.json(json.bytes))
  }

  private func write(to json: inout JSONWriter, _ key: StaticString, _ number: (some FixedWidthInteger)?) {
    guard let number else { return }
    json.raw(key)
    json.number(number)
  }

  /// What took how long: reading the request, waiting and computing, and writing the response.
  private static func write(_ inference: RequestRecord.Parts, to json: inout JSONWriter) {
    json.raw(",\"received_bytes\":")
    json.number(inference.bytes)
    json.raw(",\"rows\":")
    json.number(inference.rows)
    for (key, time) in [
      (",\"decode_ms\":", inference.decoding), (",\"score_ms\":", inference.scoring),
      (",\"encode_ms\":", inference.encoding),
    ] as [(StaticString, Duration)] {
      json.raw(key)
      write(time, to: &json)
    }
  }

  /// Milliseconds, to the microsecond.
  private static func write(_ time: Duration, to json: inout JSONWriter) {
    json.number(Double(time.nanoseconds / 1000) / 1000)
  }

  /// A text of a stranger.
  private static func short(_ text: some StringProtocol) -> String { String(text.prefix(500)) }
}
