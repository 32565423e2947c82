import OpzModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An objective as XGBoost names it: how its `base_score` becomes a margin, and how margins become predictions
/// (XGBoost's src/objective, in the release that saved the file).
struct XGBoostObjective {
  /// How margins become predictions.
  enum Prediction {
    case margin, logistic, hinge, exponential
    /// The classes' probabilities; with `argMax`, `Booster.predict` says the class instead.
    case softmax(argMax: Bool)
    /// Each row's quantiles in ascending order.
    case sorted
    /// The first margin, then the sums with the softplus of the others.
    case steps
  }

  /// How a base score becomes a margin.
  private enum Base {
    case margin, logit, logarithm, steps
  }

  /// `binary:logistic`.
  let name: String
  let prediction: Prediction
  private let base: Base
  private let version: XGBoostVersion

  /// Nil for an objective that opz does not know.
  init?(_ name: String, _ version: XGBoostVersion) {
    self.name = name
    self.version = version
    switch name {
    case "binary:logistic", "reg:logistic": (prediction, base) = (.logistic, .logit)
    case "binary:logitraw":
      (prediction, base) = (.margin, version >= XGBoostVersion(major: 1, minor: 3) ? .margin : .logit)
    case "binary:hinge": (prediction, base) = (.hinge, .margin)
    case "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror",
      "rank:pairwise", "rank:ndcg", "rank:map":
      (prediction, base) = (.margin, .margin)
    case "reg:quantileerror":
      (prediction, base) = (version >= XGBoostVersion(major: 3, minor: 4) ? .sorted : .margin, .margin)
    case "reg:expectileerror": (prediction, base) = (.steps, .steps)
    case "count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft":
      (prediction, base) = (.exponential, .logarithm)
    case "multi:softprob": (prediction, base) = (.softmax(argMax: false), .margin)
    case "multi:softmax": (prediction, base) = (.softmax(argMax: true), .margin)
    default: return nil
    }
  }

  /// 1e-6: `kRtEps`.
  private static let epsilon: Float = 1e-6

  /// The margins of base scores, one per output, by the C library's float32 functions.
  func margins(ofBase scores: [Float]) -> [Float] {
    switch base {
    case .margin: return scores
    case .logarithm: return scores.map { logf($0) }
    case .logit:
      return scores.map { score in
        // Before 3.1 a score that is not between 0 and 1 is refused.
        let bounded =
          version >= XGBoostVersion(major: 3, minor: 1) ? min(max(score, Self.epsilon), 1 - Self.epsilon) : score
        return -logf(1 / bounded - 1)
      }
    case .steps:
      var result = scores
      for index in scores.indices.dropFirst() {
        let step = max(scores[index] - scores[index - 1] - Self.epsilon, Self.epsilon)
        result[index] = step + logf(-expm1f(-step))
      }
      return result
    }
  }

  /// Adds the outputs of a model whose margins are the value of a node.
  func addOutputs(of margin: Int, to builder: inout ModelBuilder) throws {
    let width = try builder.type(margin).width
    switch prediction {
    case .margin: try builder.addOutput(.prediction, margin)
    case .logistic:
      // Before 1.6 the exponential may be infinite.
      let logistic: Operation =
        version >= XGBoostVersion(major: 1, minor: 6) ? .link(.xgboostLogistic) : .function(.sigmoid)
      try builder.addOutput(.probability, try builder.add(logistic, [margin]))
    case .hinge: try builder.addOutput(.prediction, try builder.add(.link(.hinge), [margin]))
    case .exponential: try builder.addOutput(.prediction, try builder.add(.function(.exp), [margin]))
    case .softmax(let argMax):
      try builder.addOutput(.probability, try builder.add(.link(.xgboostSoftmax), [margin]))
      if argMax { try builder.addOutput(.prediction, try builder.add(.argMax, [margin])) }
    case .sorted: try builder.addOutput(.prediction, try sorted(margin, width, builder: &builder))
    case .steps: try builder.addOutput(.prediction, try steps(margin, width, builder: &builder))
    }
    try builder.addOutput(.margin, margin)
  }

  /// The most quantiles that are sorted: their number is squared.
  private static let widthLimit = 256

  /// A row's values in ascending order, by comparing neighbors `width` times (odd-even transposition sort: Knuth, The
  /// Art of Computer Programming 3, section 5.3.4).
  private func sorted(_ margin: Int, _ width: Int, builder: inout ModelBuilder) throws -> Int {
    guard width > 1 else { return margin }
    var columns = try columns(of: margin, width, &builder)
    for round in 0..<width {
      for left in stride(from: round % 2, to: width - 1, by: 2) {
        let pair = [columns[left], columns[left + 1]]
        columns[left] = try builder.add(.arithmetic(.minimum), pair)
        columns[left + 1] = try builder.add(.arithmetic(.maximum), pair)
      }
    }
    return try builder.add(.concatenate, columns)
  }

  /// `p[0] = m[0]`, `p[j] = p[j - 1] + (1e-6 + log1p(exp(m[j])))`, where the logarithm is `m + log1p(exp(-m))` for a
  /// positive m.
  private func steps(_ margin: Int, _ width: Int, builder: inout ModelBuilder) throws -> Int {
    guard width > 1 else { return margin }
    var columns = try columns(of: margin, width, &builder)
    let zero = try builder.add(.constant([0]), as: .float32)
    let epsilon = try builder.add(.constant([Double(Self.epsilon)]), as: .float32)
    for index in 1..<width {
      let size = try builder.add(.function(.absolute), [columns[index]])
      let decay = try builder.add(.function(.exp), [try builder.add(.function(.negate), [size])])
      let positive = try builder.add(.arithmetic(.maximum), [columns[index], zero])
      let rest = try builder.add(.function(.log1p), [decay])
      let softplus = try builder.add(.arithmetic(.add), [positive, rest])
      let step = try builder.add(.arithmetic(.add), [epsilon, softplus])
      columns[index] = try builder.add(.arithmetic(.add), [columns[index - 1], step])
    }
    return try builder.add(.concatenate, columns)
  }

  private func columns(of margin: Int, _ width: Int, _ builder: inout ModelBuilder) throws -> [Int] {
    guard width <= Self.widthLimit else {
      throw ModelError(
        .tooLarge, builder.name, reason: "\(name) with \(width) outputs; the limit is \(Self.widthLimit)")
    }
    return try (0..<width).map { try builder.add(.select([$0]), [margin]) }
  }
}
