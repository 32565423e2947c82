import OpzHTTPServer
import OpzJSON

extension Answer {
  init(_ contentType: String, status: Int = 200, _ body: [UInt8]) {
    self.init(status, [("Content-Type", contentType)], body: .bytes(body))
  }

  static func json(_ body: [UInt8], status: Int = 200) -> Answer {
    Answer("application/json", status: status, body)
  }

  /// An error response, `{"error": ..}`, in the protocol's form.
  static func failure(_ failure: RequestFailure) -> Answer {
    var json = JSONWriter()
    json.raw("{\"error\":")
    json.string(failure.message)
    json.raw("}")
    var answer = Answer.json(json.bytes, status: failure.status)
    if failure.status == 503 { answer["Retry-After"] = "1" }
    return answer
  }
}
