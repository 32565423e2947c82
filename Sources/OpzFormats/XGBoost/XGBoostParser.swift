import OpzJSON

/// Reads the document. Members without influence on predictions are skipped.
enum XGBoostParser<Cursor: DocumentCursor> {
  /// The most columns, classes or targets.
  private static var countLimit: Int { 1 << 24 }

  static func document(_ cursor: inout Cursor) throws -> XGBoostDocument {
    var result = XGBoostDocument()
    try cursor.object("the model") { key, cursor in
      switch key {
      case "learner":
        result.hasLearner = true
        try learner(&cursor, &result)
      case "version": result.version = try cursor.integers()
      default: try cursor.skip()
      }
    }
    return result
  }

  private static func learner(_ cursor: inout Cursor, _ result: inout XGBoostDocument) throws {
    try cursor.object("the learner") { key, cursor in
      switch key {
      case "objective":
        try cursor.object("the objective") { key, cursor in
          if key == "name" { result.objective = try cursor.string() } else { try cursor.skip() }
        }
      case "attributes":
        try cursor.object("the attributes") { key, cursor in
          guard key == "best_iteration" else { return try cursor.skip() }
          // -1 where nothing was trained.
          let number = try cursor.number()
          if number >= 0 { result.bestIteration = number }
        }
      case "learner_model_param": try parameters(&cursor, &result)
      case "feature_names": result.featureNames = try cursor.strings()
      case "feature_types": result.featureTypes = try cursor.strings()
      case "gradient_booster": try booster(&cursor, &result)
      default: try cursor.skip()
      }
    }
  }

  private static func parameters(_ cursor: inout Cursor, _ result: inout XGBoostDocument) throws {
    try cursor.object("the parameters") { key, cursor in
      switch key {
      case "base_score": result.baseScore = try baseScore(&cursor)
      case "boost_from_average": result.boostsFromAverage = try cursor.number() != 0
      case "num_feature": result.featureCount = try count(&cursor)
      case "num_class": result.classCount = try count(&cursor)
      case "num_target": result.targetCount = try count(&cursor)
      default: try cursor.skip()
      }
    }
  }

  private static func count(_ cursor: inout Cursor) throws -> Int {
    let number = try cursor.number()
    guard (0...countLimit).contains(number) else { throw cursor.failure("\(number) is not a count") }
    return number
  }

  /// `5E-1` up to 3.0; `[5E-1]`, or one per output, from 3.1. `(..)` is an older spelling that 3.1 still reads.
  private static func baseScore(_ cursor: inout Cursor) throws -> [Float] {
    let text = try cursor.string()
    let spaces: (Character) -> Bool = { $0 == " " }
    let trimmed = text.drop(while: spaces)
    let isList = trimmed.hasPrefix("[") && trimmed.hasSuffix("]") || trimmed.hasPrefix("(") && trimmed.hasSuffix(")")
    let inner = isList ? trimmed.dropFirst().dropLast() : trimmed
    let values = inner.split(separator: ",").map { part in
      Float(String(part.drop(while: spaces).reversed().drop(while: spaces).reversed()))
    }
    guard !values.isEmpty, values.allSatisfy({ $0?.isFinite == true }) else {
      throw cursor.failure("base_score \"\(text.prefix(40))\" is not a number")
    }
    return values.compactMap { $0 }
  }

  // MARK: Boosters

  private static func booster(_ cursor: inout Cursor, _ result: inout XGBoostDocument) throws {
    try cursor.object("the booster") { key, cursor in
      switch key {
      case "name": result.booster = try cursor.string()
      case "model": try model(&cursor, &result)
      // dart up to 3.2 wraps the trees in another booster and stores the weights next to it.
      case "gbtree":
        let name = result.booster
        try booster(&cursor, &result)
        result.booster = name ?? "dart"
      case "weight_drop": result.weightDrop = try cursor.floats()
      default: try cursor.skip()
      }
    }
  }

