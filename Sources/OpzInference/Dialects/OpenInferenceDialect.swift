/// The Open Inference Protocol v2 over HTTP, in JSON and with binary tensors.
package struct OpenInferenceDialect: InferenceDialect {
  /// Bytes of the body that are JSON (`Inference-Header-Content-Length`); nil for all.
  private let jsonCount: Int?

  package init(jsonCount: Int? = nil) { self.jsonCount = jsonCount }

  package var valueBytes: Int { jsonCount == nil ? 2 : 1 }

  package func request(_ body: [UInt8], _ context: InferenceContext) throws -> InferenceRequest {
    if jsonCount == 0 { return try raw(body, context) }
    var decoder = try InferenceDecoder(context.rules, body, jsonCount: jsonCount)
    return try decoder.decode()
  }

  package func response(_ answer: InferenceAnswer) throws -> InferenceBody {
    let (bytes, jsonCount) = try InferenceEncoder(answer: answer).encode()
    guard let jsonCount else { return InferenceBody(bytes) }
    return InferenceBody(bytes, contentType: "application/octet-stream", jsonCount: jsonCount)
  }

  package func responseBytes(_ answer: InferenceAnswer) -> Int {
    zip(answer.outputs, answer.isBinary).reduce(answer.contractBytes.plus(256)) {
      $0.plus($1.1 ? $1.0.binaryBytes.times(2) : $1.0.jsonBytes)
    }
  }

  /// A body that is one tensor without any JSON: a batch of one for a model with one input, or rows of a model whose
  /// features are all of one datatype of numbers. All outputs are binary then.
  private func raw(_ body: [UInt8], _ context: InferenceContext) throws -> InferenceRequest {
    let inputs = context.model.inputs
    guard let first = inputs.first, inputs.allSatisfy({ $0.datatype == first.datatype }) else {
      throw RequestFailure.bad(
        "a body without JSON (Inference-Header-Content-Length 0) is for models whose inputs have one datatype")
    }
    var shape = first.shape.map { $0 < 0 ? 1 : $0 }
    if let size = first.datatype.size {
      if inputs.count > 1 {
        shape = [body.count / size / inputs.count, inputs.count]
      } else {
        // At most one dimension besides the batch is free, and the body says how large it is.
        let fixed = first.shape.dropFirst().filter { $0 > 0 }.reduce(size) { $0.times($1) }
        if first.shape.count == 1 { shape = [body.count / size] }
        if let free = first.shape.dropFirst().firstIndex(of: -1) { shape[free] = body.count / max(1, fixed) }
      }
    } else if inputs.count > 1 {
      throw RequestFailure.bad("a body without JSON is one tensor of texts, but the model has \(inputs.count) inputs")
    }
    try context.rules.check(shape)
    let elements = shape.reduce(1) { $0.times($1) }
    guard elements <= context.rules.maximumElements else {
      throw RequestFailure(413, "\(elements) elements in one request: the limit is \(context.rules.maximumElements)")
    }
    let name = inputs.count > 1 ? "" : first.name
    let form = try context.rules.form(name, first.datatype, shape: shape)
    var request = InferenceRequest()
    request.binaryOutputs = true
    request.inputs = [
      InputTensor(
        name: name, datatype: first.datatype, shape: shape,
        values: try BinaryTensor(name: name, datatype: first.datatype, shape: shape).read(body[...], form))
    ]
    return request
  }
}
