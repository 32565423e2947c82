/// A model with the name and version by which clients request it.
public struct ServedModel: Sendable {
  /// It may contain `/`.
  public let name: String
  public let version: String
  public let predictor: any Predictor
  private let assembler: RowAssembler

  /// Creates a model that is served by its name and version (Open Inference Protocol V2).
  public init(name: String, version: String, predictor: any Predictor) {
    self.name = name
    self.version = version
    self.predictor = predictor
    assembler = RowAssembler(predictor.features)
  }

  /// The response of one inference, with its row count and times.
  struct Inference {
    let body: [UInt8]
    let rows: Int
    let decoding: Duration
    let scoring: Duration
    let encoding: Duration
  }

  /// Handles the body of one inference request.
  /// - Throws: `RequestFailure`, and what the predictor throws.
  func infer(_ body: [UInt8], _ limits: ServerLimits) throws -> Inference {
    let start = ContinuousClock.now
    let columns = predictor.features.count
    let request = try InferenceDecoder(
      maximumRows: limits.rows, maximumInputs: max(columns, 1), maximumColumns: columns, assembler: assembler
    ).decode(body)
    let wanted = try outputs(request.outputs)
    let (matrix, rows) = try assembler.matrix(request.inputs)
    try check(rows, wanted, limits)
    let decoded = ContinuousClock.now
    let values = try predictor.predict(matrix, rows: rows, outputs: wanted)
    let scored = ContinuousClock.now
    let tensors = zip(wanted, values).map { position, values in
      let spec = predictor.outputs[position]
      return OutputTensor(name: spec.name, shape: spec.shape(rows: rows), values: values)
    }
    let response = InferenceEncoder(model: name, version: version).encode(id: request.id, tensors)
    return Inference(
      body: response, rows: rows, decoding: decoded - start, scoring: scored - decoded,
      encoding: ContinuousClock.now - scored)
  }

  /// Bytes per score: a float as a margin, a float as a score, and at most 16 of text.
  private static let scoreBytes = 24
  private static let textBytes = 16

  /// The most bytes that `infer` allocates for a body of this size, whatever its datatypes.
  ///
  /// A value takes at least two bytes of text and becomes four bytes twice, in its input and in the matrix;
  /// decoding the escapes of any other text takes no more than that.
  func memory(ofBody bytes: Int, _ limits: ServerLimits) -> Int {
    bytes.times(4).plus(min(scores(ofBody: bytes, limits).times(ServedModel.scoreBytes), limits.outputBudget))
  }

  /// The most bytes of the response to a body of this size.
  func response(ofBody bytes: Int, _ limits: ServerLimits) -> Int {
    min(scores(ofBody: bytes, limits).times(ServedModel.textBytes), limits.outputBudget)
  }

  /// The most scores for a body of this size, given that a row has a value for each feature.
  private func scores(ofBody bytes: Int, _ limits: ServerLimits) -> Int {
    let columns = predictor.outputs.reduce(0) { $0 + $1.columns }
    return min(limits.rows, bytes / 2 / max(1, predictor.features.count)).times(columns)
  }

  private func check(_ rows: Int, _ wanted: [Int], _ limits: ServerLimits) throws {
    let columns = max(1, wanted.reduce(0) { $0 + predictor.outputs[$1].columns })
    let most = limits.outputBudget / ServedModel.scoreBytes / columns
    guard rows <= most else {
      throw RequestFailure(413, "\(rows) rows with \(columns) scores each: send at most \(most) rows at once")
    }
  }

  private func outputs(_ names: [String]?) throws -> [Int] {
    guard let names else { return Array(predictor.outputs.indices) }
    var wanted: [Int] = []
    for name in names {
      guard let position = predictor.outputs.firstIndex(where: { $0.name == name }) else {
        let known = predictor.outputs.map(\.name).joined(separator: ", ")
        throw RequestFailure.bad("there is no output '\(name.prefix(100))': the model has \(known)")
      }
      guard !wanted.contains(position) else { throw RequestFailure.bad("duplicate output '\(name)'") }
      wanted.append(position)
    }
    return wanted
  }
}
