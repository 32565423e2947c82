import OpzIO
import OpzInference
import OpzJSON

/// The server's OpenAPI 3.1 description, typed by the model: its columns, their types, categories and ranges, and an
/// example that works.
struct OpenAPIDocument {
  let model: ServedModel
  /// What its schemas' names end with where others stand beside them.
  private let suffix: String
  /// Whether it is the only model, which requests need not name.
  private let isOnly: Bool

  init(model: ServedModel) { self.init(model: model, suffix: "", isOnly: true) }

  private init(model: ServedModel, suffix: String, isOnly: Bool) {
    self.model = model
    self.suffix = suffix
    self.isOnly = isOnly
  }

  /// The description of a server with these models: each has its paths, and schemas with a number from the second on.
  static func value(of models: [ServedModel]) -> JSONValue {
    if let only = models.first, models.count == 1 { return OpenAPIDocument(model: only).value }
    let documents = models.enumerated().map { index, model in
      OpenAPIDocument(model: model, suffix: index == 0 ? "" : "\(index + 1)", isOnly: false)
    }
    let paths = documents.isEmpty ? serverPaths : documents.flatMap(\.paths)
    var schemas = documents.reduce(into: [String: JSONValue]()) { $0.merge($1.schemas) { first, _ in first } }
    schemas["Anything"] = .object([:])
    return .object([
      "openapi": "3.1.0",
      "info": .object([
        "title": "opz-server", "version": .string(ServerVersion.text),
        "description": .string("Predictions of \(models.count) models."),
      ]),
      "paths": .object(Dictionary(paths, uniquingKeysWith: { first, _ in first })),
      "components": .object(["schemas": .object(schemas)]),
    ])
  }

  /// Categories beyond this are not listed.
  private static let most = 1000

  var value: JSONValue {
    .object([
      "openapi": "3.1.0",
      "info": .object([
        "title": .string(model.name), "version": .string(model.version),
        "description": .string("Predictions of the model \(model.name) (\(model.platform))."),
      ]),
      "paths": .object(Dictionary(uniqueKeysWithValues: paths)),
      "components": .object(["schemas": .object(schemas)]),
    ])
  }

  // MARK: Paths

  /// The model's name as a part of a path.
  private var place: String { PercentCoding.encode(model.name, keeping: "/") }

  private var paths: [(String, JSONValue)] {
    let own = [
      ("/v2/models/\(place)/infer", infer), ("/v1/models/\(place):predict", predict("Predict rows (KServe v1)")),
      ("/v2/models/\(place)", get("The model's metadata", "Metadata")),
      (
        "/v2/models/\(place)/ready",
        OpenAPIDocument.get("Whether the model answers", "Anything", more: ["503": "Not ready"])
      ),
    ]
    return own + (isOnly ? [("/invocations", invocations)] : []) + OpenAPIDocument.serverPaths
  }

  private static var serverPaths: [(String, JSONValue)] {
    [
      ("/v2/health/live", get("Whether the server lives", "Anything")),
      ("/v2/health/ready", get("Whether requests are answered", "Anything", more: ["503": "Not ready"])),
      ("/v2", get("The server's metadata", "Anything")),
    ]
  }

  private func get(_ summary: String, _ schema: String) -> JSONValue { OpenAPIDocument.get(summary, schema + suffix) }

  private static func get(_ summary: String, _ schema: String, more: [String: String] = [:]) -> JSONValue {
    var responses: [String: JSONValue] = ["200": response("OK", schema)]
    for (status, text) in more { responses[status] = response(text, "Anything") }
    return .object(["get": .object(["summary": .string(summary), "responses": .object(responses)])])
  }

  private var infer: JSONValue {
    post(
      "Predict tensors (Open Inference Protocol v2)", "InferenceRequest", response: "InferenceResponse",
      example: exampleRequest)
  }

  private func predict(_ summary: String) -> JSONValue {
    post(summary, "Rows", response: "Predictions", example: .object(["instances": .array([exampleRow])]))
  }

