/// The texts of a column's categories, as 3.1 and later store them (XGBoost's src/data/cat_container.cc).
enum XGBoostCategories {
  /// The texts that stand between offsets in a string of signed bytes; nil where they are not whole texts.
  ///
  /// 3.1 to 3.3 count characters where bytes are meant, so that texts outside ASCII are cut in the file.
  static func texts(_ offsets: [Int], _ values: [Int32]) -> [String]? {
    guard offsets.count > 1, offsets[0] >= 0 else { return nil }
    var result: [String] = []
    for (start, end) in zip(offsets, offsets.dropFirst()) {
      guard start <= end, end <= values.count else { return nil }
      let bytes = values[start..<end].map { UInt8(truncatingIfNeeded: $0) }
      guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
      result.append(text)
    }
    return result
  }

  /// The texts of categories that are numbers; nil if there are none.
  /// - Parameter type: XGBoost's number of the column's type. UBJSON has no unsigned numbers of more than 8 bits: they
  ///   are stored as signed ones of the same width.
  static func numbers(_ texts: [String], type: Int?) -> [String]? {
    guard !texts.isEmpty else { return nil }
    return texts.map { text in
      if let number = Double(text), let whole = Int64(exactly: number), Int64(text) == nil { return "\(whole)" }
      guard let number = Int64(text), number < 0 else { return text }
      switch type {
      case 12: return "\(UInt16(truncatingIfNeeded: number))"
      case 14: return "\(UInt32(truncatingIfNeeded: number))"
      case 16: return "\(UInt64(bitPattern: number))"
      default: return text
      }
    }
  }
}
