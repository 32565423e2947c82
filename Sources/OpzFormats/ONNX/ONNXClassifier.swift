import OpzModel

/// What classifiers make of raw scores: labels and scores of classes, by ONNX Runtime's rules
/// (core/providers/cpu/ml/tree_ensemble_aggregator.h, linearclassifier.cc).
struct ONNXClassifier {
  /// Raw scores, one for each class or one alone.
  private let scores: Int
  private let element: ElementType
  /// Integers or texts.
  private let labels: ONNXTensor
  private let post: ONNXPost

  private var texts: [String] {
    labels.element == .string ? labels.texts : labels.numbers.map { String(Int(exactly: $0) ?? 0) }
  }

  private init(_ scores: Int, _ element: ElementType, labels: ONNXTensor, post: ONNXPost) {
    (self.scores, self.element, self.labels, self.post) = (scores, element, labels, post)
  }

  private static func labels(_ node: ONNXNode, _ integers: String) throws -> ONNXTensor {
    let texts = try node.texts("classlabels_strings")
    if !texts.isEmpty { return ONNXTensor(.string, [texts.count], texts: texts) }
    let numbers = try node.ints(integers).map { Double($0) }
    return ONNXTensor(.int64, [numbers.count], numbers: numbers)
  }

  private static func post(_ translation: ONNXTranslation, _ node: ONNXNode) throws -> ONNXPost {
    guard let post = ONNXPost(text: try node.text("post_transform") ?? "NONE") else {
      throw translation.damaged(node, "its post_transform does not exist")
    }
    return post
  }

  // MARK: Trees

