import OpzJSON
import OpzModel

/// Converts an XGBoost file to a `Model`, and validates everything that scoring relies on.
struct XGBoostReader {
  private var document: XGBoostDocument
  private let version: XGBoostVersion
  private let file: ModelFile
  private var notes: [String] = []

  /// Reads JSON.
  static func readJSON(_ file: ModelFile) throws -> Model {
    do {
      let options = JSONOptions(nonFinite: .all, size: file.bytes.count)
      return try JSONCursor.read(file.bytes, options: options) { try model(&$0, file) }
    } catch let failure as JSONFailure {
      throw damaged(failure, at: place(failure, in: file))
    }
  }

  /// Reads UBJSON.
  static func readUBJSON(_ file: ModelFile) throws -> Model {
    do {
      return try UBJSONCursor.read(file.bytes) { try model(&$0, file) }
    } catch let failure as JSONFailure {
      throw damaged(failure, at: failure.offset.map { "\(file.name): byte \($0)" } ?? file.name)
    }
  }

  private static func model<Cursor: DocumentCursor>(_ cursor: inout Cursor, _ file: ModelFile) throws -> Model {
    var reader = XGBoostReader(try XGBoostParser.document(&cursor), file)
    return try reader.model(cursor)
  }

  private static func damaged(_ failure: JSONFailure, at place: String) -> ModelError {
    ModelError(
      .damaged, place, reason: failure.reason, hint: failure.hint ?? "save the model again; the file may be cut off")
  }

  /// `model.json:3:14`
  private static func place(_ failure: JSONFailure, in file: ModelFile) -> String {
    guard let offset = failure.offset else { return file.name }
    let before = file.bytes[..<min(offset, file.bytes.count)]
    let line = before.reduce(1) { $0 + ($1 == 10 ? 1 : 0) }
    return "\(file.name):\(line):\(offset - (before.lastIndex(of: 10) ?? -1))"
  }

  private init(_ document: XGBoostDocument, _ file: ModelFile) {
    self.document = document
    self.file = file
    // Files without a version are of 1.0 or written by hand: what a current release makes of them counts.
    version = XGBoostVersion(document.version) ?? XGBoostVersion(major: 3, minor: 4)
  }

  private mutating func model<Cursor: DocumentCursor>(_ cursor: Cursor) throws -> Model {
    guard document.hasLearner else {
      throw ModelError(
        .unknownFormat, file.name, reason: "JSON, but not a model that opz knows: it has no \"learner\"",
        hint: "save an XGBoost model with booster.save_model(\"model.json\")")
    }
    let objective = try objective()
    if !version.isTried {
      notes.append("saved by XGBoost \(version), whose files opz was not tried with: compare some predictions")
    }
    let base = try baseMargins(objective)
    var builder = try ModelBuilder(name: file.name, inputs: try inputs())
    builder.objective = objective.name
    let columns = try builder.add(.inputs(Array(builder.inputs.indices)))
    let margin =
      switch document.booster {
      case "gbtree", "dart": try builder.add(.trees(try ensemble(base, cursor)), [columns])
      case "gblinear": try linear(base, columns, to: &builder)
      default:
        throw ModelError(
          .unsupported, file.name,
          reason: "the booster \((document.booster ?? "without a name").prefix(40)) is not one that opz scores",
          hint: "train with booster: gbtree, dart or gblinear")
      }
    try objective.addOutputs(of: margin, to: &builder)
    builder.notes = notes
    return try builder.finish()
  }

  // MARK: Parts

  private var budget: ModelBudget { ModelBudget(fileSize: file.bytes.count) }

  private func objective() throws -> XGBoostObjective {
    guard let text = document.objective else { throw damaged("learner.objective.name is missing") }
    guard let objective = XGBoostObjective(text, version) else {
      throw ModelError(
        .unsupported, file.name, reason: "the objective \(text.prefix(80)) is not one that opz scores",
        hint: "a Python worker runs it: opz init writes runtime: {kind: python}")
    }
    return objective
  }

  private func baseMargins(_ objective: XGBoostObjective) throws -> [Float] {
    let (scores, groups) = (document.baseScore, document.groupCount)
    guard document.classCount <= 1 || document.targetCount <= 1 else {
      throw damaged("it has both \(document.classCount) classes and \(document.targetCount) targets")
    }
    guard groups <= ModelBuilder.widthLimit, scores.count == 1 || scores.count == groups else {
      throw damaged("base_score has \(scores.count) values for \(groups) outputs")
    }
    try budget.check(groups, "outputs", of: file.name)
    let all = scores.count == groups ? scores : Array(repeating: scores[0], count: groups)
    let isPlaceholder = version.keepsBaseOfUntrained && document.boostsFromAverage && !document.isFitted
    let margins = isPlaceholder ? all : objective.margins(ofBase: all)
    guard margins.allSatisfy(\.isFinite) else {
      throw damaged("base_score is not valid for \(objective.name)")
    }
    return margins
  }