  private static func model(_ cursor: inout Cursor, _ result: inout XGBoostDocument) throws {
    try cursor.object("the booster's model") { key, cursor in
      switch key {
      case "trees": try trees(&cursor, &result)
      case "tree_info": result.treeInfo = try cursor.integers()
      case "iteration_indptr": result.iterationStarts = try cursor.integers()
      case "gbtree_model_param":
        try cursor.object("the booster's parameters") { key, cursor in
          if key == "num_parallel_tree" { result.parallelTrees = try count(&cursor) } else { try cursor.skip() }
        }
      case "weight_drop": result.weightDrop = try cursor.floats()
      case "boosted_rounds": result.boostedRounds = try cursor.number()
      case "weights":
        result.weights = try cursor.floats()
        result.hasWeights = true
      case "cats": try categories(&cursor, &result)
      default: try cursor.skip()
      }
    }
  }

  private static func trees(_ cursor: inout Cursor, _ result: inout XGBoostDocument) throws {
    try cursor.array("the trees") { cursor in
      guard Cursor.rereads else {
        let tree = try tree(&cursor)
        result.nodeCount &+= tree.left.count
        return result.trees.append(.read(tree))
      }
      result.trees.append(.position(cursor.position))
      result.nodeCount &+= try skipTree(&cursor)
    }
  }

  /// Skips a tree and returns the number of its nodes, as it says.
  private static func skipTree(_ cursor: inout Cursor) throws -> Int {
    var nodes = 0
    try cursor.object("a tree") { key, cursor in
      guard key == "tree_param" else { return try cursor.skip() }
      try cursor.object("a tree's parameters") { key, cursor in
        if key == "num_nodes" { nodes = try cursor.number() } else { try cursor.skip() }
      }
    }
    return max(0, nodes)
  }

  /// Reads one tree.
  static func tree(_ cursor: inout Cursor) throws -> XGBoostTree {
    var tree = XGBoostTree()
    var baseWeights: Int?
    try cursor.object("a tree") { key, cursor in
      // XGBoost writes members in the order of their names: this list comes before those that are as long.
      let expected = tree.defaultLeft.count
      switch key {
      case "left_children": tree.left = try cursor.integers32(reserving: expected)
      case "right_children": tree.right = try cursor.integers32(reserving: expected)
      case "split_indices": tree.features = try cursor.integers32(reserving: expected)
      case "split_conditions": tree.conditions = try cursor.floats(reserving: expected)
      case "default_left": tree.defaultLeft = try cursor.flags()
      case "split_type": tree.splitTypes = try cursor.flags()
      case "categories": tree.categories = try cursor.integers32()
      case "categories_nodes": tree.categoryNodes = try cursor.integers32()
      case "categories_segments": tree.categorySegments = try cursor.integers()
      case "categories_sizes": tree.categorySizes = try cursor.integers()
      case "leaf_weights": tree.leafWeights = try cursor.floats()
      case "base_weights":
        // Of all nodes, and needed only where leaves have several values, which is said later.
        baseWeights = cursor.position
        try cursor.skip()
      case "tree_param":
        try cursor.object("a tree's parameters") { key, cursor in
          if key == "size_leaf_vector" { tree.leafVectorSize = try count(&cursor) } else { try cursor.skip() }
        }
      default: try cursor.skip()
      }
    }
    if tree.leafVectorSize > 1, tree.leafWeights.isEmpty, let baseWeights {
      var copy = cursor.rewound(to: baseWeights)
      tree.leafWeights = try copy.floats()
      tree.hasRowsForAllNodes = true
    }
    return tree
  }

  // MARK: Categories

  /// From 3.1: the categories of each column, texts as one byte string with offsets, numbers as a list.
  private static func categories(_ cursor: inout Cursor, _ result: inout XGBoostDocument) throws {
    try cursor.object("the categories") { key, cursor in
      guard key == "enc" else { return try cursor.skip() }
      try cursor.array("the categories of columns") { cursor in
        var offsets: [Int]?
        var type: Int?
        var values: Int?
        try cursor.object("the categories of a column") { key, cursor in
          switch key {
          case "offsets": offsets = try cursor.integers()
          case "type": type = try cursor.number()
          case "values":
            values = cursor.position
            try cursor.skip()
          default: try cursor.skip()
          }
        }
        guard let values else { return result.categoryTexts.append(nil) }
        var copy = cursor.rewound(to: values)
        result.categoryTexts.append(
          try offsets.map { XGBoostCategories.texts($0, try copy.integers32()) }
            ?? XGBoostCategories.numbers(try copy.numerals(), type: type))
      }
    }
  }
}
