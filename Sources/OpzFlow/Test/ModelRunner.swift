import OpzIO
import OpzModel
import OpzScoring

/// Runs a model on rows of text cells.
protocol ModelRunner: Sendable, CustomStringConvertible {
  /// - Parameter rows: cells in the order of the columns; nil for a missing value.
  /// - Returns: for each output by name, rows x columns values in row-major order.
  func predict(_ rows: [[String?]], _ columns: [TestColumn]) async throws -> [String: [TestValue]]
  func stop() async
}

/// Scores in this process, for images without a runtime.
struct ScorerRunner: ModelRunner {
  private let scorer: Scorer
  private let encoder: RowEncoder

  init(_ model: Model) {
    scorer = Scorer.compiled(model)
    encoder = RowEncoder(model)
  }

  var description: String { "scored by opz" }

  func predict(_ rows: [[String?]], _ columns: [TestColumn]) async throws -> [String: [TestValue]] {
    let (scorer, encoder) = (scorer, encoder)
    return try await blocking {
      let kinds = scorer.model.outputs.map(\.kind)
      let result = try scorer.score(encoder.rows(rows), kinds)
      if let (row, reason) = result.refused.min(by: { $0.key < $1.key }) {
        throw ModelError(.badRows, "row \(row + 1)", reason: reason)
      }
      return Dictionary(
        zip(kinds.map(\.rawValue), result.outputs.map(TestValue.all)), uniquingKeysWith: { one, _ in one })
    }
  }

  func stop() async {}
}
