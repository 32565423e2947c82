public import OpzModel

/// Rows at which a database and a model could part: at each split of each tree a row that stands at the threshold, one
/// float below and one above it, at the number between two floats where rounding turns, and with nothing; beside them
/// each category, an unseen one, missing and infinite values of each input, and random rows.
///
/// A row for a split has the values that lead to it, so that the split itself is what decides.
public struct BoundaryRows: Sendable {
  /// The inputs that the rows have values of, by their indexes: those that the model reads.
  public let inputs: [Int]
  /// Values in the order of `inputs`; nil is missing.
  public private(set) var rows: [[LookUp.Entry?]] = []
  /// The splits of all trees.
  public private(set) var splits = 0
  /// The splits that rows were made for. The others are behind computations that are not followed back, behind splits that
  /// exclude each other, or beyond the limit.
  public private(set) var reached = 0

  private let model: Model
  private let place: [Int: Int]
  private var usual: [LookUp.Entry?]
  private var thresholds: [Int: [Double]] = [:]
  private var generator = Generator()

  private static let randomRows = 500

  /// Makes rows.
  /// - Parameter limit: the most rows for splits; where there would be more, every second or n-th split is taken.
  public init(_ model: Model, limit: Int = 100_000) {
    self.model = model
    inputs = model.usedInputs.sorted()
    place = Dictionary(uniqueKeysWithValues: inputs.enumerated().map { ($1, $0) })
    let texts = BoundaryRows.knownTexts(model)
    usual = inputs.map { index in
      model.inputs[index].isText ? texts[index]?.first.map { .text($0) } : .number(0)
    }
    splits = model.ensembles.reduce(0) { $0 + $1.nodes.count { !$0.isLeaf } }
    let step = max(1, splits * Variants.most / max(1, limit))
    let traces = InputTrace.all(of: model)
    for node in model.nodes {
      guard case .trees(let ensemble) = node.operation else { continue }
      var walk = SplitWalk(ensemble, traces[node.operands[0]], every: step)
      walk.forEach { add($0) }
    }
    addSingle(texts)
    addRandom(texts)
  }

  // MARK: Splits

  private mutating func add(_ split: SplitWalk.Split) {
    var row = usual
    for (input, cell) in split.leading { row[place[input] ?? 0] = cell }
    guard let column = place[split.input] else { return }
    reached += 1
    let variants = Variants.cells(at: split, model.inputs[split.input].kind)
    for case .number(let number)? in variants where thresholds[split.input, default: []].count < 1000 {
      thresholds[split.input, default: []].append(number)
    }
    for cell in variants {
      row[column] = cell
      rows.append(row)
    }
  }

  // MARK: One input at a time

  private mutating func addSingle(_ texts: [Int: [String]]) {
    rows.append(usual)
    rows.append(inputs.map { _ in nil })
    for (column, input) in inputs.enumerated() {
      var cells: [LookUp.Entry?] = [nil]
      if model.inputs[input].isText {
        let known = texts[input] ?? []
        cells += known.map { .text($0) } + [.text(BoundaryRows.unseen(known)), .text("")]
      } else {
        cells += [.number(.nan), .number(.infinity), .number(-.infinity), .number(-0.0), .number(1), .number(-1)]
      }
      for cell in cells {
        var row = usual
        row[column] = cell
        rows.append(row)
      }
    }
  }

  /// The texts that a model knows of an input: its categories, or the keys of the tables that look it up.
  private static func knownTexts(_ model: Model) -> [Int: [String]] {
    var known: [Int: [String]] = [:]
    for (index, input) in model.inputs.enumerated() {
      if case .categorical(let texts, _) = input.kind, !texts.isEmpty { known[index] = texts }
    }
    for (node, traces) in zip(model.nodes, InputTrace.all(of: model)) {
      guard case .lookUp = node.operation else { continue }
      for case let trace? in traces where model.inputs[trace.input].kind == .text {
        guard case .choices(let choices) = trace.course else { continue }
        for case (.text(let text), _) in choices where known[trace.input]?.contains(text) != true {
          known[trace.input, default: []].append(text)
        }
      }
    }
    return known
  }

  /// A text that is none of those.
  static func unseen(_ texts: [String]) -> String {
    var text = "opz unseen"
    while texts.contains(text) { text += "'" }
    return text
  }

  // MARK: Random rows

  /// The same ones each time.
  private struct Generator: RandomNumberGenerator {
    private var state: UInt64 = 0x6f70_7a00

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }
  }

  private mutating func addRandom(_ texts: [Int: [String]]) {
    for _ in 0..<(inputs.isEmpty ? 0 : BoundaryRows.randomRows) {
      var row: [LookUp.Entry?] = []
      for input in inputs { row.append(random(input, texts[input] ?? [])) }
      rows.append(row)
    }
  }

  private mutating func random(_ input: Int, _ texts: [String]) -> LookUp.Entry? {
    guard Int.random(in: 0..<16, using: &generator) > 0 else { return nil }
    if model.inputs[input].isText { return texts.randomElement(using: &generator).map { .text($0) } }
    if let known = thresholds[input]?.randomElement(using: &generator), Bool.random(using: &generator) {
      return .number(known)
    }
    let scale: Double = [1, 10, 1000].randomElement(using: &generator) ?? 1
    let number = Double.random(in: -scale...scale, using: &generator)
    return .number(BoundaryRows.isWhole(model.inputs[input].kind) ? number.rounded() : number)
  }

  /// Whether an input takes whole numbers alone.
  static func isWhole(_ kind: Model.Kind) -> Bool {
    switch kind {
    case .number(.integer), .categorical: true
    default: false
    }
  }
}
