/// A decoded `POST ../infer` request, checked against the protocol but not yet against the model.
struct InferenceRequest {
  var id: String?
  var inputs: [InputTensor] = []
  /// Names of the requested outputs; nil for all.
  var outputs: [String]?
}

/// One input of an inference request.
struct InputTensor {
  enum Values {
    /// Numbers; NaN is missing.
    case numbers([Float])
    /// Numbers for a model that needs float64; NaN is missing.
    case doubles([Double])
    /// Category codes of texts; NaN is missing.
    case codes([Float])
    /// Texts of a feature that takes any text; nil is missing.
    case texts([String?])
  }

  let name: String
  let datatype: Datatype
  let shape: [Int]
  /// Row-major; the count is the product of the shape.
  let values: Values

  /// The tensor's first dimension, its rows.
  var rows: Int { shape.first ?? 0 }
  /// Values per row.
  var columns: Int { shape.count < 2 ? 1 : shape[1] }
}