  private func inputs() throws -> [Model.Input] {
    let count = document.featureCount
    guard count > 0 else { throw damaged("it has no columns: it was not trained") }
    guard count <= ModelBuilder.widthLimit else {
      throw ModelError(
        .tooLarge, file.name, reason: "it has \(count) columns; the limit is \(ModelBuilder.widthLimit)",
        hint: "train with the columns that the trees use")
    }
    if document.featureNames.isEmpty { try budget.check(count, "columns", of: file.name) }
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

  // MARK: Boosters

  private mutating func ensemble<Cursor: DocumentCursor>(_ base: [Float], _ cursor: Cursor) throws -> TreeEnsemble {
    let (count, info, weights) = (document.trees.count, document.treeInfo, document.weightDrop)
    guard info.count == count else { throw damaged("tree_info has \(info.count) entries for \(count) trees") }
    guard weights.count <= count, document.booster == "gbtree" || weights.count == count else {
      throw damaged("weight_drop has \(weights.count) weights for \(count) trees")
    }
    var trees = XGBoostTrees(
      file, columns: document.featureCount, groups: base.count, isDart: document.booster == "dart", version)
    // A node takes more than eight bytes of any file.
    trees.reserve(nodes: min(max(0, document.nodeCount), file.bytes.count / 8))
    for index in 0..<(try treeCount()) {
      guard (0..<base.count).contains(info[index]) else {
        throw damaged("tree \(index) is for output \(info[index]) of \(base.count)")
      }
      try trees.add(
        try tree(index, cursor), number: index, group: info[index], weight: index < weights.count ? weights[index] : 1)
    }
    return try trees.finish(baseMargins: base)
  }

  /// Takes a tree out of the document, so that its memory is free once it is in the ensemble.
  private mutating func tree<Cursor: DocumentCursor>(_ index: Int, _ cursor: Cursor) throws -> XGBoostTree {
    switch document.trees[index] {
    case .read(let tree):
      document.trees[index] = .position(0)
      return tree
    case .position(let position):
      var copy = cursor.rewound(to: position)
      return try XGBoostParser.tree(&copy)
    }
  }

  /// How many of the trees count: all, or those of the best iteration and before.
  private mutating func treeCount() throws -> Int {
    let all = document.trees.count
    guard let best = document.bestIteration else {
      if file.options.iterations == .best {
        notes.append("the file records no best iteration: all trees are used")
      }
      return all
    }
    let ends = try iterationEnds()
    // Without early stopping 1.x records the last iteration, about which there is nothing to say.
    guard best < ends.count - 1 else { return all }
    let kept = best + 1
    guard file.options.iterations == .best else {
      notes.append(
        "the file's best iteration is \(best) of \(ends.count), counted from 0: all \(ends.count) are scored, as "
          + "Booster.predict does; model: {iterations: best}, or --iterations best, scores the first \(kept)")
      return all
    }
    notes.append("the first \(kept) of \(ends.count) iterations are scored, up to the best")
    return ends[best]
  }

  /// The number of trees up to the end of each iteration.
  private func iterationEnds() throws -> [Int] {
    let all = document.trees.count
    let starts = document.iterationStarts
    guard starts.isEmpty else {
      guard starts[0] == 0, starts[starts.count - 1] == all, zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 })
      else { throw damaged("iteration_indptr does not divide \(all) trees") }
      return Array(starts.dropFirst())
    }
    // As `MakeIndptr` does for old files (src/gbm/gbtree_model.cc).
    let groups = (document.treeInfo.max() ?? 0).addingReportingOverflow(1).partialValue
    let (size, overflow) = max(1, document.parallelTrees).multipliedReportingOverflow(by: groups)
    // An output beyond all numbers has become a negative one.
    guard !overflow, size > 0, all.isMultiple(of: size) else {
      throw damaged("\(all) trees for \(document.parallelTrees) parallel trees of \(groups) outputs")
    }
    return Array(stride(from: size, through: all, by: size))
  }

  /// The scikit-learn wrapper too scores all of gblinear (python-package/xgboost/sklearn.py, `_get_iteration_range`).
  private mutating func linear(_ base: [Float], _ columns: Int, to builder: inout ModelBuilder) throws -> Int {
    if file.options.iterations == .best {
      notes.append("gblinear has no iterations to choose from: all of it is scored")
    }
    return try addLinear(base, columns, to: &builder)
  }

  /// The bias and the base, then one product after the other, as `GBLinear::Pred` adds them; missing numbers add
  /// nothing.
  private func addLinear(_ base: [Float], _ columns: Int, to builder: inout ModelBuilder) throws -> Int {
    let (count, groups) = (document.featureCount, base.count)
    let (size, overflow) = (count + 1).multipliedReportingOverflow(by: groups)
    // Some releases (1.3) make the weights only when they train or predict.
    let isUntrained = document.hasWeights && document.weights.isEmpty && size <= 2 * ModelBuilder.widthLimit
    let weights = isUntrained && !overflow ? Array(repeating: 0, count: size) : document.weights
    guard !overflow, weights.count == size, weights.allSatisfy(\.isFinite) else {
      throw damaged("\(weights.count) weights for \(count) columns and \(groups) outputs, or infinite ones")
    }
    // Every output starts from the first base score (src/gbm/gblinear.cc).
    let first = weights[(count * groups)...].map { Double($0 + base[0]) }
    let one = try builder.add(.constant([1]), as: .float32)
    let filled = try builder.add(.impute(Array(repeating: 0, count: count)), [columns])
    let row = try builder.add(.concatenate, [one, filled])
    return try builder.add(.matrixProduct(first + weights[..<(count * groups)].map { Double($0) }), [row])
  }

  private func damaged(_ reason: String) -> ModelError {
    ModelError(.damaged, file.name, reason: reason, hint: "save the model again")
  }
}
