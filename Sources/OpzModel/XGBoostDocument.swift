/// The members of an XGBoost JSON model that decide its predictions, as the file has them
/// (https://xgboost.readthedocs.io, "Introduction to Model IO"; the layout of 1.0 to 3.4).
struct XGBoostDocument {
  struct Tree {
    var left: [Int] = []
    var right: [Int] = []
    var features: [Int] = []
    /// Thresholds; in leaves their values.
    var conditions: [Float] = []
    var defaultLeft: [Bool] = []
    /// 1 for a split by category.
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
  /// One a column; nil for a column without texts.
  var categoryTexts: [[String]?] = []
}

/// Reads the document. Members that do not matter are passed over.
struct XGBoostParser {
  private(set) var document = XGBoostDocument()

  mutating func parse(_ scanner: inout JSONScanner) throws {
    var result = document
    try scanner.object { scanner, key in
      guard key == "learner" else { return try scanner.skip() }
      result.hasLearner = true
      try XGBoostParser.learner(&scanner, &result)
    }
    try scanner.end()
    document = result
  }

  private static func learner(_ scanner: inout JSONScanner, _ result: inout XGBoostDocument) throws {
    try scanner.object { scanner, key in
      switch key {
      case "objective":
        try scanner.object { scanner, key in
          if key == "name" { result.objective = try scanner.string() } else { try scanner.skip() }
        }
      case "learner_model_param": try parameters(&scanner, &result)
      case "feature_names": result.featureNames = try scanner.strings()
      case "feature_types": result.featureTypes = try scanner.strings()
      case "gradient_booster": try booster(&scanner, &result)
      default: try scanner.skip()
      }
    }
  }

  /// All values are texts.
  private static func parameters(_ scanner: inout JSONScanner, _ result: inout XGBoostDocument) throws {
    try scanner.object { scanner, key in
      switch key {
      case "base_score": result.baseScore = try baseScore(&scanner)
      case "num_feature": result.featureCount = try count(&scanner)
      case "num_class": result.classCount = try count(&scanner)
      case "num_target": result.targetCount = try count(&scanner)
      default: try scanner.skip()
      }
    }
  }

  private static func count(_ scanner: inout JSONScanner) throws -> Int {
    let text = scanner.peek() == UInt8(ascii: "\"") ? try scanner.string() : String(try scanner.integer())
    guard let number = Int(text), (0...(1 << 24)).contains(number) else {
      throw scanner.failure("\"\(text.prefix(40))\" is not a count")
    }
    return number
  }

  /// `5E-1` up to 3.0; `[5E-1]`, or one a class, from 3.1.
  private static func baseScore(_ scanner: inout JSONScanner) throws -> [Float] {
    let text = try scanner.string()
    let inner = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    let values = inner.split(separator: ",").map { Float($0.drop { $0 == " " }) }
    guard !values.isEmpty, values.allSatisfy({ $0?.isFinite == true }) else {
      throw scanner.failure("base_score \"\(text.prefix(40))\" is not a number")
    }
    return values.compactMap { $0 }
  }

  private static func booster(_ scanner: inout JSONScanner, _ result: inout XGBoostDocument) throws {
    try scanner.object { scanner, key in
      switch key {
      case "name": result.booster = try scanner.string()
      case "model": try model(&scanner, &result)
      // dart up to 3.3 wraps the trees in another booster and has the weights beside it.
      case "gbtree":
        let name = result.booster
        try booster(&scanner, &result)
        result.booster = name ?? "dart"
      case "weight_drop": result.weightDrop = try scanner.floats()
      default: try scanner.skip()
      }
    }
  }

  private static func model(_ scanner: inout JSONScanner, _ result: inout XGBoostDocument) throws {
    try scanner.object { scanner, key in
      switch key {
      case "trees":
        try scanner.array { scanner in result.trees.append(try tree(&scanner)) }
      case "tree_info": result.treeInfo = try scanner.integers()
      case "weight_drop": result.weightDrop = try scanner.floats()
      case "cats": try categories(&scanner, &result)
      default: try scanner.skip()
      }
    }
  }

  private static func tree(_ scanner: inout JSONScanner) throws -> XGBoostDocument.Tree {
    var tree = XGBoostDocument.Tree()
    try scanner.object { scanner, key in
      switch key {
      case "left_children": tree.left = try scanner.integers()
      case "right_children": tree.right = try scanner.integers()
      case "split_indices": tree.features = try scanner.integers()
      case "split_conditions": tree.conditions = try scanner.floats()
      case "default_left": tree.defaultLeft = try scanner.flags()
      case "split_type": tree.splitTypes = try scanner.integers()
      case "categories": tree.categories = try scanner.integers()
      case "categories_nodes": tree.categoryNodes = try scanner.integers()
      case "categories_segments": tree.categorySegments = try scanner.integers()
      case "categories_sizes": tree.categorySizes = try scanner.integers()
      case "tree_param":
        try scanner.object { scanner, key in
          if key == "size_leaf_vector" { tree.leafVectorSize = try count(&scanner) } else { try scanner.skip() }
        }
      default: try scanner.skip()
      }
    }
    return tree
  }

  /// From 3.1: for each column its categories, texts as one string of bytes with offsets, numbers as a list.
  private static func categories(_ scanner: inout JSONScanner, _ result: inout XGBoostDocument) throws {
    try scanner.object { scanner, key in
      guard key == "enc" else { return try scanner.skip() }
      try scanner.array { scanner in
        var offsets: [Int]?
        var values: [Int] = []
        try scanner.object { scanner, key in
          switch key {
          case "offsets": offsets = try scanner.integers()
          case "values": values = try scanner.wholeNumbers()
          default: try scanner.skip()
          }
        }
        result.categoryTexts.append(try texts(offsets, values, scanner))
      }
    }
  }

  /// The texts, or nil for a column without any. XGBoost 3.2 counts characters where it means bytes, so that a text that is not
  /// ASCII is cut in the file: such a column has codes only.
  private static func texts(_ offsets: [Int]?, _ values: [Int], _ scanner: JSONScanner) throws -> [String]? {
    guard let offsets else { return values.isEmpty ? nil : values.map(String.init) }
    guard offsets.count > 1 else { return nil }
    var result: [String] = []
    for (start, end) in zip(offsets, offsets.dropFirst()) {
      guard start >= 0, start <= end, end <= values.count else {
        throw scanner.failure("a category's text is out of range")
      }
      // The bytes are signed in the file.
      let bytes = values[start..<end].map { UInt8(truncatingIfNeeded: $0) }
      guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
      result.append(text)
    }
    return result
  }
}

extension JSONScanner {
  /// Whole numbers, some of which may be written with a point or an exponent: categories that were numbers.
  fileprivate mutating func wholeNumbers() throws -> [Int] {
    var values: [Int] = []
    try array { scanner in
      var copy = scanner
      if let number = try? copy.integer() {
        scanner = copy
        values.append(number)
      } else {
        let number = try scanner.float()
        guard let whole = Int(exactly: number) else { throw scanner.failure("a category that is not a whole number") }
        values.append(whole)
      }
    }
    return values
  }
}