  private var invocations: JSONValue {
    guard case .object(var operation) = predict("Predict rows (MLflow)"), case .object(var post)? = operation["post"],
      case .object(var body)? = post["requestBody"], case .object(var content)? = body["content"]
    else { return .null }
    content["text/csv"] = .object(["schema": .object(["type": "string"])])
    body["content"] = .object(content)
    post["requestBody"] = .object(body)
    operation["post"] = .object(post)
    return .object(operation)
  }

  private func post(_ summary: String, _ request: String, response: String, example: JSONValue) -> JSONValue {
    let errors = [
      "400": "The request is malformed, or the model does not take it", "413": "The request is too large",
      "415": "The content has a type or encoding that is not supported", "422": "The request is in quarantine",
      "429": "The queue is full", "500": "The model failed", "503": "Too much load, or no worker",
      "504": "The request's time is over",
    ]
    var responses = errors.mapValues { OpenAPIDocument.response($0, "Error") }
    responses["200"] = OpenAPIDocument.response("The predictions", response + suffix)
    let content: JSONValue = .object([
      "application/json": .object(["schema": OpenAPIDocument.reference(request + suffix), "example": example])
    ])
    return .object([
      "post": .object([
        "summary": .string(summary), "responses": .object(responses),
        "requestBody": .object(["required": .bool(true), "content": content]),
      ])
    ])
  }

  private static func response(_ text: String, _ schema: String) -> JSONValue {
    .object([
      "description": .string(text),
      "content": .object(["application/json": .object(["schema": reference(schema)])]),
    ])
  }

  private static func reference(_ name: String) -> JSONValue {
    .object(["$ref": .string("#/components/schemas/\(name)")])
  }

  // MARK: Schemas

  private var schemas: [String: JSONValue] {
    [
      "Anything": .object([:]), "Row\(suffix)": row, "InferenceRequest\(suffix)": inferenceRequest,
      "Rows\(suffix)": OpenAPIDocument.object(
        [
          "instances": .object([
            "type": "array", "minItems": .integer(1), "items": OpenAPIDocument.reference("Row\(suffix)"),
          ])
        ], required: ["instances"]),
      "Predictions\(suffix)": OpenAPIDocument.object(
        ["predictions": .object(["type": "array"])], required: ["predictions"]),
      "Error": OpenAPIDocument.object(["error": .object(["type": "string"])], required: ["error"]),
      "Metadata\(suffix)": OpenAPIDocument.object(
        ["name": .object(["const": .string(model.name)])],
        required: ["name", "versions", "platform", "inputs", "outputs"]),
      "InferenceResponse\(suffix)": OpenAPIDocument.object(
        ["model_name": .object(["const": .string(model.name)]), "outputs": .object(["type": "array"])],
        required: ["model_name", "outputs"]),
    ]
  }

  private static func object(_ properties: [String: JSONValue], required: [String]) -> JSONValue {
    .object([
      "type": "object", "properties": .object(properties), "required": .array(required.map(JSONValue.string)),
    ])
  }

  /// A row by the names of its columns.
  private var row: JSONValue {
    let columns = model.inputs.map { ($0.name, OpenAPIDocument.cell($0)) }
    return .object([
      "type": "object",
      "properties": .object(Dictionary(columns, uniquingKeysWith: { first, _ in first })),
      "required": .array(model.inputs.map { .string($0.name) }),
      "additionalProperties": .bool(model.inputs.isEmpty), "example": exampleRow,
    ])
  }

  /// A value of a column; null for a missing one.
  private static func cell(_ spec: TensorSpec) -> JSONValue {
    let null: [JSONValue] = spec.maybeMissing ? ["null"] : []
    if let categories = spec.categories, categories.count <= most {
      return .object(["enum": .array(categories.map(JSONValue.string) + (spec.maybeMissing ? [.null] : []))])
    }
    var schema: [String: JSONValue] =
      switch spec.datatype {
      case .bytes: ["type": .array(["string"] + null)]
      case .bool: ["type": .array(["boolean"] + null)]
      case .fp16, .bf16, .fp32, .fp64: ["type": .array(["number"] + null)]
      default: ["type": .array(["integer"] + null)]
      }
    let (least, greatest) = limits(spec)
    schema["minimum"] = least
    schema["maximum"] = greatest
    return .object(schema)
  }

