/// What computes a model's outputs.
public enum ModelBackend: Sendable {
  /// In this process.
  case native(any Predictor)
  /// In another.
  case remote(any RemotePredictor)
}

/// A model with the name and version by which clients request it.
public struct ServedModel: Sendable {
  /// It may contain `/`.
  public let name: String
  public let version: String
  public let backend: ModelBackend
  private let nativeInputs: [TensorSpec]
  private let nativeOutputs: [TensorSpec]
  private let assembler: RowAssembler?
  /// Checks what comes in; nil where nothing is demanded beyond what the model takes.
  private let nativeContract: NativeContract?
  private let remoteContract: RemoteContract?

  /// Creates a model that is served by its name and version (Open Inference Protocol V2).
  /// - Parameter contract: what its callers may send; the model's own inputs fill what it does not say.
  public init(name: String, version: String, predictor: any Predictor, contract: Contract? = nil) {
    self.name = name
    self.version = version
    backend = .native(predictor)
    let assembler = RowAssembler(predictor.features, marksUnseen: contract != nil)
    let inputs = predictor.features.map {
      TensorSpec($0.name, $0.datatype, categories: $0.categories.flatMap { $0.isEmpty ? nil : $0 })
    }
    let whole = contract?.filled(from: Contract(of: inputs))
    self.assembler = assembler
    nativeContract = whole.map {
      NativeContract($0, predictor.features, categories: assembler.categories, isDouble: assembler.isDouble)
    }
    remoteContract = nil
    nativeInputs = inputs.map { whole?.narrowed($0) ?? $0 }
    nativeOutputs = predictor.outputs.map { TensorSpec($0.name, Datatype($0.element), shape: $0.shape(rows: -1)) }
  }

  /// Creates a model whose outputs another process computes.
  /// - Parameter contract: what its callers may send; the inputs that the process has announced by now fill what it does
  ///   not say.
  public init(name: String, version: String, remote: any RemotePredictor, contract: Contract? = nil) {
    self.name = name
    self.version = version
    backend = .remote(remote)
    assembler = nil
    nativeContract = nil
    remoteContract = contract.map { RemoteContract($0, remote.inputs) }
    nativeInputs = []
    nativeOutputs = []
  }

  /// What the metadata says of the inputs.
  public var inputs: [TensorSpec] {
    switch backend {
    case .native: nativeInputs
    // Known when the first worker has started.
    case .remote(let predictor): remoteContract?.inputs ?? predictor.inputs
    }
  }

  /// What the metadata says of the outputs.
  public var outputs: [TensorSpec] {
    switch backend {
    case .native: nativeOutputs
    case .remote(let predictor): predictor.outputs
    }
  }

  /// The protocol's `platform`.
  public var platform: String {
    switch backend {
    case .native(let predictor): predictor.platform
    case .remote(let predictor): predictor.platform
    }
  }

  /// Whether its predictor answers now.
  public var isReady: Bool {
    switch backend {
    case .native: true
    case .remote(let predictor): predictor.isReady
    }
  }

  // MARK: Requests

  /// What a request's inputs may be.
  package func rules(_ limits: ServerLimits) -> InputRules {
    InputRules(
      maximumRows: limits.rows, maximumInputs: inputs.isEmpty ? 1000 : inputs.count,
      maximumDimensions: assembler == nil ? 8 : 2, maximumColumns: inputs.count,
      maximumElements: assembler == nil ? limits.bodyBytes : limits.bodyBytes.times(4) / bytesOfElement,
      maximumCells: maximumCells(limits), assembler: assembler)
  }

  /// Answers a request with the scorer.
  /// - Parameter deadline: when the client no longer waits.
  /// - Throws: `RequestFailure`, and what the predictor throws.
  package func answer(_ request: InferenceRequest, by deadline: ContinuousClock.Instant?, _ limits: ServerLimits) throws
    -> InferenceAnswer
  {
    guard case .native(let predictor) = backend, let assembler else {
      throw RequestFailure(500, "the model has no scorer")
    }
    let wanted = try wanted(request.outputs, predictor.outputs)
    var rows = try assembler.rows(request.inputs)
    var report = ContractReport()
    if let nativeContract { rows = try nativeContract.check(rows, &report) }
    try check(rows.count, wanted.map { predictor.outputs[$0] }, limits: limits)
    try ServedModel.check(deadline)
    let values = try predictor.predict(rows, outputs: wanted)
    let outputs = zip(wanted, values).map { OutputTensor(predictor.outputs[$0], rows: rows.count, values: $1) }
    return answer(request, outputs, rows: rows.count, report: report)
  }

