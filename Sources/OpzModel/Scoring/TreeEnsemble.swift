/// Trees as flat arrays: what every reader makes and the scorer uses.
struct TreeEnsemble: Sendable {
  /// A node in 16 bytes. In a leaf `feature` is `leaf` and `value` the weight.
  struct Node: Sendable {
    /// The threshold, or the leaf's value.
    var value: Float
    /// The column; the highest bit says that missing goes left, the next that the split is by category.
    var feature: UInt32
    /// Positions in `nodes`.
    var left: UInt32
    /// The right child. By category, the set's index in `sets` stands in `value`'s bits.
    var right: UInt32

    static let leaf = UInt32.max
    static let missingLeft: UInt32 = 1 << 31
    static let categorical: UInt32 = 1 << 30
    static let column: UInt32 = (1 << 30) - 1
  }

  struct Tree: Sendable {
    /// Position of the root in `nodes`.
    var root: Int
    /// The output that it adds to.
    var group: Int
    /// 1 unless dropped trees are scaled (dart).
    var weight: Float
  }

  /// Categories that go right, as bits of `words`.
  struct CategorySet: Sendable {
    var start: Int
    /// Words.
    var count: Int
  }

  var nodes: [Node] = []
  /// For each node its number in its own tree, as XGBoost's `pred_leaf` reports it.
  var numbers: [Int32] = []
  var trees: [Tree] = []
  var sets: [CategorySet] = []
  var words: [UInt32] = []
}
