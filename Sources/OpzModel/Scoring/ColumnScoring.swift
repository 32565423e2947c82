/// Scores rows whose cells are numbers and texts already, as a database gives them: the same encoding and the same
/// scorer as for a table in a file.
public struct ColumnScoring: Sendable {
  /// A column of scores.
  public struct Column: Sendable, Hashable {
    public let name: String
    public let type: ElementType
  }

  /// The scores of rows, `count` x columns, row by row.
  public enum Scores: Sendable {
    case float32([Float])
    case float64([Double])
    /// Whole numbers or NaN.
    case integers([Double])
    case texts([String?])
    case leaves([Int32])
  }

  /// Why a row has no scores.
  public struct Problem: Sendable {
    /// The model's input; nil where the model refuses the row as a whole.
    public let input: String?
    public let reason: String
    public let hint: String?
  }

  /// Rows of a model's inputs.
  public struct Cells: Sendable {
    public let count: Int
    /// `count` x inputs, row by row; NaN is missing. What belongs to `texts` is not looked at.
    public var numbers: [Double]
    /// The bytes of the texts, and `padding` more.
    public let bytes: [UInt8]
    /// By the input: where the text of each row is; an empty place at 0 is missing.
    public let texts: [Int: [Range<Int>]]
    /// Cells that are no numbers where one is expected: row, input and text.
    public var strays: [(row: Int, input: Int, text: String)] = []

    /// Joins the columns of some rows.
    public init(count: Int, numbers: [Double], bytes: [UInt8], texts: [Int: [Range<Int>]]) {
      self.count = count
      self.numbers = numbers
      self.bytes = bytes
      self.texts = texts
    }
  }

  /// Bytes that have to stand behind those of the texts.
  public static let padding = DecimalReader.padding + 1

  /// The columns of scores.
  public let columns: [Column]
  /// The most rows at once.
  public let rowLimit: Int
  private let encoder: RowEncoder
  private let values: ScoredValues
  private let textInputs: [Int]
  /// Inputs of numbers that are more than rounded.
  private let codedInputs: [Int]

  /// - Throws: `ModelError.badOption` for a kind that the model does not have.
  public init(_ scorer: Scorer, kind: BatchScoring.Kind?) throws {
    let output = try BatchScoring.output(kind, of: scorer.model)
    values = ScoredValues(scorer, output)
    encoder = RowEncoder(scorer.model)
    rowLimit = values.rowLimit
    let type = output.map { scorer.model.nodes[$0.node].type.element } ?? .integer
    columns = values.names.map { Column(name: $0, type: type) }
    textInputs = scorer.model.inputs.indices.filter { scorer.model.inputs[$0].kind == .text }
    let isDouble = encoder.isDouble
    codedInputs = scorer.model.inputs.indices.filter { input in
      switch scorer.model.inputs[input].kind {
      case .text: false
      case .number(let type): isDouble || type != .float32
      case .categorical: true
      }
    }
  }

  /// Scores rows.
  /// - Returns: the scores, and the problems by the indexes of the rows whose scores mean nothing.
  public func score(_ cells: Cells) throws -> (scores: Scores, problems: [Int: Problem]) {
    var encoding = Encoding(cells, encoder)
    encoding.encodeTexts()
    for input in codedInputs where cells.texts[input] == nil { encoding.encodeNumbers(of: input) }
    encoding.encodeStrays()
    var texts: [Int: [String?]] = [:]
    for input in textInputs { texts[input] = encoding.texts(of: input) }
    let rows = Rows(count: cells.count, numbers: encoding.matrix(), texts: texts)
    let (made, refused) = try values.compute(rows)
    for (row, reason) in refused where encoding.problems[row] == nil {
      encoding.problems[row] = Problem(input: nil, reason: reason, hint: nil)
    }
    return (ColumnScoring.scores(made), encoding.problems)
  }

