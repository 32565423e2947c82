import OpzHTTPServer
import OpzInference
import OpzJSON

/// The server's small documents other than inference responses.
struct ServerDocuments {
  let model: ServedModel
  /// The server's own version.
  let version: String

  /// `GET /v2`
  func server() -> Response {
    var json = JSONWriter()
    json.raw("{\"name\":\"opz-server\",\"version\":")
    json.string(version)
    json.raw(",\"extensions\":[\"model_repository_list\",\"statistics\"]}")
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
    let predictor = model.predictor
    var json = JSONWriter()
    json.raw("{\"name\":")
    json.string(model.name)
    json.raw(",\"versions\":")
    json.strings([model.version])
    json.raw(",\"platform\":")
    json.string(predictor.platform)
    json.raw(",\"inputs\":")
    json.list(predictor.features) { json, feature in
      ServerDocuments.tensor(&json, feature.name, feature.datatype, [-1])
    }
    json.raw(",\"outputs\":")
    json.list(predictor.outputs) { json, output in
      ServerDocuments.tensor(&json, output.name, Datatype(output.element), output.shape(rows: -1))
    }
    json.raw("}")
    return .json(json.bytes)
  }

  private static func tensor(_ json: inout JSONWriter, _ name: String, _ datatype: Datatype, _ shape: [Int]) {
    json.raw("{\"name\":")
    json.string(name)
    json.raw(",\"datatype\":")
    json.string(datatype.rawValue)
    json.raw(",\"shape\":")
    json.list(shape) { $0.number($1) }
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
