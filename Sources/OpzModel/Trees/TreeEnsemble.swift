/// Decision trees of any library in one representation: what an ensemble says, and nothing about how it is scored.
///
/// A row of inputs reaches one leaf in each tree, and the leaves' values are added up, in the order of the trees.
/// Formats differ in the comparison, in what is missing, in the number types and in the order of the sum: all of that
/// is data here, so that every consumer (the scorers, SQL, reasons) sees one kind of tree.
///
/// `TreeEnsembleBuilder` makes and checks ensembles: in a finished one all indexes are valid and no path has a cycle.
public struct TreeEnsemble: Sendable {
  /// A number type, to which inputs or sums are rounded.
  public enum Precision: Sendable, Hashable {
    case float32, float64
  }

  /// How a node sends a row that is not missing to its left child.
  public enum Test: UInt8, Sendable, Hashable {
    /// `x < threshold`: XGBoost.
    case less
    /// `x <= threshold`: LightGBM, scikit-learn, ONNX's BRANCH_LEQ.
    case lessOrEqual
    /// `x == threshold`: ONNX's BRANCH_EQ.
    case equal
    /// The category is in the set with the index `threshold`.
    case member
  }

  /// Which inputs a node sends where `missingGoesLeft` says.
  public enum Missing: UInt8, Sendable, Hashable {
    /// NaN.
    case nan
    /// NaN and zero, |x| <= 1e-35 in float32: LightGBM's missing type Zero (`kZeroThreshold` in its meta.h).
    case nanOrZero
    /// None: NaN is compared as 0 (LightGBM's missing type None).
    case none
  }

  /// An inner node or a leaf, in 24 bytes.
  public struct Node: Sendable {
    /// An inner node's threshold, exactly representable in `inputs`, or the index of its set; a leaf's value where
    /// `width` is 1.
    public var threshold: Double
    /// The column of the matrix; -1 in a leaf.
    public var column: Int32
    public var test: Test
    public var missing: Missing
    /// Where a missing input goes.
    public var missingGoesLeft: Bool
    /// The index of the left child in `nodes`; in a leaf, the index of its record in `leaves`.
    public var left: Int32
    /// The index of the right child in `nodes`; 0 in a leaf.
    public var right: Int32

    /// Creates an inner node without children.
    public init(column: Int32, test: Test, threshold: Double, missing: Missing, missingGoesLeft: Bool) {
      self.threshold = threshold
      self.column = column
      self.test = test
      self.missing = missing
      self.missingGoesLeft = missingGoesLeft
      left = 0
      right = 0
    }

    /// Creates a leaf.
    public init(leaf: Int32, value: Double) {
      self.init(column: -1, test: .less, threshold: value, missing: .nan, missingGoesLeft: false)
      left = leaf
    }

    public var isLeaf: Bool { column < 0 }
  }

  /// What a row gets at a leaf, in 8 bytes: half of all nodes are leaves.
  public struct Leaf: Sendable {
    /// The leaf's number within its tree as the training library counts, which is what `--kind leaf` prints.
    public var number: Int32
    /// Where the values begin, or the complement of the linear function's index: no leaf has both.
    private let detail: Int32

    /// Where its `width` values begin in `leafValues`; unused where `width` is 1.
    public var values: Int32 { max(0, detail) }
    /// The index of its linear function in `linear`; -1 without.
    public var linear: Int32 { detail < 0 ? ~detail : -1 }

    /// Creates the record of a leaf with one value, or with values from `values` on.
    public init(number: Int32, values: Int32 = 0) {
      self.number = number
      detail = max(0, values)
    }

    /// Creates the record of a leaf with a linear function.
    public init(number: Int32, linear: Int32) {
      self.number = number
      detail = ~max(0, linear)
    }
  }

  /// `constant + sum of coefficient * input`, in float64 and in this order; where one of the inputs is NaN, the leaf's
  /// own value instead (LightGBM's linear trees, `Tree::PredictionFunLinear`).
  public struct LinearFunction: Sendable {
    public var constant: Double
    public var columns: [Int32]
    public var coefficients: [Double]

    /// Creates a linear function; both lists have the same length.
    public init(constant: Double, columns: [Int32], coefficients: [Double]) {
      self.constant = constant
      self.columns = columns
      self.coefficients = coefficients
    }
  }

  /// A tree.
  public struct Tree: Sendable {
    /// The index of the root in `nodes`. A tree's nodes stand together, parents before their children.
    public var root: Int32
    /// The output that a leaf with one value adds to; 0 where leaves have a value for each output.
    public var group: Int32

    /// Creates a tree.
    public init(root: Int32, group: Int32) {
      self.root = root
      self.group = group
    }
  }

  /// Categories as bits: category `c` is in the set if bit `c % 64` of word `c / 64` is set.
  public struct CategorySet: Sendable, Hashable {
    public var words: [UInt64]

    /// Creates a set from its bits.
    public init(words: [UInt64]) { self.words = words }

    /// Creates a set of categories, each from 0 to below 2^31: a reader has checked them.
    public init(_ categories: some Sequence<Int>) {
      words = []
      for category in categories where category >= 0 && category < Int(Int32.max) {
        if words.count <= category >> 6 {
          words.append(contentsOf: repeatElement(0, count: (category >> 6) + 1 - words.count))
        }
        words[category >> 6] |= 1 << UInt64(category & 63)
      }
    }

    /// Whether a category is in the set; one beyond the words is not.
    public func contains(_ category: Int) -> Bool {
      category >= 0 && category >> 6 < words.count && words[category >> 6] >> UInt64(category & 63) & 1 == 1
    }
  }

  /// How an input becomes a category. What is no category (NaN goes the way of the missing) is in no set.
  public enum CategoryRule: Sendable, Hashable {
    /// Negative numbers and those from 2^24 on are no categories; others are truncated (XGBoost's `common::Decision`).
    case nonNegative
    /// Numbers are truncated first, so that -0.5 is category 0 (LightGBM's `Tree::CategoricalDecision`).
    case truncated
    /// Only whole numbers from 0 to below 2^24 are categories (ONNX's BRANCH_MEMBER compares for equality).
    case whole
  }

  /// How the trees' values become one value for each output.
  public enum Aggregate: Sendable, Hashable {
    /// The sum of the trees and the base.
    case sum
    /// The sum of the trees divided by this number, then the base is added.
    case average(of: Double)
    /// The least or greatest value of the trees, then the base is added (ONNX).
    case minimum, maximum
  }

  /// The width of the matrix that the trees are given.
  public internal(set) var columns: Int
  /// Inputs are rounded to this type before they are compared.
  public var inputs: Precision
  /// Each addition is rounded to this type.
  public var sums: Precision
  /// Values per row: targets, classes or 1.
  public internal(set) var groups: Int
  /// One value per group.
  public var base: [Double]
  /// Whether the sum starts from the base (XGBoost) or the base is added to it at the end (ONNX).
  public var baseFirst: Bool
  public var aggregate: Aggregate
  public var categoryRule: CategoryRule

  public internal(set) var nodes: [Node] = []
  public internal(set) var leaves: [Leaf] = []
  public internal(set) var trees: [Tree] = []
  public internal(set) var sets: [CategorySet] = []
  public internal(set) var linear: [LinearFunction] = []
  /// The values of leaves that have one for each group, `groups` at a time; empty where leaves have one value.
  public internal(set) var leafValues: [Double] = []

  /// Values per leaf: 1, or `groups`.
  public var width: Int { leafValues.isEmpty ? 1 : groups }
}
