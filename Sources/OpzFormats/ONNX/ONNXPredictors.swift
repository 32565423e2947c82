import OpzModel

/// Tree ensembles, linear models, and what makes their results readable.
extension ONNXOperators {
  static let predictors: [String: ONNXTranslation.Operator] = [
    "ai.onnx.ml.TreeEnsembleRegressor": { translation, node in
      let reader = try ONNXTreeOperands(&translation, node)
      let groups = try node.int("n_targets") ?? 0
      let ensemble = try reader.oldTrees(translation, node, prefix: "target", groups: groups)
      return [
        .rows(
          try regression(
            &translation, node, read: ensemble, operands: reader, settings: try Settings(translation, node)))
      ]
    },
    "ai.onnx.ml.TreeEnsemble": { translation, node in
      let reader = try ONNXTreeOperands(&translation, node)
      let groups = try node.int("n_targets") ?? 0
      let ensemble = try reader.newTrees(translation, node, groups: groups)
      return [
        .rows(
          try regression(
            &translation, node, read: ensemble, operands: reader, settings: try Settings(numbered: translation, node)))
      ]
    },
    "ai.onnx.ml.TreeEnsembleClassifier": { translation, node in
      try ONNXClassifier.trees(&translation, node)
    },
    "ai.onnx.ml.LinearClassifier": { translation, node in try ONNXClassifier.linear(&translation, node) },
    "ai.onnx.ml.LinearRegressor": { translation, node in
      let rows = try translation.matrix(node)
      let (coefficients, intercepts) = (try node.floats("coefficients"), try node.floats("intercepts"))
      let targets = try node.int("targets") ?? 1
      let product = try linear(
        &translation, node, rows: rows, coefficients: coefficients, intercepts: intercepts, targets: targets)
      guard let post = ONNXPost(text: try node.text("post_transform") ?? "NONE") else {
        throw translation.damaged(node, "its post_transform does not exist")
      }
      let result = try post.link(width: targets).map { try translation.builder.add(.link($0), [product]) } ?? product
      return [.rows(ONNXRows(.float, [targets], source: .node(result)))]
    },
    "ai.onnx.ml.ZipMap": { translation, node in
      var rows = try translation.matrix(node)
      let texts = try node.texts("classlabels_strings")
      let labels = texts.isEmpty ? try node.ints("classlabels_int64s").map { String($0) } : texts
      rows.classes = labels
      rows.role = rows.role ?? .probability
      return [.rows(rows)]
    },
  ]

  /// How an ensemble's sums become results.
  struct Settings {
    var aggregate = "SUM"
    var post = ONNXPost.none
    /// Empty, or one for each output.
    var base: [Double] = []

    /// The texts of TreeEnsembleRegressor.
    init(_ translation: ONNXTranslation, _ node: ONNXNode) throws {
      aggregate = try node.text("aggregate_function") ?? "SUM"
      guard let post = ONNXPost(text: try node.text("post_transform") ?? "NONE") else {
        throw translation.damaged(node, "its post_transform does not exist")
      }
      self.post = post
      base = try ONNXTreeOperands.base(node)
    }

    /// The numbers of TreeEnsemble.
    init(numbered translation: ONNXTranslation, _ node: ONNXNode) throws {
      let aggregates = ["AVERAGE", "SUM", "MIN", "MAX"]
      let (own, transform) = (try node.int("aggregate_function") ?? 1, try node.int("post_transform") ?? 0)
      guard aggregates.indices.contains(own), let post = ONNXPost(rawValue: transform) else {
        throw translation.damaged(node, "aggregate_function \(own) or post_transform \(transform) does not exist")
      }
      aggregate = aggregates[own]
      self.post = post
    }
  }

  /// What users should know who expect the specification's numbers.
  static let transformNote = "post_transform 1 is LOGISTIC and 2 is SOFTMAX, as ONNX Runtime has them"

  private static func regression(
    _ translation: inout ONNXTranslation, _ node: ONNXNode, read: ONNXEnsemble, operands: ONNXTreeOperands,
    settings: Settings
  ) throws -> ONNXRows {
    var ensemble = read.trees
    let groups = ensemble.groups
    guard settings.base.isEmpty || settings.base.count == groups else {
      throw translation.damaged(node, "\(settings.base.count) base values for \(groups) outputs")
    }
    ensemble.base = settings.base.isEmpty ? Array(repeating: 0, count: groups) : settings.base
    ensemble.baseFirst = false
    switch settings.aggregate {
    case "SUM": ensemble.aggregate = .sum
    case "AVERAGE": ensemble.aggregate = .average(of: Double(ensemble.trees.count))
    case "MIN", "MAX":
      guard ensemble.width == 1 || read.isDense else {
        throw translation.unsupported(node, "the least or greatest of leaves that are not for all outputs")
      }
      ensemble.aggregate = settings.aggregate == "MIN" ? .minimum : .maximum
    default: throw translation.damaged(node, "its aggregate_function does not exist")
    }
    var result = try translation.builder.add(.trees(ensemble), [operands.matrix])
    // Of one output, only PROBIT is computed.
    if let link = settings.post.link(width: groups) { result = try translation.builder.add(.link(link), [result]) }
    let isDouble = operands.isDouble && node.type == "TreeEnsemble"
    if node.type == "TreeEnsemble", settings.post == .logistic || settings.post == .softmax {
      translation.builder.notes.append(transformNote)
    }
    if operands.isDouble, !isDouble { result = try translation.builder.add(.cast, [result], as: .float32) }
    return ONNXRows(isDouble ? .double : .float, [groups], source: .node(result))
  }

