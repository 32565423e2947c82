import OpzJSON

/// Reads the body of `POST ../infer` (Open Inference Protocol v2, "Inference Request JSON Object"), with binary tensors
/// after it (its extension "binary tensor data").
struct InferenceDecoder {
  private let rules: InputRules
  private let body: [UInt8]
  private let jsonCount: Int
  /// Where the next binary tensor begins.
  private var position: Int
  private var elements = 0

  /// - Parameter jsonCount: bytes of the JSON object, where binary tensors follow it; nil for the whole body.
  init(_ rules: InputRules, _ body: [UInt8], jsonCount: Int? = nil) throws {
    self.rules = rules
    self.body = body
    self.jsonCount = jsonCount ?? body.count
    position = self.jsonCount
    guard !body.isEmpty else { throw RequestFailure.bad("the body is empty: send the request's JSON object") }
    guard self.jsonCount <= body.count else {
      throw RequestFailure.bad(
        "Inference-Header-Content-Length is \(self.jsonCount), but the body has \(body.count) bytes")
    }
  }

  mutating func decode() throws -> InferenceRequest {
    do {
      // NaN is what Python's json module writes.
      let options = JSONOptions(nonFinite: .nan, memberCount: InferenceDecoder.keyLimit)
      let request = try JSONCursor.read(body, count: jsonCount, options: options) { try self.request(&$0) }
      guard position == body.count else {
        throw RequestFailure.bad("\(body.count - position) bytes after the last binary tensor")
      }
      return request
    } catch let failure as JSONFailure {
      throw RequestFailure.bad("the body is not valid \(failure)")
    }
  }

  /// Maximum keys of one object.
  private static let keyLimit = 100

  private mutating func request(_ cursor: inout JSONCursor) throws -> InferenceRequest {
    var request = InferenceRequest()
    var hasInputs = false
    try cursor.object("the request") { key, cursor in
      switch key {
      case "id": request.id = try optionalString(&cursor)
      case "inputs":
        hasInputs = true
        request.inputs = try inputs(&cursor)
      case "outputs": request.outputs = try outputs(&cursor)
      case "parameters": try parameters(of: &request, &cursor)
      default:
        try RequestParameter.check(key, of: "the request")
        try cursor.skip()
      }
    }
    guard hasInputs else { throw RequestFailure.bad("the request has no 'inputs'") }
    return request
  }

  private func parameters(of request: inout InferenceRequest, _ cursor: inout JSONCursor) throws {
    if cursor.take(word: "null") { return }
    _ = try cursor.peek()
    let start = cursor.position
    try cursor.object("the parameters of the request") { key, cursor in
      switch key {
      case "binary_data_output": request.binaryOutputs = try InferenceDecoder.bool(key, &cursor)
      case "timeout": request.timeout = try RequestParameter.timeout(microseconds: try cursor.integer())
      case "priority": try RequestParameter.checkPriority(try cursor.integer())
      default:
        try RequestParameter.check(key, of: "the request")
        try cursor.skip()
      }
    }
    // Only a predictor elsewhere sees them.
    if rules.assembler == nil { request.parameters = Array(body[start..<cursor.position]) }
  }

  private static func bool(_ key: String, _ cursor: inout JSONCursor) throws -> Bool {
    if cursor.take(word: "true") { return true }
    if cursor.take(word: "false") { return false }
    throw cursor.failure("'\(key)' has to be true or false")
  }

  private func optionalString(_ cursor: inout JSONCursor) throws -> String? {
    cursor.take(word: "null") ? nil : try cursor.string()
  }

  private mutating func inputs(_ cursor: inout JSONCursor) throws -> [InputTensor] {
    var inputs: [InputTensor] = []
    try cursor.array("inputs") { cursor in
      try rules.check(inputs: inputs.count)
      inputs.append(try input(&cursor, at: inputs.count))
    }
    return inputs
  }

  private func outputs(_ cursor: inout JSONCursor) throws -> [RequestedOutput]? {
    if cursor.take(word: "null") { return nil }
    var outputs: [RequestedOutput] = []
    try cursor.array("outputs") { cursor in
      guard outputs.count < 100 else { throw RequestFailure.bad("more than 100 outputs") }
      var name: String?
      var isBinary: Bool?
      try cursor.object("an output") { key, cursor in
        switch key {
        case "name": name = try cursor.string()
        case "parameters": isBinary = try outputParameters(&cursor)
        default: try cursor.skip()
        }
      }
      guard let name else { throw RequestFailure.bad("an output without a 'name'") }
      outputs.append(RequestedOutput(name, isBinary: isBinary))
    }
    return outputs.isEmpty ? nil : outputs
  }

  /// - Returns: whether the output is binary, where it says so.
  private func outputParameters(_ cursor: inout JSONCursor) throws -> Bool? {
    if cursor.take(word: "null") { return nil }
    var isBinary: Bool?
    try cursor.object("the parameters of an output") { key, cursor in
      if key == "binary_data" { return isBinary = try InferenceDecoder.bool(key, &cursor) }
      try RequestParameter.check(key, of: "an output")
      try cursor.skip()
    }
    return isBinary
  }

