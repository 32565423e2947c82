/// Trees as flat arrays: the common representation made by readers and used by the scorer.
package struct TreeEnsemble: Sendable {
  /// A node in 16 bytes. In a leaf `feature` is `leaf` and `value` the weight.
  package struct Node: Sendable {
    /// The threshold, or the leaf's value.
    package var value: Float
    /// The column; the highest bit means that missing goes left, the next that the split is categorical.
    package var feature: UInt32
    /// Index in `nodes`.
    package var left: UInt32
    /// The right child. In a categorical split, the bits of `value` are the set's index in `sets`.
    package var right: UInt32

    package init(value: Float, feature: UInt32, left: UInt32, right: UInt32) {
      self.value = value
      self.feature = feature
      self.left = left
      self.right = right
    }

    package static let leaf = UInt32.max
    package static let missingLeft: UInt32 = 1 << 31
    package static let categorical: UInt32 = 1 << 30
    package static let column: UInt32 = (1 << 30) - 1
  }

  package struct Tree: Sendable {
    /// Index of the root in `nodes`.
    package var root: Int
    /// The output that the tree adds to.
    package var group: Int
    /// 1 unless the model was trained with dropout (dart).
    package var weight: Float

    package init(root: Int, group: Int, weight: Float) {
      self.root = root
      self.group = group
      self.weight = weight
    }
  }

  /// Categories that go right, as bits of `words`.
  package struct CategorySet: Sendable {
    package var start: Int
    /// Number of words.
    package var count: Int

    package init(start: Int, count: Int) {
      self.start = start
      self.count = count
    }
  }

  package var nodes: [Node] = []
  /// The index of each node in its own tree, as the training library numbers its leaves.
  package var numbers: [Int32] = []
  package var trees: [Tree] = []
  package var sets: [CategorySet] = []
  package var words: [UInt32] = []

  package init() {}
}
