import OpzJSON
import OpzModel

/// Converts an XGBoost JSON file to a `Model`, and validates everything that scoring relies on.
///
/// All trees are used, as in `Booster.predict`; `best_iteration` only affects the scikit-learn wrappers.
struct XGBoostReader {
  private let document: XGBoostDocument
  private let name: String

  static func read(_ bytes: [UInt8], name: String) throws -> Model {
    do {
      let document = try JSONCursor.read(bytes, options: JSONOptions(nonFinite: .all, size: bytes.count)) { cursor in
        var parser = XGBoostParser()
        try parser.parse(&cursor)
        return parser.document
      }
      return try XGBoostReader(document: document, name: name).model()
    } catch let failure as JSONFailure {
      throw ModelError(
        .damaged, place(failure, in: bytes, name), failure.reason,
        hint: failure.hint ?? "save the model again; the file may be cut off")
    }
  }

  /// `model.json:3:14`
  private static func place(_ failure: JSONFailure, in bytes: [UInt8], _ name: String) -> String {
    guard let offset = failure.offset else { return name }
    let before = bytes[..<min(offset, bytes.count)]
    let line = before.reduce(1) { $0 + ($1 == 10 ? 1 : 0) }
    return "\(name):\(line):\(offset - (before.lastIndex(of: 10) ?? -1))"
  }

  private func model() throws -> Model {
    guard document.hasLearner else {
      throw ModelError(
        .unknownFormat, name, "JSON, but not a model that opz knows: it has no \"learner\"",
        hint: "save an XGBoost model with booster.save_model(\"model.json\")")
    }
    let objective = try objective()
    try checkBooster()
    let groups = max(1, document.classCount)
    let ensemble = try ensemble(groups, try baseMargins(objective, groups))
    var builder = try ModelBuilder(name: name, inputs: try inputs())
    builder.objective = objective.name
    let columns = try builder.add(.inputs(Array(builder.inputs.indices)))
    let margin = try builder.add(.trees(ensemble), [columns])
    let prediction = try objective.link.map { try builder.add(.link($0), [margin]) } ?? margin
    let exponential = objective.isExponential ? try builder.add(.function(.exp), [margin]) : prediction
    try builder.addOutput(objective.output, exponential)
    try builder.addOutput(.margin, margin)
    return try builder.finish()
  }

  private func objective() throws -> XGBoostObjective {
    guard let text = document.objective else { throw damaged("learner.objective.name is missing") }
    guard let objective = XGBoostObjective(text) else {
      throw ModelError(
        .unsupported, name, "the objective \(text.prefix(80)) is not one that opz scores",
        hint: "package the model with runtime: {kind: custom} and your own server")
    }
    return objective
  }

  private func checkBooster() throws {
    guard document.booster == "gbtree" || document.booster == "dart" else {
      throw ModelError(
        .unsupported, name,
        "the booster \((document.booster ?? "without a name").prefix(40)) is not one that opz scores",
        hint: "train with booster: gbtree or dart")
    }
    guard document.targetCount <= 1, document.trees.allSatisfy({ $0.leafVectorSize <= 1 }) else {
      throw ModelError(
        .unsupported, name, "a model with several targets or vector leaves, which opz does not score",
        hint: "train one model per target, with multi_strategy: one_output_per_tree")
    }
  }

  private func baseMargins(_ objective: XGBoostObjective, _ groups: Int) throws -> [Float] {
    let scores = document.baseScore
    guard scores.count == 1 || scores.count == groups else {
      throw damaged("base_score has \(scores.count) values for \(groups) outputs")
    }
    let margins = scores.map { objective.margin(ofBase: $0) }
    guard margins.allSatisfy(\.isFinite) else {
      throw damaged("base_score is not valid for \(objective.name)")
    }
    return margins.count == groups ? margins : Array(repeating: margins[0], count: groups)
  }

  private func inputs() throws -> [Model.Input] {
    let count = document.featureCount
    let names = document.featureNames.isEmpty ? (0..<count).map { "f\($0)" } : document.featureNames
    guard names.count == count, Set(names).count == count else {
      throw damaged("feature_names has \(names.count) names, possibly with duplicates, for \(count) columns")
    }
    guard document.featureTypes.isEmpty || document.featureTypes.count == count else {
      throw damaged("feature_types has \(document.featureTypes.count) types for \(count) columns")
    }
    return names.enumerated().map { index, name in
      let isCategorical = index < document.featureTypes.count && document.featureTypes[index] == "c"
      guard isCategorical else { return Model.Input(name: name, kind: .number(.float32)) }
      let texts = index < document.categoryTexts.count ? document.categoryTexts[index] : nil
      return Model.Input(name: name, kind: .categorical(texts ?? [], unseen: .refused))
    }
  }

  private func ensemble(_ groups: Int, _ baseMargins: [Float]) throws -> TreeEnsemble {
    let (source, info, weights) = (document.trees, document.treeInfo, document.weightDrop)
    guard info.count == source.count else {
      throw damaged("tree_info has \(info.count) entries for \(source.count) trees")
    }
    let isDart = document.booster == "dart"
    guard !isDart || weights.count == source.count else {
      throw damaged("weight_drop has \(weights.count) weights for \(source.count) trees")
    }
    var trees = XGBoostTrees(name: name, columns: document.featureCount, groups: groups)
    for (index, tree) in source.enumerated() {
      guard (0..<groups).contains(info[index]) else {
        throw damaged("tree \(index) is for output \(info[index]) of \(groups)")
      }
      try trees.add(tree, number: index, group: info[index], weight: isDart ? weights[index] : 1)
    }
    return try trees.finish(baseMargins: baseMargins)
  }

  private func damaged(_ reason: String) -> ModelError {
    ModelError(.damaged, name, reason, hint: "save the model again")
  }
}
