import OpzJSON
import OpzModel

/// Writes the response of `POST ../infer` (Open Inference Protocol v2, "Inference Response JSON Object"), with binary
/// tensors after it where they were asked for.
struct InferenceEncoder {
  let answer: InferenceAnswer

  /// - Returns: the body, and how many bytes of it are JSON if binary tensors follow.
  func encode() throws -> (body: [UInt8], jsonCount: Int?) {
    let binaries = try zip(answer.outputs, answer.isBinary).map { $1 ? try $0.bytes() : nil }
    // The buffer is never reallocated.
    let values = zip(answer.outputs, binaries).reduce(answer.contractBytes.plus(256)) {
      $0.plus($1.1?.count ?? $1.0.jsonBytes)
    }
    var json = JSONWriter(capacity: values)
    json.raw("{\"model_name\":")
    json.string(answer.model)
    json.raw(",\"model_version\":")
    json.string(answer.version)
    if let id = answer.id {
      json.raw(",\"id\":")
      json.string(id)
    }
    if let contract = answer.contract {
      json.raw(",\"parameters\":{\"opz_contract\":")
      json.string(contract)
      json.raw("}")
    }
    json.raw(",\"outputs\":")
    json.list(zip(answer.outputs, binaries)) { json, output in
      InferenceEncoder.write(output.0, binary: output.1?.count, to: &json)
    }
    json.raw("}")
    let count = json.bytes.count
    guard binaries.contains(where: { $0 != nil }) else { return (json.bytes, nil) }
    for binary in binaries { if let binary { json.raw(json: binary) } }
    return (json.bytes, count)
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
    if case .raw(let bytes, let missing) = values {
      return RawElements(datatype, bytes, missing: missing).write(to: &json)
    }
    write(0..<count, to: &json)
  }

  /// The values as a JSON array of an array for each row.
  func writeRows(to json: inout JSONWriter) {
    let columns = max(1, shape.dropFirst().reduce(1) { $0.times($1) })
    if case .raw(let bytes, let missing) = values {
      return RawElements(datatype, bytes, missing: missing).write(to: &json, rowsOf: columns)
    }
    json.list(0..<count / columns) { json, row in write(row * columns..<(row + 1) * columns, to: &json) }
  }

  /// Values of the scorer as a JSON array.
  private func write(_ places: Range<Int>, to json: inout JSONWriter) {
    switch values {
    case .scored(.float32(let values)): json.list(values[places]) { $0.number($1) }
    case .scored(.float64(let values)) where datatype == .int64:
      json.list(values[places]) { json, value in
        if let whole = Int64(exactly: value) { json.number(whole) } else { json.raw("null") }
      }
    case .scored(.float64(let values)): json.list(values[places]) { $0.number($1) }
    case .scored(.texts(let values)):
      json.list(values[places]) { json, text in
        if let text { json.string(text) } else { json.raw("null") }
      }
    case .raw: json.raw("[]")
    }
  }
}
