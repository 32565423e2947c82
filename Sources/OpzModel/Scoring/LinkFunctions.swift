#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Link {
  /// The predictions of raw scores, `width` a row, in the operand's storage.
  func apply(_ scores: Tensor.Storage, width: Int) -> Tensor.Storage {
    switch scores {
    case .float32(var values):
      for start in stride(from: 0, to: values.count, by: width) { apply(&values[start..<(start + width)]) }
      return .float32(values)
    case .float64(var values):
      for start in stride(from: 0, to: values.count, by: width) { apply(&values[start..<(start + width)]) }
      return .float64(values)
    case .texts: return scores
    }
  }

  private func apply(_ row: inout ArraySlice<Float>) {
    switch self {
    // 88.7 keeps expf finite; 1e-16 is without effect in float32 and stands in the source.
    case .xgboostLogistic: for index in row.indices { row[index] = 1 / (expf(min(-row[index], 88.7)) + 1 + 1e-16) }
    case .xgboostSoftmax: Link.xgboostSoftmax(&row)
    case .hinge: for index in row.indices { row[index] = row[index] > 0 ? 1 : 0 }
    case .logistic(let scale): for index in row.indices { row[index] = Float(Link.logistic(Double(row[index]), scale)) }
    case .softmax:
      guard let top = row.max() else { return }
      var sum: Float = 0
      for index in row.indices {
        row[index] = expf(row[index] - top)
        sum += row[index]
      }
      for index in row.indices { row[index] /= sum }
    case .onnxLogistic: for index in row.indices { row[index] = Link.onnxLogistic(row[index]) }
    case .onnxSoftmax: Link.onnxSoftmax(&row, keepsZero: false) { expf($0) }
    case .onnxSoftmaxZero: Link.onnxSoftmax(&row, keepsZero: true) { expf($0) }
    case .onnxProbit: for index in row.indices { row[index] = Link.onnxProbit(row[index]) }
    }
  }

  private func apply(_ row: inout ArraySlice<Double>) {
    switch self {
    case .logistic(let scale): for index in row.indices { row[index] = Link.logistic(row[index], scale) }
    case .hinge: for index in row.indices { row[index] = row[index] > 0 ? 1 : 0 }
    case .softmax:
      guard let top = row.max() else { return }
      var sum = 0.0
      for index in row.indices {
        row[index] = exp(row[index] - top)
        sum += row[index]
      }
      for index in row.indices { row[index] /= sum }
    case .onnxSoftmax: Link.onnxSoftmax(&row, keepsZero: false) { exp($0) }
    case .onnxSoftmaxZero: Link.onnxSoftmax(&row, keepsZero: true) { exp($0) }
    default:
      // The others are float32 arithmetic by definition.
      var floats = ArraySlice(row.map { Float($0) })
      apply(&floats)
      for (index, value) in zip(row.indices, floats) { row[index] = Double(value) }
    }
  }

  private static func logistic(_ x: Double, _ scale: Double) -> Double { 1 / (1 + exp(-scale * x)) }

  private static func xgboostSoftmax(_ row: inout ArraySlice<Float>) {
    guard let first = row.first else { return }
    let top = row.reduce(first) { max($0, $1) }
    var sum = 0.0
    for index in row.indices {
      row[index] = expf(row[index] - top)
      sum += Double(row[index])
    }
    let total = Float(sum)
    for index in row.indices { row[index] /= total }
  }

  private static func onnxLogistic(_ x: Float) -> Float {
    let value = 1 / (1 + expf(-abs(x)))
    return x < 0 ? 1 - value : value
  }

  /// Where all scores are 0 and stay it, their quotients are NaN, as in ONNX Runtime.
  private static func onnxSoftmax<Number: BinaryFloatingPoint>(
    _ row: inout ArraySlice<Number>, keepsZero: Bool, exp: (Number) -> Number
  ) {
    guard let first = row.first else { return }
    let top = row.reduce(first) { max($0, $1) }
    let expOfMinusTop = exp(-top)
    var sum: Number = 0
    for index in row.indices {
      let score = row[index]
      if !keepsZero || score > Number(Float(0.0000001)) || score < Number(Float(-0.0000001)) {
        row[index] = exp(score - top)
        sum += row[index]
      } else {
        row[index] = score * expOfMinusTop
      }
    }
    for index in row.indices { row[index] /= sum }
  }

  private static func onnxProbit(_ x: Float) -> Float {
    let argument = 2 * x - 1
    let sign: Float = argument < 0 ? -1 : 1
    let logarithm = logf((1 - argument) * (1 + argument))
    let first = 2 / (3.14159 * 0.147) + 0.5 * logarithm
    let second = 1 / 0.147 * logarithm
    let inverse = sign * sqrtf(-first + sqrtf(first * first - second))
    return 1.41421356 * inverse
  }
}
