import OpzModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An objective as XGBoost names it, and how its `base_score` becomes a margin.
struct XGBoostObjective {
  let objective: Objective
  /// `base_score` is already a margin.
  private let baseIsMargin: Bool

  /// Nil for an objective that opz does not support.
  /// - Parameter name: `binary:logistic`.
  init?(_ name: String) {
    let link: Objective.Link
    switch name {
    case "binary:logistic", "reg:logistic": (link, baseIsMargin) = (.logistic, false)
    case "binary:logitraw": (link, baseIsMargin) = (.identity, true)
    case "binary:hinge": (link, baseIsMargin) = (.hinge, true)
    case "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror",
      "reg:quantileerror", "rank:pairwise", "rank:ndcg", "rank:map":
      (link, baseIsMargin) = (.identity, true)
    case "count:poisson", "reg:gamma", "reg:tweedie": (link, baseIsMargin) = (.exponential, false)
    case "multi:softprob", "multi:softmax": (link, baseIsMargin) = (.softmax, true)
    default: return nil
    }
    objective = Objective(name: name, link: link)
  }

  /// The margin of a base score. The logit is the C library's float32 `logf` on a score clamped to [1e-6, 1 - 1e-6].
  func margin(ofBase score: Float) -> Float {
    guard !baseIsMargin else { return score }
    switch objective.link {
    case .logistic:
      let clamped = min(max(score, 1e-6), 1 - 1e-6)
      return -logf(1 / clamped - 1)
    case .exponential: return logf(score)
    case .identity, .hinge, .softmax: return score
    }
  }
}
