/// How raw scores become predictions, as a library computes it: each case is one library's arithmetic, since
/// libraries that agree on the mathematics differ in the last bits.
public enum Link: Sendable, Hashable {
  /// `1 / (expf(min(-x, 88.7)) + 1 + 1e-16)` in float32: XGBoost's `Sigmoid` (src/common/math.h).
  case xgboostLogistic
  /// `expf(x - max)` divided by their sum, which is accumulated in float64: XGBoost's `Softmax` (src/common/math.h).
  case xgboostSoftmax
  /// 1 where the score is above 0, else 0: XGBoost's hinge.
  case hinge
  /// `1 / (1 + exp(-k x))` in float64: LightGBM's `BinaryLogloss::ConvertOutput`.
  case logistic(scale: Double)
  /// `exp(x - max)` divided by their sum, in the operand's type: LightGBM's `Common::Softmax`, scikit-learn.
  case softmax
  /// `exp(-|x|)` based, in float32: ONNX Runtime's `ComputeLogistic` (ml_common.h).
  case onnxLogistic
  /// ONNX Runtime's `ComputeSoftmax` in the operand's type (ml_common.h).
  case onnxSoftmax
  /// The same, but scores of 0 stay 0: `ComputeSoftmaxZero`.
  case onnxSoftmaxZero
  /// `sqrt(2) * erfinv(2 x - 1)` as ONNX Runtime approximates it: `ComputeProbit`.
  case onnxProbit
}