  // MARK: Inputs

  private mutating func input(_ cursor: inout JSONCursor, at index: Int) throws -> InputTensor {
    var partial = PartialTensor(index: index)
    try cursor.object("an input") { key, cursor in
      switch key {
      case "name": partial.name = try cursor.string()
      case "datatype": partial.datatype = try Datatype(named: try cursor.string())
      case "shape": partial.shape = try shape(&cursor)
      case "data":
        if let reader = try reader(partial) {
          partial.values = try reader.read(&cursor)
        } else {
          // `data` came before the shape or datatype: read it when the object's other keys are known.
          partial.dataPosition = cursor.position
          try cursor.skip()
        }
      case "parameters": partial.binaryCount = try inputParameters(&cursor)
      default: try cursor.skip()
      }
    }
    return try finish(partial, cursor)
  }

  /// - Returns: bytes of the input's binary data, if it has any.
  private func inputParameters(_ cursor: inout JSONCursor) throws -> Int? {
    if cursor.take(word: "null") { return nil }
    var count: Int?
    try cursor.object("the parameters of an input") { key, cursor in
      if key == "binary_data_size" { return count = try cursor.integer() }
      try RequestParameter.check(key, of: "an input")
      try cursor.skip()
    }
    return count
  }

  private mutating func finish(_ partial: PartialTensor, _ cursor: JSONCursor) throws -> InputTensor {
    guard let name = partial.name else { throw RequestFailure.bad("an input without a 'name'") }
    let subject = "input '\(name.prefix(100))'"
    guard let datatype = partial.datatype else { throw RequestFailure.bad("\(subject) has no 'datatype'") }
    guard let shape = partial.shape else { throw RequestFailure.bad("\(subject) has no 'shape'") }
    elements = elements.plus(shape.reduce(1) { $0.times($1) })
    func tensor(_ values: InputTensor.Values) -> InputTensor {
      InputTensor(name: name, datatype: datatype, shape: shape, values: values)
    }
    if let count = partial.binaryCount {
      guard partial.values == nil, partial.dataPosition == nil else {
        throw RequestFailure.bad("\(subject) has both 'data' and 'binary_data_size'")
      }
      return tensor(try binary(count, BinaryTensor(name: name, datatype: datatype, shape: shape), at: partial.index))
    }
    if let values = partial.values { return tensor(values) }
    guard let position = partial.dataPosition, let reader = try reader(partial) else {
      throw RequestFailure.bad("\(subject) has no 'data'")
    }
    var again = cursor.rewound(to: position)
    return tensor(try reader.read(&again))
  }

  private mutating func binary(_ count: Int, _ tensor: BinaryTensor, at index: Int) throws -> InputTensor.Values {
    guard count >= 0, count <= body.count - position else {
      throw RequestFailure.bad(
        "input '\(tensor.name.prefix(100))' has the 'binary_data_size' \(count), but \(body.count - position) bytes "
          + "are left (Inference-Header-Content-Length says where the JSON ends)")
    }
    guard elements <= rules.maximumElements else {
      throw RequestFailure(413, "\(elements) elements in one request: the limit is \(rules.maximumElements)")
    }
    defer { position += count }
    return try tensor.read(
      body[position..<position + count], try rules.form(tensor.name, tensor.datatype, shape: tensor.shape, at: index))
  }

  private func reader(_ partial: PartialTensor) throws -> TensorReader? {
    guard let name = partial.name, let datatype = partial.datatype, let shape = partial.shape else { return nil }
    // What is binary has no values to be read.
    guard partial.binaryCount == nil else { return nil }
    guard datatype != .fp16, datatype != .bf16 else {
      throw RequestFailure.bad(
        "input '\(name.prefix(100))': \(datatype.rawValue) has no form in JSON, send it as binary data or as FP32")
    }
    return TensorReader(
      name: name, datatype: datatype, shape: shape,
      form: try rules.form(name, datatype, shape: shape, at: partial.index))
  }

  private func shape(_ cursor: inout JSONCursor) throws -> [Int] {
    var shape: [Int] = []
    try cursor.array("shape") { cursor in
      let number = try cursor.number()
      guard number.isInteger, !number.isNegative, let size = Int(exactly: number.mantissa), !number.isTruncated else {
        throw cursor.failure("a dimension has to be a whole number, 0 or more")
      }
      shape.append(size)
      if shape.count > rules.maximumDimensions { try rules.check(shape) }
    }
    try rules.check(shape)
    return shape
  }
}

/// The keys of an input read so far; they may come in any order.
private struct PartialTensor {
  /// Which input it is.
  let index: Int
  var name: String?
  var datatype: Datatype?
  var shape: [Int]?
  var values: InputTensor.Values?
  var dataPosition: Int?
  var binaryCount: Int?
}
