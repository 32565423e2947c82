/// Trees as flat arrays: the common representation made by readers and used by the scorer.
struct TreeEnsemble: Sendable {
  /// A node in 16 bytes. In a leaf `feature` is `leaf` and `value` the weight.
  struct Node: Sendable {
    /// The threshold, or the leaf's value.
    var value: Float
    /// The column; the highest bit means that missing goes left, the next that the split is categorical.
    var feature: UInt32
    /// Index in `nodes`.
    var left: UInt32
    /// The right child. In a categorical split, the bits of `value` are the set's index in `sets`.
    var right: UInt32

    static let leaf = UInt32.max
    static let missingLeft: UInt32 = 1 << 31
    static let categorical: UInt32 = 1 << 30
    static let column: UInt32 = (1 << 30) - 1
  }

  struct Tree: Sendable {
    /// Index of the root in `nodes`.
    var root: Int
    /// The output that the tree adds to.
    var group: Int
    /// 1 unless the model was trained with dropout (dart).
    var weight: Float
  }

  /// Categories that go right, as bits of `words`.
  struct CategorySet: Sendable {
    var start: Int
    /// Number of words.
    var count: Int
  }

  var nodes: [Node] = []
  /// The index of each node in its own tree, as XGBoost's `pred_leaf` reports it.
  var numbers: [Int32] = []
  var trees: [Tree] = []
  var sets: [CategorySet] = []
  var words: [UInt32] = []
}
