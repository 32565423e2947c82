/// Functions of whole rows, rounded after each step to the element's type.
enum RowFunctions {
  static func round(_ x: Double, _ element: ElementType) -> Double { element == .float32 ? Double(Float(x)) : x }

  static func reduce(_ reduction: Operation.Reduction, _ row: ArraySlice<Double>, element: ElementType) -> [Double] {
    func fold(_ start: Double, _ step: (Double, Double) -> Double) -> Double {
      row.reduce(start) { round(step($0, $1), element) }
    }
    switch reduction {
    case .sum: return [fold(0, +)]
    case .mean: return [fold(0, +) / Double(row.count)]
    case .product: return [fold(1, *)]
    case .minimum: return [fold(.infinity) { $0.isNaN || $1.isNaN ? .nan : min($0, $1) }]
    case .maximum: return [fold(-.infinity) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }]
    case .logSumExp:
      let top = row.max() ?? 0
      guard top.isFinite else { return [top] }
      let sum = fold(0) { $0 + Elementwise.function(.exp, round($1 - top, element), element: element) }
      return [top + Elementwise.function(.log, sum, element: element)]
    }
  }

  /// The sums of weights are float64, one after the other in the order of the sorted elements.
  static func median(_ row: ArraySlice<Double>, _ weights: [Double]) -> Double {
    let sorted = zip(row, weights).sorted { $0.0 < $1.0 }
    var sums: [Double] = []
    for (_, weight) in sorted { sums.append((sums.last ?? 0) + weight) }
    let half = 0.5 * (sums.last ?? 0)
    return sums.firstIndex { $0 >= half }.map { sorted[$0].0 } ?? .nan
  }

  static func normalize(_ norm: Operation.Norm, _ row: ArraySlice<Double>, element: ElementType) -> [Double] {
    let size =
      switch norm {
      case .max: row.reduce(0) { max($0, abs($1)) }
      case .l1: row.reduce(0) { round($0 + abs($1), element) }
      case .l2: round(row.reduce(0) { round($0 + round($1 * $1, element), element) }.squareRoot(), element)
      }
    return size == 0 ? Array(row) : row.map { $0 / size }
  }

  static func product(_ row: ArraySlice<Double>, _ weights: [Double], type: ValueType) -> [Double] {
    var result = [Double](repeating: 0, count: type.width)
    for (index, x) in row.enumerated() {
      for column in 0..<type.width {
        let step = round(x * weights[index * type.width + column], type.element)
        result[column] = round(result[column] + step, type.element)
      }
    }
    return result
  }

  /// The first of equals; NaN is never the greatest unless it is the first.
  static func argMax(_ row: some Collection<Double>) -> Int {
    var best: (index: Int, value: Double) = (0, row.first ?? 0)
    for (index, value) in row.enumerated() where value > best.value { best = (index, value) }
    return best.index
  }
}
