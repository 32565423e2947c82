import OpzJSON

/// The members of an XGBoost JSON model that determine its predictions, as stored in the file
/// (https://xgboost.readthedocs.io, "Introduction to Model IO"; the layouts of 1.0 to 3.4).
struct XGBoostDocument {
  struct Tree {
    var left: [Int] = []
    var right: [Int] = []
    var features: [Int] = []
    /// Thresholds; in leaves their values.
    var conditions: [Float] = []
    var defaultLeft: [Bool] = []
    /// 1 for a categorical split.
    var splitTypes: [Int] = []
    var categories: [Int] = []
    var categoryNodes: [Int] = []
    var categorySegments: [Int] = []
    var categorySizes: [Int] = []
    var leafVectorSize = 1
  }

  var hasLearner = false
  var objective: String?
  var baseScore: [Float] = [0.5]
  var featureCount = 0
  var classCount = 0
  var targetCount = 1
  var featureNames: [String] = []
  var featureTypes: [String] = []
  var booster: String?
  var trees: [Tree] = []
  var treeInfo: [Int] = []
  var weightDrop: [Float] = []
  /// One per column; nil for a column without texts.
  var categoryTexts: [[String]?] = []
}

/// Parses the document. Members without influence on predictions are skipped.
struct XGBoostParser {
  private(set) var document = XGBoostDocument()

  mutating func parse(_ cursor: inout JSONCursor) throws {
    var result = document
    try cursor.object("the model") { key, cursor in
      guard key == "learner" else { return try cursor.skip() }
      result.hasLearner = true
      try XGBoostParser.learner(&cursor, &result)
    }
    document = result
  }

  private static func learner(_ cursor: inout JSONCursor, _ result: inout XGBoostDocument) throws {
    try cursor.object("the model") { key, cursor in
      switch key {
      case "objective":
        try cursor.object("the model") { key, cursor in
          if key == "name" { result.objective = try cursor.string() } else { try cursor.skip() }
        }
      case "learner_model_param": try parameters(&cursor, &result)
      case "feature_names": result.featureNames = try cursor.strings()
      case "feature_types": result.featureTypes = try cursor.strings()
      case "gradient_booster": try booster(&cursor, &result)
      default: try cursor.skip()
      }
    }
  }

  /// All values are strings.
  private static func parameters(_ cursor: inout JSONCursor, _ result: inout XGBoostDocument) throws {
    try cursor.object("the model") { key, cursor in
      switch key {
      case "base_score": result.baseScore = try baseScore(&cursor)
      case "num_feature": result.featureCount = try count(&cursor)
      case "num_class": result.classCount = try count(&cursor)
      case "num_target": result.targetCount = try count(&cursor)
      default: try cursor.skip()
      }
    }
  }

  private static func count(_ cursor: inout JSONCursor) throws -> Int {
    let text = try cursor.peek() == UInt8(ascii: "\"") ? try cursor.string() : String(try cursor.integer())
    guard let number = Int(text), (0...(1 << 24)).contains(number) else {
      throw cursor.failure("\"\(text.prefix(40))\" is not a count")
    }
    return number
  }

  /// `5E-1` up to 3.0; `[5E-1]`, or one per class, from 3.1.
  private static func baseScore(_ cursor: inout JSONCursor) throws -> [Float] {
    let text = try cursor.string()
    let inner = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    let values = inner.split(separator: ",").map { Float($0.drop { $0 == " " }) }
    guard !values.isEmpty, values.allSatisfy({ $0?.isFinite == true }) else {
      throw cursor.failure("base_score \"\(text.prefix(40))\" is not a number")
    }
    return values.compactMap { $0 }
  }

  private static func booster(_ cursor: inout JSONCursor, _ result: inout XGBoostDocument) throws {
    try cursor.object("the model") { key, cursor in
      switch key {
      case "name": result.booster = try cursor.string()
      case "model": try model(&cursor, &result)
      // dart up to 3.3 wraps the trees in another booster and stores the weights next to it.
      case "gbtree":
        let name = result.booster
        try booster(&cursor, &result)
        result.booster = name ?? "dart"
      case "weight_drop": result.weightDrop = try cursor.floats()
      default: try cursor.skip()
      }
    }
  }

