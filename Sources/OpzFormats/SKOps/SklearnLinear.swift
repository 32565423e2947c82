import OpzModel

/// The product of the columns with `coef_`, plus `intercept_` (sklearn/linear_model/_base.py). The library's order of
/// the sums is that of a BLAS, so results are equal within the rounding of a dot product.
struct LinearScores {
  let columns: Int
  /// Scores of a row.
  let width: Int
  /// `columns` x `width`.
  private let weights: [Double]
  private let intercepts: [Double]

  init(_ node: SkopsNode) throws {
    columns = try SklearnReader.columnCount(node)
    let coefficients = try node.required("coef_").array()
    let shape = coefficients.shape
    guard shape.count == 1 || shape.count == 2, shape.last == columns, coefficients.count > 0 else {
      throw node.damaged("its coefficients are not those of \(columns) columns")
    }
    width = shape.count == 2 ? shape[0] : 1
    let rows = try coefficients.doubles()
    var weights = [Double](repeating: 0, count: rows.count)
    for column in 0..<columns {
      for score in 0..<width { weights[column * width + score] = rows[score * columns + column] }
    }
    self.weights = weights
    let intercept = try node.required("intercept_")
    let numbers = intercept.kind == "JsonNode" ? [try intercept.scalar().number ?? .nan] : try intercept.numbers()
    guard numbers.count == width || numbers.count == 1, (weights + numbers).allSatisfy(\.isFinite) else {
      throw node.damaged("its coefficients are not finite, or not as many as its intercepts")
    }
    intercepts = numbers.count == width ? numbers : Array(repeating: numbers[0], count: width)
  }

  func add(to graph: inout SklearnGraph, _ matrix: Int) throws -> Int {
    let product = try graph.builder.add(.matrixProduct(weights), [matrix])
    return try graph.builder.add(.arithmetic(.add), [product, try graph.constant(intercepts)])
  }
}

/// Linear models of numbers.
struct LinearRegressor: SklearnEstimator {
  static let classNames: Set<String> = [
    "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "SGDRegressor",
    "HuberRegressor", "BayesianRidge", "ARDRegression", "TheilSenRegressor", "LinearSVR", "Lars", "LassoLars",
    "LassoLarsCV", "QuantileRegressor", "PoissonRegressor", "GammaRegressor",
  ]

  private let scores: LinearScores
  private let isExponential: Bool
  let readsFloat32 = false
  var columns: Int { scores.columns }

  init(_ node: SkopsNode) throws {
    scores = try LinearScores(node)
    isExponential = node.className == "PoissonRegressor" || node.className == "GammaRegressor"
  }

  func add(to graph: inout SklearnGraph, _ matrix: Int) throws {
    let score = try scores.add(to: &graph, matrix)
    try graph.builder.addOutput(.prediction, isExponential ? try graph.builder.add(.function(.exp), [score]) : score)
  }
}

/// Linear models of classes.
struct LinearClassifier: SklearnEstimator {
  static let classNames: Set<String> = [
    "LogisticRegression", "LogisticRegressionCV", "SGDClassifier", "RidgeClassifier", "RidgeClassifierCV", "LinearSVC",
    "Perceptron", "PassiveAggressiveClassifier",
  ]

  /// How scores become probabilities.
  private enum Shares {
    case none
    /// The logistic function of each score, divided by their sum where there are several (`_predict_proba_lr`).
    case oneAgainstRest
    /// Of two classes the softmax of the score and its negative.
    case softmax
  }

  private let scores: LinearScores
  private let classes: SklearnClasses
  private let shares: Shares
  let readsFloat32 = false
  var columns: Int { scores.columns }

  init(_ node: SkopsNode) throws {
    scores = try LinearScores(node)
    let owner = node.member("classes_") == nil ? node.member("_label_binarizer") ?? node : node
    classes = try SklearnClasses(owner)
    guard scores.width == (classes.width == 2 ? 1 : classes.width) else {
      throw node.damaged("\(scores.width) scores for \(classes.width) classes")
    }
    if node.className.hasPrefix("LogisticRegression") {
      let way = node.text("multi_class") ?? "auto"
      let isBinary = classes.width == 2 || node.text("solver") == "liblinear"
      shares = way == "ovr" || way != "multinomial" && isBinary ? .oneAgainstRest : .softmax
    } else {
      let isLogistic = node.className == "SGDClassifier" && ["log_loss", "log"].contains(node.text("loss"))
      shares = isLogistic ? .oneAgainstRest : .none
    }
  }

  func add(to graph: inout SklearnGraph, _ matrix: Int) throws {
    let decision = try scores.add(to: &graph, matrix)
    if let probabilities = try probabilities(decision, &graph) {
      try graph.builder.addOutput(.probability, probabilities)
    }
    try graph.builder.addOutput(.margin, decision)
    if classes.width == 2 {
      try graph.addLabel(decision, .greater, classes: classes)
    } else {
      try graph.addLabel(decision, classes)
    }
    graph.describe(classes)
  }

  private func probabilities(_ decision: Int, _ graph: inout SklearnGraph) throws -> Int? {
    let isBinary = classes.width == 2
    switch shares {
    case .none: return nil
    case .oneAgainstRest:
      let own = try graph.builder.add(.link(.logistic(scale: 1)), [decision])
      guard !isBinary else { return try graph.both(own) }
      let sum = try graph.builder.add(.reduce(.sum), [own])
      return try graph.builder.add(.arithmetic(.divide), [own, sum])
    case .softmax:
      guard isBinary else { return try graph.builder.add(.link(.softmax), [decision]) }
      let negative = try graph.builder.add(.function(.negate), [decision])
      let both = try graph.builder.add(.concatenate, [negative, decision])
      return try graph.builder.add(.link(.softmax), [both])
    }
  }
}
