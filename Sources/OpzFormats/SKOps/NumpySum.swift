/// Sums as numpy adds up a contiguous row (`pairwise_sum` in numpy/_core/src/umath/loops_utils.h.src): one by one below
/// 8 numbers, in 8 lanes up to 128, by halves beyond. The order decides the last bits.
enum NumpySum {
  static func sum(_ row: ArraySlice<Double>) -> Double {
    guard row.count >= 8 else { return row.reduce(0, +) }
    guard row.count <= 128 else {
      var half = row.count / 2
      half -= half % 8
      let middle = row.startIndex + half
      return sum(row[..<middle]) + sum(row[middle...])
    }
    let first = row.startIndex
    var lanes = Array(row[first..<first + 8])
    let whole = row.count - row.count % 8
    for start in stride(from: 8, to: whole, by: 8) {
      for lane in 0..<8 { lanes[lane] += row[first + start + lane] }
    }
    let total = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))
    return row[(first + whole)...].reduce(total, +)
  }

  static func sum(_ row: [Double]) -> Double { sum(row[...]) }
}
