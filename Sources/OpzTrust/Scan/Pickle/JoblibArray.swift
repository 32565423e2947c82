/// An array that joblib wrote into a pickle's stream, as its wrapper describes it (joblib's numpy_pickle.py).
struct JoblibArray {
  /// Bytes; of objects unknown.
  let size: UInt64
  /// The elements are a pickle of their own.
  let holdsObjects: Bool
  /// A byte that says how many more to pass over comes first.
  let isAligned: Bool

  /// - Parameter fields: the wrapper's state. Nil where it does not say how large the array is.
  init?(_ fields: [String: PickleValue]) {
    guard case .made(let maker, let type?)? = fields["dtype"], maker.module == "numpy", maker.name == "dtype",
      case .tuple(let shape)? = fields["shape"]
    else { return nil }
    var count: UInt64 = 1
    for dimension in shape {
      guard case .number(let length) = dimension else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard !overflow else { return nil }
      count = product
    }
    if case .number? = fields["numpy_array_alignment_bytes"] { isAligned = true } else { isAligned = false }
    let code = type.drop { "<>=|".contains($0) }
    holdsObjects = code.first == "O"
    guard let kind = code.first, let width = UInt64(code.dropFirst()) ?? (holdsObjects ? 8 : nil) else { return nil }
    let (item, wide) = kind == "U" ? width.multipliedReportingOverflow(by: 4) : (width, false)
    let (bytes, overflow) = count.multipliedReportingOverflow(by: item)
    guard "biufcmMSUVO".contains(kind), !wide, !overflow else { return nil }
    size = bytes
  }
}
