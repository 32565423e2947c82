/// What the server answers, before it is HTTP.
struct Answer {
  var status: Int
  var contentType: StaticString
  var body: [UInt8]
  /// Further header fields.
  var fields: [(name: String, value: String)] = []
  /// The connection cannot carry another request, because this one's body was not read.
  var closes = false

  static func json(_ body: [UInt8], status: Int = 200) -> Answer {
    Answer(status: status, contentType: "application/json", body: body)
  }

  /// `{"error": ..}`, as the protocol wants every failure told.
  static func failure(_ failure: RequestFailure) -> Answer {
    var json = JSONWriter()
    json.raw("{\"error\":")
    json.string(failure.message)
    json.raw("}")
    var answer = Answer.json(json.bytes, status: failure.status)
    if failure.status == 503 { answer.fields.append(("retry-after", "1")) }
    return answer
  }
}
