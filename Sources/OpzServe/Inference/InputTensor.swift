/// One input of an inference request.
struct InputTensor {
  enum Values {
    /// Missing is NaN.
    case numbers([Float])
    /// What texts are in the feature's list of categories. Missing is NaN.
    case codes([Float])
  }

  let name: String
  let datatype: Datatype
  let shape: [Int]
  /// Row-major, as many as the shape says.
  let values: Values

  /// The tensor's first dimension, its rows.
  var rows: Int { shape.first ?? 0 }
  /// Values a row.
  var columns: Int { shape.count < 2 ? 1 : shape[1] }
}
