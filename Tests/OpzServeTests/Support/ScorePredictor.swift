import OpzModel

@testable import OpzInference
@testable import OpzServe

/// A small model whose scores a test can compute: `a + 10 b + 100 c`, where a missing value counts as 1000.
struct ScorePredictor: Predictor {
  let platform = "test_score"
  let features = [
    FeatureSpec(name: "a"), FeatureSpec(name: "b"),
    FeatureSpec(name: "colour \"é\"", categories: ["red", "green", "blue\n"]),
  ]
  let outputs = [OutputSpec(name: "score"), OutputSpec(name: "row", columns: 3)]

  func predict(_ rows: Rows, outputs: [Int]) throws -> [Tensor.Storage] {
    guard case .float32(let matrix) = rows.numbers else { return [] }
    return outputs.map { output in
      if output == 1 { return .float32(matrix) }
      return .float32(
        (0..<rows.count).map { row in
          let values = matrix[row * 3..<row * 3 + 3].map { $0.isNaN ? 1000 : $0 }
          return values[0] + 10 * values[1] + 100 * values[2]
        })
    }
  }
}

extension ServedModel {
  static let sample = ServedModel(name: "team/score", version: "3", predictor: ScorePredictor())
}

/// The sum of two numbers.
struct SumPredictor: Predictor {
  let platform = "test_sum"
  let features = [FeatureSpec(name: "a"), FeatureSpec(name: "b")]
  let outputs = [OutputSpec(name: "sum")]

  func predict(_ rows: Rows, outputs: [Int]) throws -> [Tensor.Storage] {
    guard case .float32(let matrix) = rows.numbers else { return [] }
    return [.float32((0..<rows.count).map { matrix[2 * $0] + matrix[2 * $0 + 1] })]
  }
}
