import OpzModel

/// Reads the encoders of categories (sklearn/preprocessing/_encoders.py).
enum SklearnEncoders {
  /// `OneHotEncoder.transform`: infrequent categories are grouped first, then the dropped one is left out.
  static func oneHot(_ node: SkopsNode) throws -> [CategoryTable] {
    let columns = try categories(node)
    let mappings = try optionalLists(node, "_default_to_infrequent_mappings", count: columns.count)
    let infrequent = try optionalLists(node, "_infrequent_indices", count: columns.count)
    let dropped = try dropped(node, columns.count)
    let unknown = node.text("handle_unknown") ?? "error"
    return try columns.enumerated().map { index, column in
      func place(_ category: Int) throws -> Double {
        guard let mapping = mappings[index] else { return Double(category) }
        guard mapping.indices.contains(category), (0..<column.count).contains(mapping[category]) else {
          throw node.damaged("its groups of infrequent categories do not fit")
        }
        return Double(mapping[category])
      }
      var values = try column.indices.map(place)
      var width = (values.max() ?? -1) + 1
      var otherwise: Double? = unknown == "error" ? nil : -1
      if unknown != "error", unknown != "ignore", let first = infrequent[index]?.first {
        otherwise = try place(first)
      }
      if let drop = dropped[index] {
        // -1 is no column: all of them are 0.
        func without(_ value: Double) -> Double { value == drop ? -1 : value > drop ? value - 1 : value }
        values = values.map(without)
        otherwise = otherwise.map(without)
        width -= 1
      }
      return table(column, values, otherwise: otherwise, oneHot: Int(width))
    }
  }

  /// `OrdinalEncoder.transform`: indexes; NaN becomes `encoded_missing_value`, which is NaN before 1.1.
  static func ordinal(_ node: SkopsNode) throws -> [CategoryTable] {
    let columns = try categories(node)
    let mappings = try optionalLists(node, "_default_to_infrequent_mappings", count: columns.count)
    let missing = try node.member("encoded_missing_value")?.scalar().number ?? .nan
    var otherwise: Double?
    if node.text("handle_unknown") == "use_encoded_value" { otherwise = try node.number("unknown_value") }
    return try columns.enumerated().map { index, column in
      let values = try column.indices.map { category -> Double in
        if case .number(let number) = column[category], number.isNaN { return missing }
        guard let mapping = mappings[index] else { return Double(category) }
        guard mapping.indices.contains(category) else {
          throw node.damaged("its groups of infrequent categories do not fit")
        }
        return Double(mapping[category])
      }
      return table(column, values, otherwise: otherwise, oneHot: nil)
    }
  }

  // MARK: Parts

  /// Categories may have None and NaN; a table has one missing cell, and NaN is what pandas reads it as.
  private static func table(
    _ column: [SkopsNode.Scalar], _ values: [Double], otherwise: Double?, oneHot: Int?
  ) -> CategoryTable {
    let isNaN = column.map { if case .number(let number) = $0 { number.isNaN } else { false } }
    let order = column.indices.filter { isNaN[$0] } + column.indices.filter { !isNaN[$0] }
    return CategoryTable(
      keys: order.map { Category(column[$0]) }, values: order.map { values[$0] }, otherwise: otherwise, oneHot: oneHot)
  }

  private static func categories(_ node: SkopsNode) throws -> [[SkopsNode.Scalar]] {
    let columns = try node.required("categories_").items().map { try $0.scalars() }
    guard columns.allSatisfy({ !$0.isEmpty && $0.count <= ModelBuilder.widthLimit }) else {
      throw node.damaged("a column has no categories")
    }
    return columns
  }

  /// A list with a list of whole numbers or None for each column; absent where no categories are grouped.
  private static func optionalLists(_ node: SkopsNode, _ key: String, count: Int) throws -> [[Int]?] {
    guard node.truth("_infrequent_enabled"), let lists = node.member(key), !lists.isNone else {
      return Array(repeating: nil, count: count)
    }
    let result = try lists.items().map { $0.isNone ? nil : try $0.integers() }
    guard result.count == count else { throw lists.damaged("\(result.count) lists for \(count) columns") }
    return result
  }

  /// The category that each column leaves out; nil for none.
  private static func dropped(_ node: SkopsNode, _ count: Int) throws -> [Double?] {
    guard let indexes = node.member("_drop_idx_after_grouping") ?? node.member("drop_idx_"), !indexes.isNone else {
      return Array(repeating: nil, count: count)
    }
    let result = try indexes.scalars().map(\.number)
    guard result.count == count else { throw indexes.damaged("\(result.count) indexes for \(count) columns") }
    return result
  }
}
