internal import HTTPTypes
internal import Hummingbird

/// Hands Hummingbird's requests to the server and its answers back.
struct ServerResponder: HTTPResponder {
  let server: InferenceServer

  func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
    let answer = await server.answer(request)
    var headers: HTTPFields = [.contentType: "\(answer.contentType)"]
    for field in answer.fields {
      if let name = HTTPField.Name(field.name) { headers[name] = field.value }
    }
    // A client that keeps the connection would send its next request to a server that is gone.
    if answer.closes || server.lifecycle.isDraining { headers[.connection] = "close" }
    let response = Response(
      status: .init(code: answer.status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    return request.method == .head ? response.createHeadResponse() : response
  }
}
