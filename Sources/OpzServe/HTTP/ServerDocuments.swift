import OpzHTTPServer
import OpzInference
import OpzJSON

/// The server's small documents other than inference responses.
struct ServerDocuments {
  let model: ServedModel
  /// The server's own version.
  let version: String

  static let name = "opz-server"
  static let extensions = ["binary_tensor_data", "model_repository", "statistics"]

  /// `GET /v2`
  func server() -> Response {
    var json = JSONWriter()
    json.raw("{\"name\":")
    json.string(ServerDocuments.name)
    json.raw(",\"version\":")
    json.string(version)
    json.raw(",\"extensions\":")
    json.strings(ServerDocuments.extensions)
    json.raw("}")
    return .json(json.bytes)
  }

  /// `GET /v2/health/live`
  func live() -> Response {
    var json = JSONWriter()
    json.raw("{\"live\":true}")
    return .json(json.bytes)
  }

  /// `GET /v2/health/ready`
  func ready(_ isReady: Bool) -> Response {
    var json = JSONWriter()
    if isReady { json.raw("{\"ready\":true}") } else { json.raw("{\"ready\":false}") }
    return .json(json.bytes, status: isReady ? 200 : 503)
  }

  /// `GET /v2/models/{m}/ready`
  func modelReady(_ isReady: Bool) -> Response {
    var json = JSONWriter()
    json.raw("{\"name\":")
    json.string(model.name)
    if isReady { json.raw(",\"ready\":true}") } else { json.raw(",\"ready\":false}") }
    return .json(json.bytes, status: isReady ? 200 : 503)
  }

  /// `GET /ping`
  func ping(_ isReady: Bool) -> Response {
    Response(
      "text/plain; charset=utf-8", status: isReady ? 200 : 503,
      isReady ? [UInt8(ascii: "\n")] : Array("not ready\n".utf8))
  }

  /// `GET /openapi.json`
  func openAPI() throws -> Response { .json(try CanonicalJSON.encode(OpenAPIDocument(model: model).value)) }

  /// `GET /docs`
  func page() -> Response {
    var response = Response("text/html; charset=utf-8", Array(DocsPage.html.utf8))
    response["Content-Security-Policy"] = DocsPage.policy
    return response
  }

  /// `GET /version`
  func versionText() -> Response { Response("text/plain; charset=utf-8", Array(version.utf8)) }

  /// `POST /v2/repository/index` (Triton's model repository extension)
  func repositoryIndex(_ isReady: Bool, isReadyOnly: Bool) -> Response {
    var json = JSONWriter()
    json.list(isReady || !isReadyOnly ? [model] : []) { json, model in
      json.raw("{\"name\":")
      json.string(model.name)
      json.raw(",\"version\":")
      json.string(model.version)
      isReady ? json.raw(",\"state\":\"READY\"") : json.raw(",\"state\":\"UNAVAILABLE\"")
      json.raw(",\"reason\":\"\"}")
    }
    return .json(json.bytes)
  }

  /// `GET /v2/models`
  func models() -> Response {
    var json = JSONWriter()
    json.raw("{\"models\":")
    json.strings([model.name])
    json.raw("}")
    return .json(json.bytes)
  }

  /// `GET /v2/models/{m}`
  func metadata() -> Response {
    var json = JSONWriter()
    json.raw("{\"name\":")
    json.string(model.name)
    json.raw(",\"versions\":")
    json.strings([model.version])
    json.raw(",\"platform\":")
    json.string(model.platform)
    json.raw(",\"inputs\":")
    json.list(model.inputs) { ServerDocuments.tensor(&$0, $1) }
    json.raw(",\"outputs\":")
    json.list(model.outputs) { ServerDocuments.tensor(&$0, $1) }
    json.raw("}")
    return .json(json.bytes)
  }

  private static func tensor(_ json: inout JSONWriter, _ tensor: TensorSpec) {
    json.raw("{\"name\":")
    json.string(tensor.name)
    json.raw(",\"datatype\":")
    json.string(tensor.datatype.rawValue)
    json.raw(",\"shape\":")
    json.list(tensor.shape) { $0.number($1) }
    json.raw("}")
  }

  /// `GET /v2/models/stats`, in the form of Triton's statistics extension (extension_statistics.md).
  func statistics(_ values: Metrics.Values) -> Response {
    var json = JSONWriter()
    json.raw("{\"model_stats\":[{\"name\":")
    json.string(model.name)
    json.raw(",\"version\":")
    json.string(model.version)
    json.raw(",\"last_inference\":")
    json.number(values.lastInference)
    json.raw(",\"inference_count\":")
    json.number(values.rows)
    json.raw(",\"execution_count\":")
    json.number(values.success.count)
    json.raw(",\"inference_stats\":{\"success\":")
    ServerDocuments.total(&json, values.success)
    json.raw(",\"fail\":")
    ServerDocuments.total(&json, values.failure)
    json.raw(",\"compute_input\":")
    ServerDocuments.total(&json, values.decoding)
    json.raw(",\"compute_infer\":")
    ServerDocuments.total(&json, values.scoring)
    json.raw(",\"compute_output\":")
    ServerDocuments.total(&json, values.encoding)
    json.raw("},\"batch_stats\":[]}]}")
    return .json(json.bytes)
  }

  private static func total(_ json: inout JSONWriter, _ total: Metrics.Total) {
    json.raw("{\"count\":")
    json.number(total.count)
    json.raw(",\"ns\":")
    json.number(total.nanoseconds)
    json.raw("}")
  }
}
