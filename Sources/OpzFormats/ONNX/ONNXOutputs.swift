import OpzModel

/// Which of a graph's outputs is what: the classifier's label and probabilities, a regressor's prediction, the scores
/// of an anomaly detector.
struct ONNXOutputs {
  private let document: ONNXDocument
  private let nodes: [ONNXNode]

  init(_ document: ONNXDocument, _ nodes: [ONNXNode]) {
    self.document = document
    self.nodes = nodes
  }

  func finish(_ translation: consuming ONNXTranslation) throws -> Model {
    var found: [(kind: Model.OutputKind, rows: ONNXRows)] = []
    var skipped: [String] = []
    let outputs = document.outputs.map { ($0.name, translation.values[$0.name]) }
    let hasLabel = outputs.contains { if case .rows(let rows) = $0.1 { rows.isLabel } else { false } }
    for (name, value) in outputs {
      guard case .rows(let rows)? = value else {
        skipped.append(name)
        continue
      }
      let kind = ONNXOutputs.kind(of: rows, named: name, beside: hasLabel)
      guard !found.contains(where: { $0.kind == kind }) else {
        skipped.append(name)
        continue
      }
      found.append((kind, rows))
    }
    // The default output first.
    let order: [Model.OutputKind] = [.probability, .prediction, .label, .margin, .distance]
    for kind in order {
      guard let output = found.first(where: { $0.kind == kind }) else { continue }
      try translation.builder.addOutput(kind, try translation.place(output.rows))
    }
    if let probability = found.first(where: { $0.kind == .probability })?.rows {
      if probability.classes.count == probability.width { translation.builder.classes = probability.classes }
      if let margin = probability.margin, !found.contains(where: { $0.kind == .margin }) {
        try translation.builder.addOutput(.margin, margin)
      }
    }
    translation.builder.objective = objective
    if !skipped.isEmpty {
      translation.builder.notes.append("outputs that are not used: \(skipped.map { String($0.prefix(40)) }.prefix(8))")
    }
    return try translation.builder.finish()
  }

  private static func kind(
    of rows: ONNXRows, named name: String, beside hasLabel: Bool
  ) -> Model.OutputKind {
    if rows.isLabel { return .label }
    switch rows.role {
    case .probability where hasLabel: return .probability
    case .margin: return .margin
    case .distance: return .distance
    case .probability, .label, nil: break
    }
    let lower = name.lowercased()
    if lower.contains("prob") { return .probability }
    guard hasLabel else { return .prediction }
    return lower.contains("scor") || lower.contains("decision") || lower.contains("margin") ? .margin : .probability
  }

  /// The name of the model's kind: the last operator that predicts.
  private var objective: String {
    let predictors = [
      "TreeEnsembleClassifier", "TreeEnsembleRegressor", "TreeEnsemble", "LinearClassifier", "LinearRegressor",
    ]
    return nodes.last { predictors.contains($0.type) }?.type ?? nodes.last?.type ?? ""
  }
}

extension ONNXRows {
  /// Labels are integers or texts.
  fileprivate var isLabel: Bool { (element.isInteger || element == .string || element == .bool) && width == 1 }
}
