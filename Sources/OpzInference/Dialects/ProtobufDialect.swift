import OpzJSON
import OpzWire

/// The Open Inference Protocol v2 over gRPC: the messages `ModelInferRequest` and `ModelInferResponse`.
///
/// Tensors that come raw are answered raw, typed ones typed: clients read what they sent. FP16 and BF16 have no typed
/// form, so with one of them all is raw.
package struct ProtobufDialect: InferenceDialect {
  package init() {}

  /// A bool or a small number takes one byte.
  package var valueBytes: Int { 1 }

  package func request(_ body: [UInt8], _ context: InferenceContext) throws -> InferenceRequest {
    do {
      return try ModelInferRequest(body, context.rules).request(body, context.rules)
    } catch let failure as WireFailure {
      throw RequestFailure.bad("the message is not a ModelInferRequest: \(failure)")
    }
  }

  package func response(_ answer: InferenceAnswer) throws -> InferenceBody {
    var message = WireWriter()
    message.put(1, string: answer.model)
    message.put(2, string: answer.version)
    if let id = answer.id { message.put(3, string: id) }
    if let contract = answer.contract {
      var (entry, parameter) = (WireWriter(), WireWriter())
      parameter.put(3, string: contract)
      entry.put(1, string: InferenceAnswer.contractParameter)
      entry.put(2, message: parameter)
      message.put(4, message: entry)
    }
    let isRaw = ProtobufDialect.isRaw(answer)
    for output in answer.outputs {
      var tensor = WireWriter()
      tensor.put(1, string: output.name)
      tensor.put(2, string: output.datatype.rawValue)
      tensor.put(3, packed: output.shape.map(Int64.init))
      if !isRaw { tensor.put(5, message: try TypedContents.write(output)) }
      message.put(5, message: tensor)
    }
    if isRaw { for output in answer.outputs { message.put(6, bytes: try output.bytes()) } }
    return InferenceBody(message.bytes, contentType: "application/grpc")
  }

  /// A typed tensor is copied into its message, and that into the response.
  package func responseBytes(_ answer: InferenceAnswer) -> Int {
    let isRaw = ProtobufDialect.isRaw(answer)
    return answer.outputs.reduce(answer.contractBytes.plus(256)) {
      $0.plus(isRaw ? $1.binaryBytes.times(2) : TypedContents.mostBytes($1).times(3))
    }
  }

  private static func isRaw(_ answer: InferenceAnswer) -> Bool {
    answer.isBinary.contains(true) || answer.outputs.contains { [.fp16, .bf16].contains($0.datatype) }
  }

  /// The model's name and version, by which a request is admitted before its tensors are read.
  /// - Throws: `RequestFailure` for a malformed message.
  package static func model(of body: [UInt8]) throws -> (name: String, version: String) {
    do {
      var reader = try WireReader(body)
      var (name, version) = ("", "")
      while let field = try reader.next() {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: version = try reader.string(field)
        default: try reader.skip(field)
        }
      }
      return (name, version)
    } catch {
      throw RequestFailure.bad("the message is not a ModelInferRequest: \(error)")
    }
  }
}

/// The parts of a `ModelInferRequest`: where its tensors stand.
private struct ModelInferRequest {
  private struct Input {
    var name = ""
    var datatype = ""
    var shape: [Int64] = []
    /// A reader at `InferTensorContents`, if there is one.
    var contents: WireReader?
  }

  private var request = InferenceRequest()
  private var inputs: [Input] = []
  private var raw: [Range<Int>] = []
  private var parameters: [(String, WireReader)] = []

  /// The most dimensions of a shape that are read; the rules have fewer.
  private static let dimensions = 32
  /// The most parameters of a request.
  private static let mostParameters = 100

  /// Reads lists no further than the rules let them be: an empty element takes two bytes here, and a hundred in memory.
  init(_ body: [UInt8], _ rules: InputRules) throws {
    var limits = WireLimits()
    limits.elements = ModelInferRequest.dimensions
    var reader = try WireReader(body, limits: limits)
    while let field = try reader.next() {
      switch field.number {
      case 3: request.id = try reader.string(field)
      case 4:
        guard parameters.count < ModelInferRequest.mostParameters else {
          throw RequestFailure.bad("more than \(ModelInferRequest.mostParameters) parameters")
        }
        parameters.append(try ModelInferRequest.entry(try reader.message(field)))
      case 5:
        try rules.check(inputs: inputs.count)
        let name = rules.name(at: inputs.count)
        inputs.append(try input(try reader.message(field), like: inputs.last, named: name))
      case 6:
        guard (request.outputs?.count ?? 0) < 100 else { throw RequestFailure.bad("more than 100 outputs") }
        request.outputs = (request.outputs ?? []) + [try output(try reader.message(field))]
      case 7:
        try rules.check(inputs: raw.count)
        raw.append(try reader.range(field))
      default: try reader.skip(field)
      }
    }
    if request.id == "" { request.id = nil }
  }