  /// Rows times coefficients, which are stored target by target, and the intercepts. The result is float32.
  static func linear(
    _ translation: inout ONNXTranslation, _ node: ONNXNode, rows: ONNXRows, coefficients: [Double],
    intercepts: [Double], targets: Int
  ) throws -> Int {
    guard targets > 0, targets <= coefficients.count, coefficients.count == targets * rows.width,
      intercepts.isEmpty || intercepts.count == targets
    else {
      throw translation.damaged(
        node, "\(coefficients.count) coefficients for \(rows.width) columns and \(targets) outputs")
    }
    let matrix = transposed(coefficients, rows: targets, columns: rows.width)
    let product = try translation.builder.add(.matrixProduct(matrix), [try translation.place(rows, as: .float32)])
    guard !intercepts.isEmpty else { return product }
    let added = try translation.constant(intercepts, as: .float32)
    return try translation.builder.add(.arithmetic(.add), [product, added])
  }
}

/// ai.onnx.ml's post_transform. The raw values are TreeEnsemble-5's as ONNX Runtime reads them (ml_common.h): the
/// specification has SOFTMAX as 1 and LOGISTIC as 2, and ONNX Runtime 1.32 computes the other of the two.
enum ONNXPost: Int {
  case none, logistic, softmax, softmaxZero, probit

  init?(text: String) {
    switch text {
    case "NONE": self = .none
    case "SOFTMAX": self = .softmax
    case "LOGISTIC": self = .logistic
    case "SOFTMAX_ZERO": self = .softmaxZero
    case "PROBIT": self = .probit
    default: return nil
    }
  }

  /// What ONNX Runtime applies to so many scores; nil for nothing.
  func link(width: Int) -> Link? {
    switch self {
    case .none: nil
    case .probit: .onnxProbit
    case .logistic: width > 1 ? .onnxLogistic : nil
    case .softmax: width > 1 ? .onnxSoftmax : nil
    case .softmaxZero: width > 1 ? .onnxSoftmaxZero : nil
    }
  }
}

/// The columns that an ensemble reads, in the type in which it compares and adds.
struct ONNXTreeOperands {
  let matrix: Int
  let columns: Int
  let isDouble: Bool
  private var precision: TreeEnsemble.Precision { isDouble ? .float64 : .float32 }

  init(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws {
    let rows = try translation.matrix(node)
    isDouble = rows.element == .double
    guard rows.element != .string else { throw translation.damaged(node, "its input is text") }
    columns = rows.width
    matrix = try translation.place(rows, as: isDouble ? .float64 : .float32)
  }

  /// The base values, as floats or as a tensor of doubles.
  static func base(_ node: ONNXNode) throws -> [Double] {
    let floats = try node.floats("base_values")
    return try floats.isEmpty ? node.tensor("base_values_as_tensor")?.numbers ?? [] : floats
  }

  /// ONNX Runtime takes doubles of an attribute for inputs of float64 alone.
  private func check(_ translation: ONNXTranslation, _ node: ONNXNode, groups: Int) throws {
    guard groups > 0, groups <= ModelBuilder.widthLimit else { throw translation.damaged(node, "\(groups) outputs") }
    try ModelBudget(fileSize: translation.document.size).check(groups, "outputs", of: translation.name)
    let tensors = ["nodes_values_as_tensor", "target_weights_as_tensor", "class_weights_as_tensor", "nodes_splits"]
    for name in tensors where node.has(name) {
      guard try node.tensor(name)?.element == (isDouble ? .double : .float) else {
        throw translation.unsupported(node, "thresholds or weights of another type than its input")
      }
    }
  }

  func oldTrees(
    _ translation: ONNXTranslation, _ node: ONNXNode, prefix: String, groups: Int
  ) throws -> ONNXEnsemble {
    try check(translation, node, groups: groups)
    return try ONNXTreesReader(
      node: node, prefix: prefix, groups: groups, columns: columns, precision: precision, name: translation.name,
      fileSize: translation.document.size
    ).read()
  }

  func newTrees(_ translation: ONNXTranslation, _ node: ONNXNode, groups: Int) throws -> ONNXEnsemble {
    try check(translation, node, groups: groups)
    return try ONNXTreeEnsembleReader(
      node, groups: groups, columns: columns, precision: precision, name: translation.name,
      fileSize: translation.document.size
    ).read()
  }
}
