import OpzModel

extension ModelFormat {
  private static let xgboostAdvice = "save an XGBoost model with booster.save_model(\"model.json\")"

  /// `booster.save_model("model.json")`, XGBoost 1.0 and later.
  static let xgboostJSON = ModelFormat(
    name: "xgboost-json", displayName: "XGBoost JSON", family: "gradient-boosted trees", suffixes: [".json"],
    kserve: "xgboost", kserveSuffixes: [".json", ".ubj", ".bst"], mlflowFlavors: ["xgboost"], hasIterations: true,
    match: { header in
      guard header.firstVisible == UInt8(ascii: "{"), !header.isUBJSON else { return .none }
      return header.contains("\"learner\"") ? .certain : .possible
    },
    reading: .read(
      advice: ModelFormat.xgboostAdvice, { try XGBoostReader.readJSON($0) }))

  /// `booster.save_model("model.ubj")`, XGBoost 1.6 and later.
  static let xgboostUBJSON = ModelFormat(
    name: "xgboost-ubjson", displayName: "XGBoost UBJSON", family: "gradient-boosted trees", suffixes: [".ubj"],
    kserve: "xgboost", kserveSuffixes: [".json", ".ubj", ".bst"], mlflowFlavors: ["xgboost"], hasIterations: true,
    match: { $0.isUBJSON ? .certain : .none },
    reading: .read(
      advice: ModelFormat.xgboostAdvice, { try XGBoostReader.readUBJSON($0) }))
}

extension ModelHeader {
  /// Universal Binary JSON: an object begins with `{` and a length's type, `{L` or `{i` (ubjson.org, "Type
  /// Reference"). No JSON does.
  fileprivate var isUBJSON: Bool {
    bytes.count > 2 && bytes[0] == UInt8(ascii: "{") && Array("iUIlL$#".utf8).contains(bytes[1])
  }
}
