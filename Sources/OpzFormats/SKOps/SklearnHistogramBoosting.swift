import OpzModel

/// `HistGradientBoostingClassifier` and `HistGradientBoostingRegressor`: float64 thresholds, sets of categories, a
/// direction for the missing, and sums that start from `_baseline_prediction`
/// (sklearn/ensemble/_hist_gradient_boosting/gradient_boosting.py, _predictor.pyx).
struct HistogramBoosting: SklearnEstimator {
  let columns: Int
  let preparation: Transformation
  let readsFloat32 = false
  private let ensemble: TreeEnsemble
  private let classes: SklearnClasses?
  private let isExponential: Bool
  private let version: SklearnVersion

  init(_ node: SkopsNode, _ version: SklearnVersion) throws {
    self.version = version
    columns = try SklearnReader.columnCount(node)
    classes = node.className == "HistGradientBoostingClassifier" ? try SklearnClasses(node) : nil
    isExponential = classes == nil && ["poisson", "gamma"].contains(node.text("loss"))
    let groups = classes.map { $0.width == 2 ? 1 : $0.width } ?? 1
    let base = try node.required("_baseline_prediction").numbers()
    guard base.count == groups, classes.map({ $0.width >= 2 }) ?? true else {
      throw node.damaged("\(base.count) baselines for \(groups) scores")
    }
    let categories = try HistogramCategories(node, columns: columns, version)
    preparation = categories.preparation
    var builder = TreeEnsembleBuilder(
      name: node.archive.name, columns: columns, groups: groups, inputs: .float64, sums: .float64,
      fileSize: node.archive.size)
    for stage in try node.required("_predictors").items() {
      let trees = try stage.items()
      guard trees.count == groups else { throw stage.damaged("\(trees.count) trees for \(groups) scores") }
      for (group, tree) in trees.enumerated() { try HistogramTree(tree).add(to: &builder, group: group) }
    }
    try builder.setBase(base, first: true)
    ensemble = try builder.finish()
  }

  func add(to graph: inout SklearnGraph, _ matrix: Int) throws {
    let scores = try graph.builder.add(.trees(ensemble), [matrix])
    guard let classes else {
      let prediction = isExponential ? try graph.builder.add(.function(.exp), [scores]) : scores
      return try graph.builder.addOutput(.prediction, prediction)
    }
    let isBinary = classes.width == 2
    let probabilities =
      isBinary
      ? try graph.both(try graph.builder.add(.link(.logistic(scale: 1)), [scores]))
      : try graph.builder.add(.link(.softmax), [scores])
    try graph.builder.addOutput(.probability, probabilities)
    try graph.builder.addOutput(.margin, scores)
    // Before 1.6 the label is that of the greatest probability.
    if version < SklearnVersion(1, 6) {
      try graph.addLabel(probabilities, classes)
    } else if isBinary {
      try graph.addLabel(scores, .greater, classes: classes)
    } else {
      try graph.addLabel(scores, classes)
    }
    graph.describe(classes)
  }
}

/// What happens to the columns of categories before the trees see them.
///
/// From 1.4 on an encoder puts them first, as indexes; before, a category is a number below 256 in its own column. A
/// category that training had not seen goes the way of the missing, so it becomes NaN here.
private struct HistogramCategories {
  let preparation: Transformation

  init(_ node: SkopsNode, columns: Int, _ version: SklearnVersion) throws {
    guard let mask = node.member("is_categorical_"), !mask.isNone else {
      preparation = .none
      return
    }
    let isCategorical = try mask.integers().map { $0 != 0 }
    guard isCategorical.count == columns else { throw mask.damaged("\(isCategorical.count) columns of \(columns)") }
    let own = (0..<columns).filter { isCategorical[$0] }
    let others = (0..<columns).filter { !isCategorical[$0] }
    if let encoder = try HistogramCategories.encoder(node) {
      let tables = try SklearnEncoders.ordinal(encoder)
      guard tables.count == own.count else {
        throw encoder.damaged("\(tables.count) encoders for \(own.count) columns")
      }
      let known = try HistogramCategories.known(node, Array(0..<own.count))
      let encoded = zip(tables, known).map { table, known in
        let values = table.values.map { known.contains($0) ? $0 : .nan }
        return CategoryTable(keys: table.keys, values: values, otherwise: .nan, oneHot: nil)
      }
      preparation = .branches([(.encode(encoded), own), (.none, others)])
      return
    }
    let known = try HistogramCategories.known(node, own)
    let tables = known.map { known in
      CategoryTable(keys: known.map { .number($0) }, values: known, otherwise: .nan, oneHot: nil)
    }
    // Back to the order that the trees count in.
    let order = own + others
    let places = (0..<columns).compactMap { order.firstIndex(of: $0) }
    preparation = .sequence([
      .branches([(.sequence([HistogramCategories.byte(own.count, version), .encode(tables)]), own), (.none, others)]),
      .select(places),
    ])
  }

