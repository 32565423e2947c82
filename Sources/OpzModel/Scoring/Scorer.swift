/// Scores rows. Margins are bit-identical to the training library's: leaves are added in float32, tree by tree,
/// starting from the base margin.
///
/// Rows are row-major float32, one value per column: NaN is missing, a category is its code.
public final class Scorer: Sendable {
  public let model: Model
  /// Values per row.
  public let columns: Int
  /// Outputs per row.
  public let groups: Int
  private let ensemble: TreeEnsemble

  /// Rows scored together by one tree, so that its nodes stay in the CPU cache.
  private static let block = 64

  /// Creates a scorer for a model; it may be shared between threads.
  public init(_ model: Model) {
    self.model = model
    columns = model.signature.inputs.count
    groups = model.groups
    ensemble = model.ensemble
  }

  /// Computes margins, `rows` x `groups`, row-major.
  /// - Parameter matrix: `rows` x `columns` values; too few values are a caller's error and give an empty result.
  public func margins(_ matrix: [Float], rows: Int) -> [Float] {
    guard rows > 0, matrix.count >= rows * columns else { return [] }
    return [Float](unsafeUninitializedCapacity: rows * groups) { output, filled in
      matrix.withUnsafeBufferPointer { score($0, rows, output) }
      filled = rows * groups
    }
  }

  /// Computes predictions, `rows` x `groups`: probabilities, or what the objective predicts.
  public func predictions(_ matrix: [Float], rows: Int) -> [Float] {
    predictions(ofMargins: margins(matrix, rows: rows))
  }

  /// Turns margins into predictions.
  public func predictions(ofMargins margins: [Float]) -> [Float] {
    var result = margins
    result.withUnsafeMutableBufferPointer { buffer in
      for start in stride(from: 0, to: buffer.count, by: groups) {
        model.objective.transform(UnsafeMutableBufferPointer(rebasing: buffer[start..<start + groups]))
      }
    }
    return result
  }

  /// The index of the leaf that each tree reaches, `rows` x trees, numbered as in the model's file.
  public func leaves(_ matrix: [Float], rows: Int) -> [Int32] {
    guard rows > 0, matrix.count >= rows * columns else { return [] }
    return matrix.withUnsafeBufferPointer { buffer in
      (0..<rows).flatMap { row in
        ensemble.trees.map { tree in
          ensemble.numbers[
            leaf(tree.root, UnsafeBufferPointer(rebasing: buffer[(row * columns)..<((row + 1) * columns)]))]
        }
      }
    }
  }

  private func score(_ matrix: UnsafeBufferPointer<Float>, _ rows: Int, _ output: UnsafeMutableBufferPointer<Float>) {
    for row in 0..<rows {
      for group in 0..<groups { output[row * groups + group] = model.baseMargins[group] }
    }
    ensemble.nodes.withUnsafeBufferPointer { nodes in
      for start in stride(from: 0, to: rows, by: Scorer.block) {
        let end = min(start + Scorer.block, rows)
        for tree in ensemble.trees {
          for row in start..<end {
            let leaf = reach(tree.root, matrix, row * columns, nodes)
            output[row * groups + tree.group] += tree.weight == 1 ? nodes[leaf].value : nodes[leaf].value * tree.weight
          }
        }
      }
    }
  }

  private func leaf(_ root: Int, _ row: UnsafeBufferPointer<Float>) -> Int {
    ensemble.nodes.withUnsafeBufferPointer { reach(root, row, 0, $0) }
  }

  /// Node indexes are not checked here: they were checked when the model was read.
  @inline(__always)
  private func reach(
    _ root: Int, _ matrix: UnsafeBufferPointer<Float>, _ offset: Int, _ nodes: UnsafeBufferPointer<TreeEnsemble.Node>
  ) -> Int {
    var position = root
    while true {
      let node = nodes[position]
      if node.feature == TreeEnsemble.Node.leaf { return position }
      let value = matrix[offset + Int(node.feature & TreeEnsemble.Node.column)]
      let left: Bool
      if value.isNaN {
        left = node.feature & TreeEnsemble.Node.missingLeft != 0
      } else if node.feature & TreeEnsemble.Node.categorical == 0 {
        left = value < node.value
      } else {
        left = !isRight(value, node.value.bitPattern)
      }
      position = Int(left ? node.left : node.right)
    }
  }

  /// Whether a category is in a node's set. Unseen, negative and too large ones are not.
  private func isRight(_ value: Float, _ set: UInt32) -> Bool {
    guard value >= 0, value < 16_777_216 else { return false }
    let code = Int(value)
    let set = ensemble.sets[Int(set)]
    guard code / 32 < set.count else { return false }
    return ensemble.words[set.start + code / 32] & (1 << UInt32(code % 32)) != 0
  }
}
