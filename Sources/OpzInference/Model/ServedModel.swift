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
  package struct Inference {
    package let body: [UInt8]
    package let rows: Int
    package let decoding: Duration
    package let scoring: Duration
    package let encoding: Duration
  }

  /// Handles the body of one inference request.
  /// - Throws: `RequestFailure`, and what the predictor throws.
  package func infer(_ body: [UInt8], _ limits: ServerLimits) throws -> Inference {
    let start = ContinuousClock.now
    let most = limits.bodyBytes / growth
    guard body.count <= most else {
      throw RequestFailure(
        413,
        "a body of \(body.count) bytes: the model's inputs are not float32 alone, so send at most \(most) bytes at once"
      )
    }
    let columns = predictor.features.count
    let request = try InferenceDecoder(
      maximumRows: limits.rows, maximumInputs: max(columns, 1), maximumColumns: columns, assembler: assembler
    ).decode(body)
    let wanted = try outputs(request.outputs)
    let rows = try assembler.rows(request.inputs)
    try check(rows.count, wanted, limits)
    let decoded = ContinuousClock.now
    let values = try predictor.predict(rows, outputs: wanted)
    let scored = ContinuousClock.now
    let tensors = zip(wanted, values).map { OutputTensor(spec: predictor.outputs[$0], rows: rows.count, values: $1) }
    let response = InferenceEncoder(model: name, version: version).encode(id: request.id, tensors)
    return Inference(
      body: response, rows: rows.count, decoding: decoded - start, scoring: scored - decoded,
      encoding: ContinuousClock.now - scored)
  }

  /// Bytes per score: a number as a margin, a number as a score, and its text.
  private var scoreBytes: Int { textBytes.plus(predictor.outputs.allSatisfy { $0.element == .float32 } ? 8 : 32) }
  private var textBytes: Int { predictor.outputs.map(\.textBytes).max() ?? 16 }

  /// How much more memory a byte of a body becomes than where all inputs are float32.
  private var growth: Int {
    if predictor.features.contains(where: { $0.element == .text }) { return 4 }
    return assembler.isDouble ? 2 : 1
  }

  /// The most bytes that `infer` allocates for a body of this size, whatever its datatypes.
  ///
  /// A value takes at least two bytes of text and becomes four bytes twice, in its input and in the matrix, or eight in
  /// float64; a text of three bytes becomes sixteen twice. Decoding the escapes of any other text takes no more than
  /// that.
  package func memory(ofBody bytes: Int, _ limits: ServerLimits) -> Int {
    bytes.times(4 * growth).plus(min(scores(ofBody: bytes, limits).times(scoreBytes), limits.outputBudget))
  }

  /// The most bytes of the response to a body of this size.
  package func response(ofBody bytes: Int, _ limits: ServerLimits) -> Int {
    min(scores(ofBody: bytes, limits).times(textBytes), limits.outputBudget)
  }

  /// The most scores for a body of this size, given that a row has a value for each feature.
  private func scores(ofBody bytes: Int, _ limits: ServerLimits) -> Int {
    let columns = predictor.outputs.reduce(0) { $0 + $1.columns }
    return min(limits.rows, bytes / 2 / max(1, predictor.features.count)).times(columns)
  }

  private func check(_ rows: Int, _ wanted: [Int], _ limits: ServerLimits) throws {
    let columns = max(1, wanted.reduce(0) { $0 + predictor.outputs[$1].columns })
    let most = limits.outputBudget / scoreBytes / columns
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