  private static func model(_ cursor: inout JSONCursor, _ result: inout XGBoostDocument) throws {
    try cursor.object("the model") { key, cursor in
      switch key {
      case "trees":
        try cursor.array("a list") { cursor in result.trees.append(try tree(&cursor)) }
      case "tree_info": result.treeInfo = try cursor.integers()
      case "weight_drop": result.weightDrop = try cursor.floats()
      case "cats": try categories(&cursor, &result)
      default: try cursor.skip()
      }
    }
  }

  private static func tree(_ cursor: inout JSONCursor) throws -> XGBoostDocument.Tree {
    var tree = XGBoostDocument.Tree()
    try cursor.object("the model") { key, cursor in
      switch key {
      case "left_children": tree.left = try cursor.integers()
      case "right_children": tree.right = try cursor.integers()
      case "split_indices": tree.features = try cursor.integers()
      case "split_conditions": tree.conditions = try cursor.floats()
      case "default_left": tree.defaultLeft = try cursor.flags()
      case "split_type": tree.splitTypes = try cursor.integers()
      case "categories": tree.categories = try cursor.integers()
      case "categories_nodes": tree.categoryNodes = try cursor.integers()
      case "categories_segments": tree.categorySegments = try cursor.integers()
      case "categories_sizes": tree.categorySizes = try cursor.integers()
      case "tree_param":
        try cursor.object("the model") { key, cursor in
          if key == "size_leaf_vector" { tree.leafVectorSize = try count(&cursor) } else { try cursor.skip() }
        }
      default: try cursor.skip()
      }
    }
    return tree
  }

  /// From 3.1: the categories of each column, texts as one byte string with offsets, numbers as a list.
  private static func categories(_ cursor: inout JSONCursor, _ result: inout XGBoostDocument) throws {
    try cursor.object("the model") { key, cursor in
      guard key == "enc" else { return try cursor.skip() }
      try cursor.array("a list") { cursor in
        var offsets: [Int]?
        var values: [Int] = []
        try cursor.object("the model") { key, cursor in
          switch key {
          case "offsets": offsets = try cursor.integers()
          case "values": values = try cursor.wholeNumbers()
          default: try cursor.skip()
          }
        }
        result.categoryTexts.append(try texts(offsets, values, cursor))
      }
    }
  }

  /// The texts, or nil for a column without any. XGBoost 3.2 counts characters instead of bytes, which truncates
  /// non-ASCII texts in the file: such a column has codes only.
  private static func texts(_ offsets: [Int]?, _ values: [Int], _ cursor: JSONCursor) throws -> [String]? {
    guard let offsets else { return values.isEmpty ? nil : values.map(String.init) }
    guard offsets.count > 1 else { return nil }
    var result: [String] = []
    for (start, end) in zip(offsets, offsets.dropFirst()) {
      guard start >= 0, start <= end, end <= values.count else {
        throw cursor.failure("a category's text is out of range")
      }
      // The file stores signed bytes.
      let bytes = values[start..<end].map { UInt8(truncatingIfNeeded: $0) }
      guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
      result.append(text)
    }
    return result
  }
}

extension JSONCursor {
  /// Numbers 0 and 1, or `true` and `false`: XGBoost has written both.
  fileprivate mutating func flags() throws -> [Bool] {
    var values: [Bool] = []
    try array("flags") { cursor in
      if cursor.take(word: "true") {
        values.append(true)
      } else if cursor.take(word: "false") {
        values.append(false)
      } else {
        values.append(try cursor.integer() != 0)
      }
    }
    return values
  }

  /// Integers, some of which may be written with a point or an exponent: categories that were numbers.
  fileprivate mutating func wholeNumbers() throws -> [Int] {
    var values: [Int] = []
    try array("numbers") { cursor in
      var copy = cursor
      if let number = try? copy.integer() {
        cursor = copy
        values.append(number)
      } else {
        let number = try cursor.float()
        guard let whole = Int(exactly: number) else { throw cursor.failure("a category that is not a whole number") }
        values.append(whole)
      }
    }
    return values
  }
}
