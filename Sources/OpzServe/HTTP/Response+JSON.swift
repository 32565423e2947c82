import OpzHTTPServer
import OpzInference
import OpzJSON

extension Response {
  init(_ contentType: String, status: Int = 200, _ body: [UInt8]) {
    self.init(status, [("Content-Type", contentType)], body: .bytes(body))
  }

  static func json(_ body: [UInt8], status: Int = 200) -> Response {
    Response("application/json", status: status, body)
  }

  /// An error response, `{"error": ..}`, in the protocol's form.
  static func failure(_ failure: RequestFailure) -> Response {
    var json = JSONWriter()
    json.raw("{\"error\":")
    json.string(failure.message)
    json.raw("}")
    var response = Response.json(json.bytes, status: failure.status)
    if let seconds = failure.retryAfter ?? (failure.status == 503 ? 1 : nil) { response["Retry-After"] = "\(seconds)" }
    return response
  }
}
