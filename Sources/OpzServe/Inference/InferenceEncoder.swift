import OpzJSON

/// Writes the response of `POST ../infer` (Open Inference Protocol v2, "Inference Response JSON Object").
struct InferenceEncoder {
  let model: String
  let version: String

  func encode(id: String?, _ outputs: [OutputTensor]) -> [UInt8] {
    let values = outputs.reduce(0) { $0 + $1.values.count }
    // No float takes more than `-1.1754944e-38` and a comma, so the buffer is never reallocated.
    var json = JSONWriter(capacity: 256 + values * 16)
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
      json.string(output.name)
      json.raw(",\"datatype\":\"FP32\",\"shape\":")
      json.list(output.shape) { $0.number($1) }
      json.raw(",\"data\":")
      json.list(output.values) { $0.number($1) }
      json.raw("}")
    }
    json.raw("}")
    return json.bytes
  }
}

/// One output of an inference response, FP32.
struct OutputTensor {
  let name: String
  let shape: [Int]
  /// Row-major.
  let values: [Float]
}
