/// What reads a model in a worker.
public enum WorkerLoader: String, Sendable, CaseIterable {
  case sklearnJoblib = "sklearn-joblib"
  case sklearnPickle = "sklearn-pickle"
  case skops
  case mlflow
  case xgboost
  case lightgbm
  case catboost
  case onnx
  case torchscript
  case torchExport = "torch-export"
  case keras
  case transformers
  case statsmodels
  /// R's `readRDS`.
  case rds
  /// The user's `predict` alone.
  case predict
}
