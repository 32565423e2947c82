/// Scores the trees of a model: plainly (`PlainTrees`), or compiled. All equal the plain one to the bit.
public protocol TreeScoring: Sendable {
  /// The trees' values, `rows` x groups, in the type of the ensemble's sums.
  /// - Parameter matrix: `rows` x columns numbers. The caller has checked the length.
  func sums(_ matrix: Tensor.Storage, rows: Int) -> Tensor.Storage

  /// The number of the leaf that each tree reaches, `rows` x trees, as the training library counts them.
  func leaves(_ matrix: Tensor.Storage, rows: Int) -> [Int32]
}
