import OpzModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An objective as XGBoost names it, and how its `base_score` becomes a margin.
struct XGBoostObjective {
  /// `binary:logistic`.
  let name: String
  /// Nil where the margin is the prediction, or its exponential.
  let link: Link?
  let isExponential: Bool
  /// `base_score` is already a margin.
  private let baseIsMargin: Bool

  /// Nil for an objective that opz does not support.
  init?(_ name: String) {
    self.name = name
    var isExponential = false
    switch name {
    case "binary:logistic", "reg:logistic": (link, baseIsMargin) = (.xgboostLogistic, false)
    case "binary:logitraw": (link, baseIsMargin) = (nil, true)
    case "binary:hinge": (link, baseIsMargin) = (.hinge, true)
    case "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror",
      "reg:quantileerror", "rank:pairwise", "rank:ndcg", "rank:map":
      (link, baseIsMargin) = (nil, true)
    case "count:poisson", "reg:gamma", "reg:tweedie":
      (link, baseIsMargin) = (nil, false)
      isExponential = true
    case "multi:softprob", "multi:softmax": (link, baseIsMargin) = (.xgboostSoftmax, true)
    default: return nil
    }
    self.isExponential = isExponential
  }

  /// What the default output is called.
  var output: Model.OutputKind { link == .xgboostLogistic || link == .xgboostSoftmax ? .probability : .prediction }

  /// The margin of a base score. The logit is the C library's float32 `logf` on a score clamped to [1e-6, 1 - 1e-6].
  func margin(ofBase score: Float) -> Float {
    guard !baseIsMargin else { return score }
    guard !isExponential else { return logf(score) }
    let clamped = min(max(score, 1e-6), 1 - 1e-6)
    return -logf(1 / clamped - 1)
  }
}
