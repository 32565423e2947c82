/// What a node of a model computes, row by row: no operation mixes rows.
///
/// The list is closed: each consumer switches over all of it, so that the compiler finds what a new operation needs.
/// Numbers are computed in the element type of the operands (`ElementType`): float32 operations round each result.
public enum Operation: Sendable {
  /// The model's inputs with these indexes, side by side. All of them are texts, or all are numbers.
  case inputs([Int])
  /// The same row for each row.
  case constant([Double])
  /// Numbers in another type: to integers by truncation.
  case cast
  /// The columns with these indexes.
  case select([Int])
  /// The operands' columns, side by side.
  case concatenate
  /// NaN is replaced by the column's number.
  case impute([Double])
  /// 1 where a number is NaN, else 0.
  case isMissing
  /// A function of each element.
  case function(Function)
  /// Of two operands, element by element; one of width 1 counts for all columns.
  case arithmetic(Arithmetic)
  /// 1 or 0 for each element of two operands. NaN is unequal to everything and neither less nor greater.
  case compare(Comparison)
  /// Of three operands: the second's element where the first's is not 0, else the third's.
  case choose
  /// Each element is replaced by what a table has for it.
  case lookUp(LookUp)
  /// A whole number (one column) picks one of these rows of `width` numbers; another number picks the row of zeros.
  case pick([[Double]])
  /// The columns become one.
  case reduce(Reduction)
  /// The columns become one: sorted, and the first at which the sum of these weights, one for each column, reaches half of
  /// the sum of all (scikit-learn's `AdaBoostRegressor`).
  case weightedMedian([Double])
  /// Each row is divided by its norm; a row of zeros stays.
  case normalize(Norm)
  /// The row times a matrix that is stored row by row, `operand's width` x `result's width`. The order of the sums is
  /// the columns'.
  case matrixProduct([Double])
  /// The index of the greatest or least element; the first of equals.
  case argMax, argMin
  /// The trees' sums: one column per group. The operand is the matrix that the trees' columns count in.
  case trees(TreeEnsemble)
  /// Raw scores become predictions.
  case link(Link)

  /// A function of one number.
  public enum Function: Sendable, Hashable {
    case negate, absolute, exp, exp2, log, log1p, expm1, sqrt, square, reciprocal, floor, ceil, round, sign, tanh
    /// `1 / (1 + exp(-x))`.
    case sigmoid
    /// 1 where the number is 0, else 0.
    case not
  }

  /// A function of two numbers.
  public enum Arithmetic: Sendable, Hashable {
    case add, subtract, multiply, divide, power, minimum, maximum, modulo
    /// Of truth values.
    case and, or
  }

  /// A comparison.
  public enum Comparison: Sendable, Hashable {
    case less, lessOrEqual, greater, greaterOrEqual, equal, notEqual
  }

  /// How columns become one.
  public enum Reduction: Sendable, Hashable {
    case sum, mean, product, minimum, maximum, logSumExp
  }

  /// A norm of a row.
  public enum Norm: Sendable, Hashable {
    /// The greatest absolute value, the sum of absolute values, the root of the sum of squares.
    case max, l1, l2
  }
}

/// A table from numbers or texts to numbers or texts.
public struct LookUp: Sendable {
  /// A key or what stands for it.
  public enum Entry: Sendable, Hashable {
    case number(Double)
    case text(String)
  }

  /// The first of equal keys counts. A NaN key stands for missing numbers.
  public let keys: [Entry]
  /// As many as there are keys.
  public let values: [Entry]
  /// What an element that is no key becomes; nil refuses the row.
  public let otherwise: Entry?
  /// What a missing text becomes; nil treats it as one that is no key.
  public let missing: Entry?

  /// Creates a table. `ModelBuilder` checks it.
  public init(keys: [Entry], values: [Entry], otherwise: Entry?, missing: Entry? = nil) {
    self.keys = keys
    self.values = values
    self.otherwise = otherwise
    self.missing = missing
  }
}
