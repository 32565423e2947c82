/// A file format of models that opz reads.
public enum ModelFormat: String, Sendable, Codable, CaseIterable {
  /// `booster.save_model("model.json")`, XGBoost 1.0 and later.
  case xgboostJSON = "xgboost-json"
}
