/// Computes what is written for each row: an output of a model, or the leaf of each tree.
struct ScoredValues: Sendable {
  private let scorer: Scorer
  /// Nil for leaves.
  private let output: Model.Output?
  /// Whether the model refuses rows by itself, which `Scorer.leaves` does not say.
  private let isSelective: Bool
  /// Values per row.
  let width: Int

  /// Maximum values that are computed at once, unless a single row has more.
  private static let limit = 1 << 18

  init(_ scorer: Scorer, _ output: Model.Output?) {
    self.scorer = scorer
    self.output = output
    width = output.map { scorer.model.nodes[$0.node].type.width } ?? scorer.model.treeCount
    isSelective = scorer.model.nodes.contains { node in
      if case .lookUp(let table) = node.operation { table.otherwise == nil } else { false }
    }
  }

  /// Maximum rows at once.
  var rowLimit: Int { max(1, ScoredValues.limit / max(1, width)) }

  /// The names of the columns.
  var names: [String] {
    guard let output else { return (0..<width).map { "leaf_\($0)" } }
    return width == 1 ? [output.kind.rawValue] : (0..<width).map { "\(output.kind.rawValue)_\($0)" }
  }

  var arrowType: ArrowType {
    guard let output else { return .integer(bytes: 4, isSigned: true) }
    return switch scorer.model.nodes[output.node].type.element {
    case .float32: .float32
    case .float64: .float64
    case .integer: .integer(bytes: 8, isSigned: true)
    case .text: .text(offsetBytes: 8)
    }
  }

  /// The values of rows, and the reasons by the indexes of the rows that the model refuses.
  func compute(_ rows: Rows) throws -> (TableWriter.Values, refused: [Int: String]) {
    guard let output else {
      let refused = isSelective ? try scorer.score(rows, [scorer.model.outputs[0].kind]).refused : [:]
      return (.leaves(try scorer.leaves(rows), scorer.model.treeCount), refused)
    }
    let scored = try scorer.score(rows, [output.kind])
    return (.tensor(scored.outputs[0]), scored.refused)
  }
}
