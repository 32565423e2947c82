import OpzJSON
import OpzModel

/// Writes the response of `POST ../infer` (Open Inference Protocol v2, "Inference Response JSON Object").
struct InferenceEncoder {
  let model: String
  let version: String

  func encode(id: String?, _ outputs: [OutputTensor]) -> [UInt8] {
    // No value takes more than its type's text and a comma, so the buffer is never reallocated.
    let values = outputs.reduce(0) { $0.plus($1.count.times($1.spec.textBytes)) }
    var json = JSONWriter(capacity: values.plus(256))
    json.raw("{\"model_name\":")
    json.string(model)
    json.raw(",\"model_version\":")
    json.string(version)
    if let id {
      json.raw(",\"id\":")
      json.string(id)
    }
    json.raw(",\"outputs\":")
    json.list(outputs) { json, output in
      json.raw("{\"name\":")
      json.string(output.spec.name)
      json.raw(",\"datatype\":")
      json.string(Datatype(output.spec.element).rawValue)
      json.raw(",\"shape\":")
      json.list(output.spec.shape(rows: output.rows)) { $0.number($1) }
      json.raw(",\"data\":")
      InferenceEncoder.write(output, to: &json)
      json.raw("}")
    }
    json.raw("}")
    return json.bytes
  }

  private static func write(_ output: OutputTensor, to json: inout JSONWriter) {
    switch output.values {
    case .float32(let values): json.list(values) { $0.number($1) }
    case .float64(let values) where output.spec.element == .integer:
      json.list(values) { json, value in
        if let whole = Int64(exactly: value) { json.number(whole) } else { json.raw("null") }
      }
    case .float64(let values): json.list(values) { $0.number($1) }
    case .texts(let values):
      json.list(values) { json, text in
        if let text { json.string(text) } else { json.raw("null") }
      }
    }
  }
}

/// One output of an inference response.
struct OutputTensor {
  let spec: OutputSpec
  let rows: Int
  /// Row-major.
  let values: Tensor.Storage

  /// Values of all rows.
  var count: Int { rows.times(spec.columns) }
}
