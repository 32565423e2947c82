import OpzHTTPServer
import OpzInference
import OpzJSON

/// The server's small documents other than inference responses.
struct ServerDocuments {
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
  func modelReady(_ name: String, _ isReady: Bool) -> Response {
    var json = JSONWriter()
    json.raw("{\"name\":")
    json.string(name)
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
  func openAPI(_ models: [ServedModel]) throws -> Response {
    .json(try CanonicalJSON.encode(OpenAPIDocument.value(of: models)))
  }

  /// `GET /docs`
  func page() -> Response {
    var response = Response("text/html; charset=utf-8", Array(DocsPage.html.utf8))
    response["Content-Security-Policy"] = DocsPage.policy
    return response
  }

  /// `GET /version`
  func versionText() -> Response { Response("text/plain; charset=utf-8", Array(version.utf8)) }

  /// `POST /v2/repository/index` (Triton's model repository extension)
  func repositoryIndex(_ entries: [IndexEntry]) -> Response {
    var json = JSONWriter()
    json.list(entries) { json, entry in
      json.raw("{\"name\":")
      json.string(entry.name)
      json.raw(",\"version\":")
      json.string(entry.version)
      json.raw(",\"state\":")
      json.string(entry.state.rawValue)
      json.raw(",\"reason\":")
      json.string(entry.reason)
      json.raw("}")
    }
    return .json(json.bytes)
  }

  /// `GET /v2/models`
  func models(_ names: [String]) -> Response {
    var json = JSONWriter()
    json.raw("{\"models\":")
    json.strings(names)
    json.raw("}")
    return .json(json.bytes)
  }

  /// `GET /v2/models/{m}`
  /// - Parameter versions: all of this name, the newest first.
  func metadata(_ model: ServedModel, _ versions: [ServedVersion]) -> Response {
    var json = JSONWriter()
    json.raw("{\"name\":")
    json.string(model.name)
    json.raw(",\"versions\":")
    json.strings(versions.reversed().map(\.model.version))
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
  func statistics(_ versions: [ServedVersion]) -> Response {
    var json = JSONWriter()
    json.raw("{\"model_stats\":")
    json.list(versions) { ServerDocuments.statistics(&$0, $1.model, values: $1.metrics.snapshot) }
    json.raw("}")
    return .json(json.bytes)
  }

  private static func statistics(_ json: inout JSONWriter, _ model: ServedModel, values: Metrics.Values) {
    json.raw("{\"name\":")
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
    total(&json, values.success)
    json.raw(",\"fail\":")
    total(&json, values.failure)
    json.raw(",\"compute_input\":")
    total(&json, values.decoding)
    json.raw(",\"compute_infer\":")
    total(&json, values.scoring)
    json.raw(",\"compute_output\":")
    total(&json, values.encoding)
    json.raw("},\"batch_stats\":[]}")
  }

  private static func total(_ json: inout JSONWriter, _ total: Metrics.Total) {
    json.raw("{\"count\":")
    json.number(total.count)
    json.raw(",\"ns\":")
    json.number(total.nanoseconds)
    json.raw("}")
  }
}