  /// The request with its tensors in the form that the model takes.
  func request(_ body: [UInt8], _ rules: InputRules) throws -> InferenceRequest {
    var request = request
    try read(parameters, &request, rules: rules)
    request.binaryOutputs = !raw.isEmpty
    guard raw.isEmpty || raw.count == inputs.count else {
      throw RequestFailure.bad("\(raw.count) raw_input_contents for \(inputs.count) inputs: either all are raw or none")
    }
    request.inputs.reserveCapacity(inputs.count)
    var elements = 0
    var (datatype, shape) = (Datatype.fp32, [Int]())
    for index in inputs.indices {
      let input = inputs[index]
      // Most have the datatype and shape of the one before.
      if index == 0 || input.datatype != inputs[index - 1].datatype { datatype = try Datatype(named: input.datatype) }
      if index == 0 || input.shape != inputs[index - 1].shape {
        shape = input.shape.map { Int(clamping: $0) }
        try rules.check(shape)
      }
      elements = elements.plus(shape.reduce(1) { $0.times($1) })
      guard elements <= rules.maximumElements else {
        throw RequestFailure(413, "\(elements) elements in one request: the limit is \(rules.maximumElements)")
      }
      let form = try rules.form(input.name, datatype, shape: shape, at: index)
      if raw.isEmpty {
        let contents = TypedContents(name: input.name, datatype: datatype, shape: shape)
        request.inputs.append(try contents.read(input.contents, form, body: body))
      } else {
        if var contents = input.contents, try contents.next() != nil {
          throw RequestFailure.bad(
            "input '\(input.name.prefix(100))' has contents beside raw_input_contents: either all are raw or none")
        }
        let tensor = BinaryTensor(name: input.name, datatype: datatype, shape: shape)
        request.inputs.append(
          InputTensor(
            name: input.name, datatype: datatype, shape: shape, values: try tensor.read(body[raw[index]], form)))
      }
    }
    return request
  }

  // MARK: Messages

  private static func entry(_ message: WireReader) throws -> (String, WireReader) {
    var (reader, key, value) = (message, "", message)
    var hasValue = false
    while let field = try reader.next() {
      switch field.number {
      case 1: key = try reader.string(field)
      case 2:
        value = try reader.message(field)
        hasValue = true
      default: try reader.skip(field)
      }
    }
    guard hasValue else { throw RequestFailure.bad("the parameter '\(key.prefix(100))' has no value") }
    return (key, value)
  }

  /// - Parameters:
  ///   - last: the input before, which most have the datatype and shape of.
  ///   - name: the name that it has where inputs come in the model's order.
  private func input(_ message: WireReader, like last: Input?, named name: String?) throws -> Input {
    var (reader, input) = (message, Input())
    while let field = try reader.next() {
      switch field.number {
      case 1: input.name = try reader.string(field, like: name)
      case 2: input.datatype = try reader.string(field, like: last?.datatype)
      case 3: try reader.append(int64s: &input.shape, field)
      case 4:
        let name = try ModelInferRequest.entry(try reader.message(field)).0
        // KServe's client says the size of raw contents too, which they have themselves.
        if name != "binary_data_size" { try RequestParameter.check(name, of: "an input") }
      case 5: input.contents = try reader.message(field)
      default: try reader.skip(field)
      }
    }
    return input
  }

  private func output(_ message: WireReader) throws -> RequestedOutput {
    var (reader, name) = (message, "")
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.string(field)
      case 2: try RequestParameter.check(try ModelInferRequest.entry(try reader.message(field)).0, of: "an output")
      default: try reader.skip(field)
      }
    }
    return RequestedOutput(name)
  }

  private func read(_ parameters: [(String, WireReader)], _ request: inout InferenceRequest, rules: InputRules) throws {
    // Only a predictor elsewhere sees them.
    let isPassedOn = rules.assembler == nil && !parameters.isEmpty
    var json = JSONWriter()
    json.raw("{")
    for (index, (key, message)) in parameters.enumerated() {
      let value = try ProtobufParameter(message)
      switch key {
      case "timeout": request.timeout = try RequestParameter.timeout(microseconds: value.integer ?? 0)
      case "priority": try RequestParameter.checkPriority(value.integer ?? 0)
      default: try RequestParameter.check(key, of: "the request")
      }
      guard isPassedOn else { continue }
      if index > 0 { json.raw(",") }
      json.string(key)
      json.raw(":")
      value.write(to: &json)
    }
    json.raw("}")
    if isPassedOn { request.parameters = json.bytes }
  }
}

/// The message `InferParameter`.
private enum ProtobufParameter {
  case none
  case bool(Bool)
  case integer(Int64)
  case unsigned(UInt64)
  case double(Double)
  case text(String)

  init(_ message: WireReader) throws {
    var reader = message
    self = .none
    while let field = try reader.next() {
      switch field.number {
      case 1: self = .bool(try reader.bool(field))
      case 2: self = .integer(try reader.int64(field))
      case 3: self = .text(try reader.string(field))
      case 4: self = .double(try reader.double(field))
      case 5: self = .unsigned(try reader.uint64(field))
      default: try reader.skip(field)
      }
    }
  }

  /// A whole number, also of a text, as some clients send it.
  var integer: Int? {
    switch self {
    case .integer(let value): Int(value)
    case .unsigned(let value): Int(clamping: value)
    case .text(let text): Int(text)
    case .none, .bool, .double: nil
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .none: json.raw("null")
    case .bool(let value): value ? json.raw("true") : json.raw("false")
    case .integer(let value): json.number(value)
    case .unsigned(let value): json.number(value)
    case .double(let value): json.number(value)
    case .text(let value): json.string(value)
    }
  }
}