  /// The least and greatest value of a column, by its range and its datatype; JSON has no infinities.
  private static func limits(_ spec: TensorSpec) -> (JSONValue?, JSONValue?) {
    // Readers of JSON take 64-bit integers for doubles, which have not their limits.
    let whole = [.int64, .uint64].contains(spec.datatype) ? nil : spec.datatype.integers
    func end(_ bound: Double?, _ limit: Int64?) -> JSONValue? {
      if let bound, bound.isFinite { return .number(bound) }
      return limit.map(JSONValue.integer)
    }
    return (
      end(spec.range?.lowerBound, whole?.least), end(spec.range?.upperBound, whole.map { Int64(clamping: $0.greatest) })
    )
  }

  private var inferenceRequest: JSONValue {
    let number: JSONValue = .object(["type": "integer", "minimum": .integer(0)])
    let names = model.inputs.prefix(OpenAPIDocument.most).map { JSONValue.string($0.name) }
    let input = OpenAPIDocument.object(
      [
        "name": .object(names.isEmpty ? ["type": "string"] : ["type": "string", "examples": .array(names)]),
        "datatype": .object(["enum": .array(Datatype.allCases.map { .string($0.rawValue) })]),
        "shape": .object(["type": "array", "items": number]), "data": .object(["type": "array"]),
      ], required: ["name", "datatype", "shape"])
    return OpenAPIDocument.object(
      ["id": .object(["type": "string"]), "inputs": .object(["type": "array", "items": input])], required: ["inputs"])
  }

  // MARK: The example

  /// A row that the model takes.
  private var exampleRow: JSONValue {
    .object(
      Dictionary(
        model.inputs.map { ($0.name, OpenAPIDocument.example($0)) }, uniquingKeysWith: { first, _ in first }))
  }

  /// A request that the model takes.
  var exampleRequest: JSONValue { .object(["inputs": .array(exampleInputs)]) }

  private var exampleInputs: [JSONValue] {
    model.inputs.map { spec in
      let shape = spec.shape.map { max(1, $0) }
      let count = min(shape.reduce(1) { $0.times($1) }, OpenAPIDocument.most)
      return .object([
        "name": .string(spec.name), "datatype": .string(spec.datatype.rawValue),
        "shape": .array(shape.map { .integer(Int64($0)) }),
        "data": .array(Array(repeating: OpenAPIDocument.example(spec), count: count)),
      ])
    }
  }

  private static func example(_ spec: TensorSpec) -> JSONValue {
    if let first = spec.categories?.first { return .string(first) }
    switch spec.datatype {
    case .bytes: return "text"
    case .bool: return .bool(true)
    case .fp16, .bf16, .fp32, .fp64: return .number(spec.range.map { number(in: $0) } ?? 1)
    default:
      let (range, limits) = (spec.range ?? 1...1, spec.datatype.integers ?? (0, 1))
      let least = range.lowerBound.isFinite ? range.lowerBound.rounded(.up) : range.upperBound.rounded(.down)
      return .integer(Int64(exactly: least).map { max(limits.least, min($0, Int64(clamping: limits.greatest))) } ?? 1)
    }
  }

  /// A number of a range, of which one end may be infinite.
  private static func number(in range: ClosedRange<Double>) -> Double {
    switch (range.lowerBound.isFinite, range.upperBound.isFinite) {
    case (true, true): range.lowerBound / 2 + range.upperBound / 2
    case (true, false): range.lowerBound
    case (false, true): range.upperBound
    case (false, false): 1
    }
  }
}
