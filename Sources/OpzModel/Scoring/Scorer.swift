/// Scores rows with a model: evaluates its nodes one after the other, each for all rows.
///
/// The trees are scored by what the caller chooses: plainly, or compiled. Everything else is computed here, the same
/// for both. A scorer may be shared between threads.
public final class Scorer: Sendable {
  public let model: Model
  /// By the node's index.
  private let trees: [Int: any TreeScoring]

  /// Creates a scorer.
  /// - Parameter trees: makes what scores an ensemble.
  public init(_ model: Model, trees: (TreeEnsemble) -> any TreeScoring = { PlainTrees($0) }) {
    self.model = model
    var scorers: [Int: any TreeScoring] = [:]
    for (index, node) in model.nodes.enumerated() {
      if case .trees(let ensemble) = node.operation { scorers[index] = trees(ensemble) }
    }
    self.trees = scorers
  }

  /// Outputs of some rows, and the rows that were refused, whose elements mean nothing.
  public struct Result: Sendable {
    /// In the order in which they were asked for.
    public let outputs: [Tensor]
    /// The reason by the row's index.
    public let refused: [Int: String]
  }

  /// Computes outputs.
  /// - Throws: `ModelError.unsupported` for an output that the model does not have; `ModelError.badRows` for rows with
  ///   more or fewer elements than the model has inputs.
  public func score(_ rows: Rows, _ kinds: [Model.OutputKind]) throws -> Result {
    let outputs = try kinds.map { kind in
      guard let output = model.output(kind) else {
        throw ModelError(
          .unsupported, model.objective, reason: "the model has no \(kind.rawValue)",
          hint: "it has \(model.outputs.map(\.kind.rawValue).joined(separator: ", "))")
      }
      return output.node
    }
    var evaluation = try evaluation(rows)
    let tensors = outputs.map { evaluation.value($0) }
    return Result(outputs: tensors, refused: evaluation.refused)
  }

  /// The leaf that each tree reaches, `rows` x trees, all ensembles one after the other in a row, numbered as in the
  /// model's file.
  /// - Throws: `ModelError.badRows` for rows with more or fewer elements than the model has inputs.
  public func leaves(_ rows: Rows) throws -> [Int32] {
    var evaluation = try evaluation(rows)
    let parts = trees.sorted { $0.key < $1.key }.map { index, scorer in
      scorer.leaves(evaluation.value(model.nodes[index].operands[0]).storage, rows: rows.count)
    }
    guard parts.count != 1 else { return parts[0] }
    return (0..<rows.count).flatMap { row in
      parts.flatMap { part in part[(row * part.count / rows.count)..<((row + 1) * part.count / rows.count)] }
    }
  }

  private func evaluation(_ rows: Rows) throws -> Evaluation {
    guard rows.fits(model.inputs) else {
      throw ModelError(
        .badRows, "rows", reason: "their elements do not fit \(rows.count) rows of \(model.inputs.count) inputs")
    }
    return Evaluation(model: model, rows: rows, trees: trees)
  }
}

// MARK: Rows of float32

extension Scorer {
  /// An output of `count` rows of inputs, `count` x its width, rounded to float32; none for a matrix of another size.
  /// - Parameter matrix: `count` x inputs numbers and codes of categories, row by row; NaN is missing.
  public func floats(_ kind: Model.OutputKind, _ matrix: [Float], rows count: Int) -> [Float] {
    guard let result = try? score(Rows(matrix, count: count), [kind]) else { return [] }
    return result.outputs[0].floats
  }

  /// The margins of `rows` rows.
  public func margins(_ matrix: [Float], rows: Int) -> [Float] { floats(.margin, matrix, rows: rows) }

  /// The default output of `rows` rows.
  public func predictions(_ matrix: [Float], rows: Int) -> [Float] {
    floats(model.outputs[0].kind, matrix, rows: rows)
  }
}