  /// The encoder of `_preprocessor`; nil before 1.4.
  private static func encoder(_ node: SkopsNode) throws -> SkopsNode? {
    guard let preprocessor = node.member("_preprocessor"), !preprocessor.isNone else { return nil }
    for fitted in try preprocessor.required("transformers_").items() {
      let parts = try fitted.items()
      if parts.count == 3, parts[1].isObject("OrdinalEncoder") { return parts[1] }
    }
    throw preprocessor.damaged("it has no OrdinalEncoder")
  }

  /// The categories that training has seen, of the trees' columns with these indexes.
  private static func known(_ node: SkopsNode, _ columns: [Int]) throws -> [[Double]] {
    let bins = try node.required("_bin_mapper").required("bin_thresholds_").items()
    return try columns.map { column in
      guard bins.indices.contains(column) else { throw node.damaged("its categories are not listed") }
      return try bins[column].numbers().filter { (0..<256).contains($0) }
    }
  }

  /// How C makes a byte of a float64: truncated, the last 8 bits, and 0 beyond 32 bits. From 1.2 on negative numbers are
  /// looked at before and become -1 here, which is no category.
  private static func byte(_ count: Int, _ version: SklearnVersion) -> Transformation {
    func all(_ number: Double) -> [Double] { Array(repeating: number, count: count) }
    guard version >= SklearnVersion(1, 2) else {
      return .sequence([
        .arithmetic([(.maximum, all(-2_147_483_648)), (.minimum, all(2_147_483_648))]),
        .truncate,
        .arithmetic([(.modulo, all(256)), (.add, all(256)), (.modulo, all(256))]),
      ])
    }
    return .sequence([
      .arithmetic([(.maximum, all(-1)), (.minimum, all(2_147_483_648))]),
      .floor,
      .arithmetic([(.modulo, all(256))]),
    ])
  }
}

/// A `TreePredictor`: records of nodes, and bits of the categories that go left, 256 for each split by category.
private struct HistogramTree {
  private let left: [Int]
  private let right: [Int]
  private let features: [Int]
  private let thresholds: [Double]
  private let values: [Double]
  private let missingGoesLeft: [Int]
  private let isLeaf: [Int]
  private let isCategorical: [Int]
  private let bitsets: [Int]
  private let words: [Int]

  init(_ node: SkopsNode) throws {
    guard node.isObject("TreePredictor") else { throw node.damaged("a TreePredictor is expected") }
    let nodes = try node.required("nodes").array()
    func field(_ name: String) throws -> NumpyArray {
      guard nodes.shape.count == 1, let field = nodes.field(name) else {
        throw node.damaged("its nodes have no \(name)")
      }
      return field
    }
    left = try field("left").integers()
    right = try field("right").integers()
    features = try field("feature_idx").integers()
    thresholds = try field("num_threshold").doubles()
    values = try field("value").doubles()
    missingGoesLeft = try field("missing_go_to_left").integers()
    isLeaf = try field("is_leaf").integers()
    isCategorical = try field("is_categorical").integers()
    bitsets = try field("bitset_idx").integers()
    let sets = try node.required("raw_left_cat_bitsets").array()
    guard sets.count == 0 || sets.shape.count == 2 && sets.shape[1] == 8 else {
      throw node.damaged("its sets of categories are not of 256 bits")
    }
    words = try sets.integers()
  }

  func add(to builder: inout TreeEnsembleBuilder, group: Int) throws {
    var sets: [Int: Int] = [:]
    for index in left.indices where isLeaf[index] == 0 && isCategorical[index] != 0 && sets[bitsets[index]] == nil {
      let start = bitsets[index].multipliedReportingOverflow(by: 8)
      guard !start.overflow, start.partialValue >= 0, start.partialValue <= words.count - 8 else { continue }
      let own = words[start.partialValue..<start.partialValue + 8].map { UInt64(truncatingIfNeeded: $0) & 0xffff_ffff }
      let bits = (0..<4).map { own[$0 * 2] | own[$0 * 2 + 1] << 32 }
      sets[bitsets[index]] = try builder.add(TreeEnsemble.CategorySet(words: bits))
    }
    try builder.addTree(nodes: left.count, group: group) { index in
      if isLeaf[index] != 0 { return .leaf(number: index, value: values[index]) }
      let isSet = isCategorical[index] != 0
      // A set that does not exist has an index that the builder refuses.
      let threshold = isSet ? Double(sets[bitsets[index]] ?? -1) : thresholds[index]
      let node = TreeEnsemble.Node(
        column: Int32(exactly: features[index]) ?? -1, test: isSet ? .member : .lessOrEqual, threshold: threshold,
        missing: .nan, missingGoesLeft: missingGoesLeft[index] != 0)
      return .split(node, left: left[index], right: right[index])
    }
  }
}