  /// Answers a request by a predictor elsewhere.
  /// - Parameter id: by which logs know a request without an id of its own.
  package func answer(
    remotely request: InferenceRequest, by deadline: ContinuousClock.Instant?, id: String? = nil
  ) async throws -> InferenceAnswer {
    guard case .remote(let predictor) = backend else { throw RequestFailure(500, "the model has no workers") }
    var remote = RemoteRequest(
      ids: (request.id ?? id).map { [$0] } ?? [],
      inputs: try request.inputs.map { input in
        guard case .raw(let bytes, let missing) = input.values else {
          throw RequestFailure(500, "the tensors were not read for another process")
        }
        return RawTensor(input.name, input.datatype, shape: input.shape, bytes: bytes, missing: missing)
      })
    remote.outputs = request.outputs?.map(\.name)
    var names: Set<String> = []
    if let twice = remote.outputs?.first(where: { !names.insert($0).inserted }) {
      throw RequestFailure.bad("duplicate output '\(twice.prefix(100))'")
    }
    remote.parameters = request.parameters
    remote.deadline = deadline
    try ServedModel.check(deadline)
    var report = ContractReport()
    try remoteContract?.check(&remote.inputs, &report)
    let tensors = try await predictor.predict(remote)
    return answer(request, tensors.map { OutputTensor($0) }, rows: request.inputs.first?.rows ?? 0, report: report)
  }

  private func answer(_ request: InferenceRequest, _ outputs: [OutputTensor], rows: Int, report: ContractReport)
    -> InferenceAnswer
  {
    let asked = Dictionary(
      (request.outputs ?? []).map { ($0.name, $0.isBinary) }, uniquingKeysWith: { first, _ in first })
    return InferenceAnswer(
      model: name, version: version, id: request.id, outputs: outputs,
      isBinary: outputs.map { (asked[$0.name] ?? nil) ?? request.binaryOutputs }, rows: rows,
      violations: report.violations, contract: report.text)
  }

  package static func check(_ deadline: ContinuousClock.Instant?) throws {
    if let deadline, deadline <= .now { throw RequestFailure(504, "the request's time is over") }
  }

  private func check(_ rows: Int, _ wanted: [OutputSpec], limits: ServerLimits) throws {
    let columns = max(1, wanted.reduce(0) { $0 + $1.columns })
    let most = limits.outputBudget / scoreBytes / columns
    guard rows <= most else {
      throw RequestFailure(413, "\(rows) rows with \(columns) scores each: send at most \(most) rows at once")
    }
  }

  private func wanted(_ requested: [RequestedOutput]?, _ outputs: [OutputSpec]) throws -> [Int] {
    guard let requested else { return Array(outputs.indices) }
    var wanted: [Int] = []
    for name in requested.map(\.name) {
      guard let position = outputs.firstIndex(where: { $0.name == name }) else {
        let known = outputs.map(\.name).joined(separator: ", ")
        throw RequestFailure.bad("there is no output '\(name.prefix(100))': the model has \(known)")
      }
      guard !wanted.contains(position) else { throw RequestFailure.bad("duplicate output '\(name.prefix(100))'") }
      wanted.append(position)
    }
    return wanted
  }

  // MARK: Memory

  private var outputSpecs: [OutputSpec] {
    guard case .native(let predictor) = backend else { return [] }
    return predictor.outputs
  }

  /// Bytes per score: a number as a margin, a number as a score, and its text.
  private var scoreBytes: Int { textBytes.plus(outputSpecs.allSatisfy { $0.element == .float32 } ? 8 : 32) }
  private var textBytes: Int { outputSpecs.map(\.textBytes).max() ?? 16 }

