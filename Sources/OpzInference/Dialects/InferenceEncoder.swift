import OpzJSON
import OpzModel

/// Writes the response of `POST ../infer` (Open Inference Protocol v2, "Inference Response JSON Object"), with binary
/// tensors after it where they were asked for.
struct InferenceEncoder {
  let answer: InferenceAnswer

  /// - Returns: the body, and how many bytes of it are JSON if binary tensors follow.
  func encode() throws -> (body: [UInt8], jsonCount: Int?) {
    let outputs = Array(zip(answer.outputs, answer.isBinary))
    // No value takes more than its type's text and a comma, so the buffer is never reallocated.
    let values = outputs.reduce(0) { $1.1 ? $0 : $0.plus($1.0.count.times($1.0.textBytes)) }
    var json = JSONWriter(capacity: values.plus(256))
    json.raw("{\"model_name\":")
    json.string(answer.model)
    json.raw(",\"model_version\":")
    json.string(answer.version)
    if let id = answer.id {
      json.raw(",\"id\":")
      json.string(id)
    }
    var tail: [UInt8] = []
    let binaries = try outputs.map { $1 ? try $0.bytes() : nil }
    json.raw(",\"outputs\":")
    json.list(zip(answer.outputs, binaries)) { json, output in
      InferenceEncoder.write(output.0, binary: output.1?.count, to: &json)
      if let binary = output.1 { tail.append(contentsOf: binary) }
    }
    json.raw("}")
    guard binaries.contains(where: { $0 != nil }) else { return (json.bytes, nil) }
    return (json.bytes + tail, json.bytes.count)
  }

  private static func write(_ output: OutputTensor, binary: Int?, to json: inout JSONWriter) {
    json.raw("{\"name\":")
    json.string(output.name)
    json.raw(",\"datatype\":")
    json.string(output.datatype.rawValue)
    json.raw(",\"shape\":")
    json.list(output.shape) { $0.number($1) }
    if let binary {
      json.raw(",\"parameters\":{\"binary_data_size\":")
      json.number(binary)
      json.raw("}")
    } else {
      json.raw(",\"data\":")
      output.writeData(to: &json)
    }
    json.raw("}")
  }
}

extension OutputTensor {
  /// The values as a JSON array; null for NaN and for what is missing.
  func writeData(to json: inout JSONWriter) {
    switch values {
    case .scored(.float32(let values)): json.list(values) { $0.number($1) }
    case .scored(.float64(let values)) where datatype == .int64:
      json.list(values) { json, value in
        if let whole = Int64(exactly: value) { json.number(whole) } else { json.raw("null") }
      }
    case .scored(.float64(let values)): json.list(values) { $0.number($1) }
    case .scored(.texts(let values)):
      json.list(values) { json, text in
        if let text { json.string(text) } else { json.raw("null") }
      }
    case .raw(let bytes, let missing): RawElements(datatype, bytes, missing: missing).write(to: &json)
    }
  }
}
