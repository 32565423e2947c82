/// The version of the model graph: it rises when a model can have what earlier scorers do not score.
///
/// A runtime carries the version that it scores, so that `opz package` can refuse a model which it would not serve.
public enum GraphVersion {
  /// What this program scores.
  public static let current = 1
}

extension Model {
  /// The earliest version of the graph that has all of this model: 0 is what servers scored before the graph.
  public var graphVersion: Int { nodes.map(\.operation.since).max() ?? 0 }
}

extension Operation {
  /// The version of the graph that brought the operation. A new operation has the next `GraphVersion.current`.
  var since: Int {
    switch self {
    case .inputs, .function(.exp), .link(.xgboostLogistic), .link(.xgboostSoftmax), .link(.hinge): 0
    case .trees(let ensemble): ensemble.isOfVersionZero ? 0 : 1
    case .constant, .cast, .select, .concatenate, .impute, .isMissing, .function, .arithmetic, .compare, .choose,
      .lookUp, .pick, .reduce, .weightedMedian, .normalize, .matrixProduct, .argMax, .argMin, .link:
      1
    }
  }
}

extension TreeEnsemble {
  /// Whether these are XGBoost's trees with one value a leaf, summed up from the base.
  fileprivate var isOfVersionZero: Bool {
    inputs == .float32 && sums == .float32 && leafValues.isEmpty && linear.isEmpty && baseFirst && aggregate == .sum
      && categoryRule == .nonNegative
  }
}