  /// How much more memory a byte of a body becomes than where all inputs are float32.
  private var growth: Int {
    guard case .native(let predictor) = backend else { return 1 }
    if predictor.features.contains(where: { $0.element == .text }) { return 4 }
    return assembler?.isDouble == true ? 2 : 1
  }

  /// Bytes of an element in its input and in the matrix.
  private var bytesOfElement: Int { assembler?.isDouble == false ? 8 : 16 }

  /// Bytes of a cell of a table in its column and in the matrix; a text has sixteen, even one that is missing.
  private var bytesOfCell: Int { bytesOfElement + (growth > 2 ? 16 : 0) }

  private func maximumCells(_ limits: ServerLimits) -> Int { limits.bodyBytes.times(4) / bytesOfCell }

  /// Refuses a body of text that could take more than its memory.
  package func check(body count: Int, _ limits: ServerLimits) throws {
    let most = limits.bodyBytes / growth
    guard count <= most else {
      throw RequestFailure(
        413, "a body of \(count) bytes: the model's inputs are not float32 alone, so send at most \(most) bytes at once"
      )
    }
  }

  /// The most bytes that reading and scoring a body of this size allocate, whatever its datatypes.
  ///
  /// A value takes at least two bytes of text and becomes four bytes twice, in its input and in the matrix, or eight in
  /// float64; a text of three bytes becomes sixteen twice. Decoding the escapes of any other text takes no more than
  /// that. A value in binary form takes at least one byte, and `InputRules.maximumElements` bounds how many there are.
  /// A value that is left out of a row takes none, and a cell all the same: `InputRules.maximumCells` bounds those.
  package func memory(_ body: BodySize, _ limits: ServerLimits) -> Int {
    let values = body.bytes.times(4 * growth).times(body.valueBytes == 1 ? 2 : 1)
    let decoded = min(values.plus(cells(body, limits).times(bytesOfCell)), limits.bodyBytes.times(4))
    return decoded.plus(min(scores(body, limits).times(scoreBytes), limits.outputBudget))
  }

  /// The most bytes of the response to a body of this size.
  package func response(_ body: BodySize, _ limits: ServerLimits) -> Int {
    min(scores(body, limits).times(textBytes), limits.outputBudget)
  }

  /// Whether a body is read, and by a scorer here answered, in about a millisecond.
  package func isShort(_ body: BodySize, _ limits: ServerLimits) -> Bool {
    body.bytes <= Exchange.shortBytes && cells(body, limits) <= Exchange.shortBytes
      && scores(body, limits) <= Exchange.shortBytes
  }

  /// The most cells of rows that leave values out.
  private func cells(_ body: BodySize, _ limits: ServerLimits) -> Int {
    guard let rows = body.sparseRows else { return 0 }
    // A column that nothing is known about has a name in the body: `"":0,`.
    let columns = inputs.isEmpty ? min(1000, body.bytes / 5) : inputs.count
    return min(min(rows, limits.rows).times(columns), maximumCells(limits))
  }

  /// The most scores for a body of this size: a row has a value for each feature, unless it may leave them out.
  private func scores(_ body: BodySize, _ limits: ServerLimits) -> Int {
    let columns = outputSpecs.reduce(0) { $0 + $1.columns }
    let rows = max(body.bytes / body.valueBytes / max(1, inputs.count), body.sparseRows ?? 0)
    return min(limits.rows, rows).times(columns)
  }
}

/// The size of a body, by which its memory is estimated.
package struct BodySize: Sendable {
  package let bytes: Int
  /// The fewest bytes of a value: 2 in JSON, where a comma follows, 1 in other forms.
  package let valueBytes: Int
  /// The most rows that leave values out; nil where none may.
  package let sparseRows: Int?

  /// The size of a body that is there.
  package init(of body: [UInt8], _ dialect: some InferenceDialect) {
    bytes = body.count
    valueBytes = dialect.valueBytes
    sparseRows = dialect.sparseRows(of: body)
  }

  /// The size of a body that is announced.
  package init(_ bytes: Int, _ dialect: some InferenceDialect) {
    self.bytes = bytes
    valueBytes = dialect.valueBytes
    sparseRows = dialect.sparseRows(ofBytes: bytes)
  }
}
