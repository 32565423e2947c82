import OpzModel

extension ModelFormat {
  /// `booster.save_model("model.txt")`, LightGBM 2.1 and later.
  static let lightGBM = ModelFormat(
    name: "lightgbm", displayName: "LightGBM text", family: "gradient-boosted trees", suffixes: [".txt", ".lgb"],
    kserve: "lightgbm", kserveSuffixes: [".bst"], mlflowFlavors: ["lightgbm"], hasIterations: true,
    match: { header in
      let isFirstLine = ["tree\n", "tree\r\n"].contains { header.starts(with: Array($0.utf8)) }
      return isFirstLine ? .certain : .none
    },
    reading: .read(
      advice: "save a LightGBM model with booster.save_model(\"model.txt\")",
      { try LightGBMReader.read($0) }))
}
