import OpzJSON

/// Reads the body of `POST ../infer` (Open Inference Protocol v2, "Inference Request JSON Object").
struct InferenceDecoder {
  /// Maximum rows of one request.
  let maximumRows: Int
  /// Maximum inputs of one request: one per feature, or one matrix.
  let maximumInputs: Int
  /// Maximum columns of a matrix.
  let maximumColumns: Int
  /// Looks up the categories of text inputs.
  let assembler: RowAssembler

  func decode(_ body: [UInt8]) throws -> InferenceRequest {
    guard !body.isEmpty else { throw RequestFailure.bad("the body is empty: send the request's JSON object") }
    do {
      // NaN is what Python's json module writes.
      return try JSONCursor.read(body, options: JSONOptions(nonFinite: .nan, memberCount: InferenceDecoder.keyLimit)) {
        try request(&$0)
      }
    } catch let failure as JSONFailure {
      throw RequestFailure.bad("the body is not valid \(failure)")
    }
  }

  /// Maximum keys of one object.
  private static let keyLimit = 100

  private func request(_ cursor: inout JSONCursor) throws -> InferenceRequest {
    var request = InferenceRequest()
    var hasInputs = false
    try cursor.object("the request") { key, cursor in
      switch key {
      case "id": request.id = try optionalString(&cursor)
      case "inputs":
        hasInputs = true
        request.inputs = try inputs(&cursor)
      case "outputs": request.outputs = try outputs(&cursor)
      case "parameters": try parameters("the request", &cursor)
      default:
        try UnsupportedParameter.check(key, of: "the request")
        try cursor.skip()
      }
    }
    guard hasInputs else { throw RequestFailure.bad("the request has no 'inputs'") }
    return request
  }

  /// Unknown parameters are hints and ignored, but a parameter that would change the response is refused.
  private func parameters(_ owner: String, _ cursor: inout JSONCursor) throws {
    if cursor.take(word: "null") { return }
    try cursor.object("the parameters of \(owner)") { key, cursor in
      try UnsupportedParameter.check(key, of: owner)
      try cursor.skip()
    }
  }

  private func optionalString(_ cursor: inout JSONCursor) throws -> String? {
    cursor.take(word: "null") ? nil : try cursor.string()
  }

  private func inputs(_ cursor: inout JSONCursor) throws -> [InputTensor] {
    var inputs: [InputTensor] = []
    try cursor.array("inputs") { cursor in
      guard inputs.count < maximumInputs else {
        throw RequestFailure.bad("more inputs than the model's \(maximumInputs)")
      }
      inputs.append(try input(&cursor))
    }
    return inputs
  }

  private func outputs(_ cursor: inout JSONCursor) throws -> [String]? {
    if cursor.take(word: "null") { return nil }
    var names: [String] = []
    try cursor.array("outputs") { cursor in
      guard names.count < 100 else { throw RequestFailure.bad("more than 100 outputs") }
      var name: String?
      try cursor.object("an output") { key, cursor in
        switch key {
        case "name": name = try cursor.string()
        case "parameters": try parameters("an output", &cursor)
        default: try cursor.skip()
        }
      }
      guard let name else { throw RequestFailure.bad("an output without a 'name'") }
      names.append(name)
    }
    return names.isEmpty ? nil : names
  }

  private func input(_ cursor: inout JSONCursor) throws -> InputTensor {
    var partial = PartialTensor()
    try cursor.object("an input") { key, cursor in
      switch key {
      case "name": partial.name = try cursor.string()
      case "datatype": partial.datatype = try datatype(&cursor)
      case "shape": partial.shape = try shape(&cursor)
      case "data":
        if let reader = try reader(partial) {
          partial.values = try reader.read(&cursor)
        } else {
          // `data` came before the shape or datatype: read it when the object's other keys are known.
          partial.dataPosition = cursor.position
          try cursor.skip()
        }
      case "parameters": try parameters("an input", &cursor)
      default: try cursor.skip()
      }
    }
    return try finish(partial, cursor)
  }

  private func finish(_ partial: PartialTensor, _ cursor: JSONCursor) throws -> InputTensor {
    guard let name = partial.name else { throw RequestFailure.bad("an input without a 'name'") }
    let subject = "input '\(name.prefix(100))'"
    guard let datatype = partial.datatype else { throw RequestFailure.bad("\(subject) has no 'datatype'") }
    guard let shape = partial.shape else { throw RequestFailure.bad("\(subject) has no 'shape'") }
    if let values = partial.values {
      return InputTensor(name: name, datatype: datatype, shape: shape, values: values)
    }
    guard let position = partial.dataPosition, let reader = try reader(partial) else {
      throw RequestFailure.bad("\(subject) has no 'data'")
    }
    var again = cursor.rewound(to: position)
    return InputTensor(name: name, datatype: datatype, shape: shape, values: try reader.read(&again))
  }

  private func reader(_ partial: PartialTensor) throws -> TensorReader? {
    guard let name = partial.name, let datatype = partial.datatype, let shape = partial.shape else { return nil }
    let isText = datatype == .bytes && assembler.isText(name, shape: shape)
    return TensorReader(
      name: name, datatype: datatype, shape: shape,
      categories: datatype == .bytes && !isText ? try assembler.categories(of: name, shape: shape) : nil,
      isDouble: assembler.isDouble, isText: isText)
  }

  private func datatype(_ cursor: inout JSONCursor) throws -> Datatype {
    let text = try cursor.string()
    guard let datatype = Datatype(rawValue: text) else {
      let known = Datatype.allCases.map(\.rawValue).joined(separator: ", ")
      throw RequestFailure.bad("the datatype '\(text.prefix(20))' is not one of \(known)")
    }
    return datatype
  }

  private func shape(_ cursor: inout JSONCursor) throws -> [Int] {
    var shape: [Int] = []
    try cursor.array("shape") { cursor in
      let number = try cursor.number()
      guard number.isInteger, !number.isNegative, let size = Int(exactly: number.mantissa), !number.isTruncated else {
        throw cursor.failure("a dimension has to be a whole number, 0 or more")
      }
      guard shape.count < 2 else {
        throw RequestFailure.bad("a shape has one or two dimensions, rows and columns")
      }
      shape.append(size)
    }
    guard let rows = shape.first else { throw RequestFailure.bad("a shape without dimensions") }
    guard rows <= maximumRows else {
      throw RequestFailure.bad("\(rows) rows in one request: the limit is \(maximumRows)")
    }
    guard shape.count < 2 || shape[1] <= maximumColumns else {
      throw RequestFailure.bad("a shape of \(shape[1]) columns: the model has \(maximumColumns) features")
    }
    return shape
  }
}

/// The keys of an input read so far; they may come in any order.
private struct PartialTensor {
  var name: String?
  var datatype: Datatype?
  var shape: [Int]?
  var values: InputTensor.Values?
  var dataPosition: Int?
}