  private static func scores(_ values: TableWriter.Values) -> Scores {
    switch values {
    case .leaves(let leaves, _): .leaves(leaves)
    case .tensor(let tensor):
      switch tensor.storage {
      case .float32(let numbers): .float32(numbers)
      case .float64(let numbers): tensor.type.element == .integer ? .integers(numbers) : .float64(numbers)
      case .texts(let texts): .texts(texts)
      }
    }
  }
}

/// Turns cells into numbers of the model's own types.
private struct Encoding {
  private let encoder: RowEncoder
  private var cells: ColumnScoring.Cells
  var problems: [Int: ColumnScoring.Problem] = [:]

  init(_ cells: ColumnScoring.Cells, _ encoder: RowEncoder) {
    self.cells = cells
    self.encoder = encoder
  }

  private var width: Int { encoder.inputs.count }

  private mutating func refuse(_ row: Int, _ input: Int, because problem: CellProblem) {
    if problems[row] == nil {
      problems[row] = ColumnScoring.Problem(
        input: encoder.inputs[input].name, reason: problem.reason, hint: problem.hint)
    }
    cells.numbers[row * width + input] = .nan
  }

  /// Texts where the model takes categories or numbers.
  mutating func encodeTexts() {
    let decimals = DecimalReader(mark: UInt8(ascii: "."))
    let (bytes, texts) = (cells.bytes, cells.texts)
    for (input, places) in texts where encoder.inputs[input].kind != .text {
      for (row, place) in places.enumerated() where place.lowerBound > 0 {
        let result = bytes.withUnsafeBufferPointer { bytes -> Result<Double, CellProblem> in
          Result { () throws(CellProblem) in
            try encoder.encode(UnsafeBufferPointer(rebasing: bytes[place]), input, decimals: decimals)
          }
        }
        switch result {
        case .success(let number): cells.numbers[row * width + input] = number
        case .failure(let problem): refuse(row, input, because: problem)
        }
      }
    }
  }

  /// Numbers where the model takes categories, whole numbers or float64.
  mutating func encodeNumbers(of input: Int) {
    for row in 0..<cells.count {
      let place = row * width + input
      let number = cells.numbers[place]
      if number.isNaN { continue }
      do { cells.numbers[place] = try encoder.number(number, input) } catch { refuse(row, input, because: error) }
    }
  }

  mutating func encodeStrays() {
    for (row, input, text) in cells.strays {
      do { cells.numbers[row * width + input] = try encoder.encode(text, column: input) } catch {
        refuse(row, input, because: CellProblem("\"\(text.prefix(60))\" is not a number"))
      }
    }
  }

  /// The texts of an input that takes any.
  mutating func texts(of input: Int) -> [String?] {
    guard let places = cells.texts[input] else { return Array(repeating: nil, count: cells.count) }
    var texts: [String?] = []
    texts.reserveCapacity(places.count)
    for (row, place) in places.enumerated() {
      guard place.lowerBound > 0 else {
        texts.append(nil)
        continue
      }
      let text = String(validating: cells.bytes[place], as: UTF8.self)
      if text == nil { refuse(row, input, because: CellProblem("text that is not UTF-8")) }
      texts.append(text)
    }
    return texts
  }

  /// The matrix in the type that the model's rows have.
  mutating func matrix() -> Tensor.Storage {
    guard !encoder.isDouble else { return .float64(cells.numbers) }
    var floats = [Float](unsafeUninitializedCapacity: cells.numbers.count) { space, filled in
      filled = cells.numbers.count
      for index in 0..<filled { space[index] = Float(cells.numbers[index]) }
    }
    var isInfinite = false
    for number in floats { isInfinite = isInfinite || number.isInfinite }
    guard isInfinite else { return .float32(floats) }
    for index in floats.indices where floats[index].isInfinite {
      refuse(
        index / width, index % width,
        because: CellProblem.tooLarge(cells.numbers[index], "float32", end: "3.4e38"))
      floats[index] = .nan
    }
    return .float32(floats)
  }
}
