#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A model's objective: how a base score becomes a margin, and a margin a prediction. Computed in float32, as in
/// XGBoost.
public struct Objective: Sendable, Hashable {
  enum Link: Sendable, Hashable {
    case identity, logistic, exponential, hinge, softmax
  }

  /// XGBoost's name: `binary:logistic`.
  public let name: String
  let link: Link
  /// `base_score` is already a margin.
  let baseIsMargin: Bool

  /// Nil for an objective that opz does not support.
  init?(xgboost name: String) {
    self.name = name
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
  }

  /// The margin of a base score. The logit is the C library's float32 `logf` on a score clamped to [1e-6, 1 - 1e-6].
  func margin(ofBase score: Float) -> Float {
    guard !baseIsMargin else { return score }
    switch link {
    case .logistic:
      let clamped = min(max(score, 1e-6), 1 - 1e-6)
      return -logf(1 / clamped - 1)
    case .exponential: return logf(score)
    case .identity, .hinge, .softmax: return score
    }
  }

  /// Turns the margins of one row into its predictions, in place.
  func transform(_ margins: UnsafeMutableBufferPointer<Float>) {
    switch link {
    case .identity: return
    case .logistic:
      // 88.7 keeps expf finite; 1e-16 keeps the quotient from reaching 1 exactly as XGBoost does.
      for index in margins.indices { margins[index] = 1 / (expf(min(-margins[index], 88.7)) + 1 + 1e-16) }
    case .exponential: for index in margins.indices { margins[index] = expf(margins[index]) }
    case .hinge: for index in margins.indices { margins[index] = margins[index] > 0 ? 1 : 0 }
    case .softmax: softmax(margins)
    }
  }

  private func softmax(_ margins: UnsafeMutableBufferPointer<Float>) {
    guard let first = margins.first else { return }
    let top = margins.reduce(first) { max($0, $1) }
    var sum = 0.0
    for index in margins.indices {
      margins[index] = expf(margins[index] - top)
      sum += Double(margins[index])
    }
    let total = Float(sum)
    for index in margins.indices { margins[index] /= total }
  }

  /// The output's name.
  var predictionName: String { link == .logistic || link == .softmax ? "probability" : "prediction" }
}
