import OpzModel

/// An objective as a LightGBM file names it, with its parameters, and how raw scores become predictions
/// (`ConvertOutput` in src/objective/*.hpp).
struct LightGBMObjective {
  /// How raw scores become predictions.
  enum Conversion: Equatable {
    /// They are the predictions.
    case none
    case link(Link)
    case exponential
    /// `sign(x) x^2`: training was with the labels' square roots.
    case signedSquare
    /// `log1p(exp(x))`
    case softplus
  }

  /// `binary`; `custom` where the file names none.
  let name: String
  let conversion: Conversion
  /// The number of classes where the objective says it; 1 for objectives with one output; nil for `custom`.
  let outputs: Int?

  var output: Model.OutputKind {
    if case .link = conversion { .probability } else { .prediction }
  }

  /// Other names of objectives that a file may have (`ParseObjectiveAlias` in include/LightGBM/config.h).
  private static let aliases = [
    "regression_l2": "regression", "mean_squared_error": "regression", "mse": "regression", "l2": "regression",
    "l2_root": "regression", "root_mean_squared_error": "regression", "rmse": "regression",
    "mean_absolute_error": "regression_l1", "l1": "regression_l1", "mae": "regression_l1",
    "softmax": "multiclass", "multiclass_ova": "multiclassova", "ova": "multiclassova", "ovr": "multiclassova",
    "xentropy": "cross_entropy", "xentlambda": "cross_entropy_lambda", "mean_absolute_percentage_error": "mape",
    "xendcg": "rank_xendcg", "xe_ndcg": "rank_xendcg", "xe_ndcg_mart": "rank_xendcg", "xendcg_mart": "rank_xendcg",
    "none": "custom", "null": "custom", "na": "custom",
  ]

  /// Reads `binary sigmoid:1`, `multiclass num_class:3`, `regression sqrt`.
  /// - Returns: nil for an objective that LightGBM does not have, or one without a parameter that it needs.
  init?(_ text: String) {
    let words = text.split(separator: " ").map(String.init)
    name = words.isEmpty ? "custom" : LightGBMObjective.aliases[words[0]] ?? words[0]
    func parameter(_ key: String) -> String? {
      words.dropFirst().first { $0.hasPrefix(key + ":") }.map { String($0.dropFirst(key.count + 1)) }
    }
    let scale = parameter("sigmoid").flatMap { Double($0) }
    let classes = parameter("num_class").flatMap { Int($0) }
    switch name {
    case "regression", "regression_l1", "fair", "quantile", "mape":
      conversion = words.contains("sqrt") ? .signedSquare : .none
      outputs = 1
    case "huber", "lambdarank", "rank_xendcg": (conversion, outputs) = (.none, 1)
    case "poisson", "gamma", "tweedie": (conversion, outputs) = (.exponential, 1)
    case "cross_entropy": (conversion, outputs) = (.link(.logistic(scale: 1)), 1)
    case "cross_entropy_lambda": (conversion, outputs) = (.softplus, 1)
    case "binary":
      guard let scale, scale > 0, scale.isFinite else { return nil }
      (conversion, outputs) = (.link(.logistic(scale: scale)), 1)
    case "multiclass":
      guard let classes else { return nil }
      (conversion, outputs) = (.link(.softmax), classes)
    case "multiclassova":
      guard let scale, scale > 0, scale.isFinite, let classes else { return nil }
      (conversion, outputs) = (.link(.logistic(scale: scale)), classes)
    case "custom": (conversion, outputs) = (.none, nil)
    default: return nil
    }
  }

  /// Adds the nodes that make predictions of scores and returns the last.
  func convert(_ scores: Int, in builder: inout ModelBuilder) throws -> Int {
    switch conversion {
    case .none: return scores
    case .link(let link): return try builder.add(.link(link), [scores])
    case .exponential: return try builder.add(.function(.exp), [scores])
    case .signedSquare:
      let size = try builder.add(.function(.absolute), [scores])
      return try builder.add(.arithmetic(.multiply), [size, scores])
    case .softplus: return try builder.add(.function(.log1p), [try builder.add(.function(.exp), [scores])])
    }
  }
}