  static func trees(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> [ONNXValue] {
    let operands = try ONNXTreeOperands(&translation, node)
    let labels = try labels(node, "classlabels_int64s")
    let post = try post(translation, node)
    let read = try operands.oldTrees(translation, node, prefix: "class", groups: labels.count)
    let base = try ONNXTreeOperands.base(node)
    guard base.isEmpty || base.count == labels.count || labels.count == 2 && base.count == 1 else {
      throw translation.damaged(node, "\(base.count) base values for \(labels.count) classes")
    }
    guard
      read.scored == read.alwaysScored
        || base.isEmpty && read.scored.count > 2 && !read.isAnyNegative && !read.isAnyZero
        || base.isEmpty && read.scored.count == 1
    else { throw translation.unsupported(node, "leaves that are not for all classes") }
    var result: [ONNXValue]
    if labels.count == 2 {
      result = try binary(&translation, node, operands: operands, read: read, base: base, labels: labels, post: post)
    } else {
      result = try several(&translation, node, operands: operands, read: read, base: base, labels: labels, post: post)
    }
    // Scores of float64 become float32 at the end.
    if operands.isDouble, case .rows(let rows) = result[1] {
      result[1] = .rows(rows.with(node: try translation.place(rows, as: .float32)))
    }
    return result
  }

  private static func several(
    _ translation: inout ONNXTranslation, _ node: ONNXNode, operands: ONNXTreeOperands, read: ONNXEnsemble,
    base: [Double], labels: ONNXTensor, post: ONNXPost
  ) throws -> [ONNXValue] {
    guard labels.count > 2 else { throw translation.unsupported(node, "\(labels.count) classes") }
    guard base.count > 0 || read.scored.count == labels.count || !read.isAnyNegative && !read.isAnyZero else {
      throw translation.unsupported(node, "a class that no leaf has a score for")
    }
    var ensemble = read.trees
    ensemble.baseFirst = false
    if !base.isEmpty { ensemble.base = base }
    let scores = try translation.builder.add(.trees(ensemble), [operands.matrix])
    let classifier = ONNXClassifier(scores, operands.isDouble ? .float64 : .float32, labels: labels, post: post)
    let best = try translation.builder.add(.argMax, [scores])
    let result = try post.link(width: labels.count).map { try translation.builder.add(.link($0), [scores]) } ?? scores
    return [
      try classifier.label(&translation, best),
      classifier.probabilities(result, margin: post == .none ? nil : scores),
    ]
  }

  /// Two classes. ONNX Runtime looks at which of them leaves have scores for.
  private static func binary(
    _ translation: inout ONNXTranslation, _ node: ONNXNode, operands: ONNXTreeOperands, read: ONNXEnsemble,
    base: [Double], labels: ONNXTensor, post: ONNXPost
  ) throws -> [ONNXValue] {
    let type: ElementType = operands.isDouble ? .float64 : .float32
    var ensemble = read.trees
    ensemble.baseFirst = false
    let hasFirst = read.scored.contains(0)
    let hasSecond = read.scored.contains(1)
    let isSingle = hasFirst != hasSecond
    if hasFirst, !base.isEmpty { ensemble.base[0] = base[0] }
    if hasFirst, hasSecond, base.count == 2 { ensemble.base[0] = base[1] }
    let sums = try translation.builder.add(.trees(ensemble), [operands.matrix])
    func column(_ index: Int) throws -> Int { try translation.builder.add(.select([index]), [sums]) }
    func constant(_ number: Double) throws -> Int { try translation.constant([number], as: type) }
    let threshold = try constant(isSingle && !read.isAnyNegative ? 0.5 : 0)

    let decisive: Int
    let scores: Int
    switch (hasFirst, hasSecond, base.count) {
    case (true, false, 2):
      // The second class has no score, so that its base value does not count either.
      decisive = try column(0)
      scores = try translation.builder.add(.concatenate, [decisive, try constant(0)])
    case (true, false, _):
      return try single(
        &translation, try column(0), threshold: threshold, labels: labels, post: post, isMixed: read.isAnyNegative,
        type: type)
    case (false, true, 2): throw translation.unsupported(node, "two base values and scores for the second class alone")
    case (false, true, _):
      decisive = try column(1)
      scores = try translation.builder.add(.concatenate, [try constant(0), decisive])
    case (true, true, 2):
      decisive = try column(0)
      let other = try translation.builder.add(.function(.negate), [decisive])
      scores = try translation.builder.add(.concatenate, [other, decisive])
    case (true, true, _):
      decisive = try column(1)
      scores = sums
    case (false, false, _): throw translation.damaged(node, "no leaf has a score")
    }
    // With scores for both classes, the label is 1 or 0, whatever the labels are.
    let own = isSingle || labels.element == .string ? labels : ONNXTensor(.int64, [2], numbers: [0, 1])
    let classifier = ONNXClassifier(scores, type, labels: own, post: post)
    let isSecond = try translation.builder.add(.compare(.greater), [decisive, threshold])
    let result = try post.link(width: 2).map { try translation.builder.add(.link($0), [scores]) } ?? scores
    var probabilities = ONNXRows(.float, [2], source: .node(result), role: .probability)
    probabilities.classes = ONNXClassifier(scores, type, labels: labels, post: post).texts
    return [try classifier.label(&translation, isSecond), .rows(probabilities)]
  }

  /// One score for two classes: that of the second.
  private static func single(
    _ translation: inout ONNXTranslation, _ score: Int, threshold: Int, labels: ONNXTensor, post: ONNXPost,
    isMixed: Bool, type: ElementType
  ) throws -> [ONNXValue] {
    let isSecond = try translation.builder.add(.compare(.greater), [score, threshold])
    let classifier = ONNXClassifier(score, type, labels: labels, post: post)
    let probabilities = try classifier.complement(&translation, isMixed: isMixed)
    return [try classifier.label(&translation, isSecond), probabilities]
  }

  /// The scores of both classes from the second's.
  private func complement(_ translation: inout ONNXTranslation, isMixed: Bool) throws -> ONNXValue {
    if post == .logistic {
      let negative = try translation.builder.add(.function(.negate), [scores])
      let both = try translation.builder.add(.concatenate, [negative, scores])
      return probabilities(try translation.builder.add(.link(.onnxLogistic), [both]), margin: scores)
    }
    let other: Int
    if isMixed {
      other = try translation.builder.add(.function(.negate), [scores])
    } else {
      let one = try translation.constant([1], as: element)
      other = try translation.builder.add(.arithmetic(.subtract), [one, scores])
    }
    return probabilities(try translation.builder.add(.concatenate, [other, scores]), margin: nil)
  }

  // MARK: Linear models

  static func linear(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> [ONNXValue] {
    let rows = try translation.matrix(node)
    let labels = try labels(node, "classlabels_ints")
    let (coefficients, intercepts) = (try node.floats("coefficients"), try node.floats("intercepts"))
    let post = try post(translation, node)
    let targets = intercepts.count
    let scores = try ONNXOperators.linear(
      &translation, node, rows: rows, coefficients: coefficients, intercepts: intercepts, targets: targets)
    let classifier = ONNXClassifier(scores, .float32, labels: labels, post: post)
    if targets == 1, labels.count == 2, post != .probit {
      let zero = try translation.constant([0], as: .float32)
      return try single(
        &translation, scores, threshold: zero, labels: labels, post: post, isMixed: false, type: .float32)
    }
    guard targets == labels.count, targets > 1 else {
      throw translation.unsupported(node, "\(targets) scores for \(labels.count) classes")
    }
    let best = try translation.builder.add(.argMax, [scores])
    let result = try post.link(width: targets).map { try translation.builder.add(.link($0), [scores]) } ?? scores
    return [
      try classifier.label(&translation, best), classifier.probabilities(result, margin: post == .none ? nil : scores),
    ]
  }

  // MARK: Results

  private func label(_ translation: inout ONNXTranslation, _ index: Int) throws -> ONNXValue {
    var label = try ONNXOperators.pick(&translation, labels, by: ONNXRows(.int64, [], source: .node(index)))
    label.role = .label
    return .rows(label)
  }

  private func probabilities(_ node: Int, margin: Int?) -> ONNXValue {
    var rows = ONNXRows(.float, [labels.count], source: .node(node), role: .probability)
    rows.classes = texts
    rows.margin = margin
    return .rows(rows)
  }
}
