/// The members of an XGBoost model that determine its predictions, as stored in the file
/// (https://xgboost.readthedocs.io, "Introduction to Model IO"; the layouts of 1.0 to 3.4).
struct XGBoostDocument {
  /// A tree, or where it stands in the file.
  enum Tree {
    case read(XGBoostTree)
    case position(Int)
  }

  var hasLearner = false
  /// `[3, 2, 0]`
  var version: [Int] = []
  var objective: String?
  /// As texts: how many digits count depends on the objective only.
  var baseScore: [Float] = [0.5]
  /// Whether the base score is estimated when training begins.
  var boostsFromAverage = true
  var featureCount = 0
  var classCount = 0
  var targetCount = 1
  var featureNames: [String] = []
  var featureTypes: [String] = []
  var booster: String?
  var trees: [Tree] = []
  /// The nodes of all trees, as the file says; for reserving memory only.
  var nodeCount = 0
  /// The output of each tree.
  var treeInfo: [Int] = []
  /// Where each iteration's trees begin and, at last, end; empty in files of 1.x.
  var iterationStarts: [Int] = []
  var parallelTrees = 1
  /// The weights of dart's trees; trees without one weigh 1.
  var weightDrop: [Float] = []
  /// The last iteration that early stopping found to be the best, from 0.
  var bestIteration: Int?
  /// gblinear: how many iterations were trained.
  var boostedRounds = 0
  /// gblinear: one row per column and one of biases, with a number per output.
  var weights: [Float] = []
  /// Whether the file lists them at all; the list is empty where nothing was trained.
  var hasWeights = false
  /// One per column; nil for a column without texts.
  var categoryTexts: [[String]?] = []

  /// Values per row.
  var groupCount: Int { max(classCount, targetCount, 1) }

  /// Whether anything was trained.
  var isFitted: Bool { !trees.isEmpty || boostedRounds > 0 }
}

/// A tree's lists, as stored in the file.
struct XGBoostTree {
  /// -1 in leaves.
  var left: [Int32] = []
  /// In leaves of 3.2 and later with a value for each output, the row of `leafWeights`.
  var right: [Int32] = []
  var features: [Int32] = []
  /// Thresholds; in leaves with one value, that value.
  var conditions: [Float] = []
  var defaultLeft: [UInt8] = []
  /// 1 for a categorical split.
  var splitTypes: [UInt8] = []
  var categories: [Int32] = []
  var categoryNodes: [Int32] = []
  var categorySegments: [Int] = []
  var categorySizes: [Int] = []
  /// Values per leaf; 0 and 1 mean one.
  var leafVectorSize = 1
  /// The values of leaves that have one for each output: rows for the leaves alone, or rows for all nodes.
  var leafWeights: [Float] = []
  var hasRowsForAllNodes = false
}
