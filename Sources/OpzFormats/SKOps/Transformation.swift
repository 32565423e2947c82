import OpzModel

/// What fitted transformers do with columns, in the words of this reader and without a graph: the categories decide
/// what the model's inputs are, so that all of it is read first.
indirect enum Transformation {
  case none
  case sequence([Transformation])
  /// Side by side: each of these columns.
  case branches([(transformation: Transformation, columns: [Int])])
  /// The columns with these indexes.
  case select([Int])
  /// One after the other, with a number for each column.
  case arithmetic([(operation: Operation.Arithmetic, numbers: [Double])])
  /// The greatest whole numbers that are not above.
  case floor
  /// Without what follows the point.
  case truncate
  case impute(Imputation)
  /// 1 where a column is missing, for the columns with these indexes.
  case isMissing([Int], missing: Category)
  /// A table for each column.
  case encode([CategoryTable])
}

/// A value that a column of categories has.
enum Category: Hashable {
  case number(Double)
  case text(String)
  case missing

  /// A value of Python: None and NaN are missing.
  init(_ scalar: SkopsNode.Scalar) {
    switch scalar {
    case .none: self = .missing
    case .text(let text): self = .text(text)
    default: self = scalar.number.map { $0.isNaN ? .missing : .number($0) } ?? .missing
    }
  }
}

/// What a `SimpleImputer` does.
struct Imputation {
  /// The columns that are kept, by index.
  let columns: [Int]
  /// What replaces the missing in each of them.
  let fills: [Category]
  /// What counts as missing.
  let missing: Category
  /// The columns whose indicators are appended.
  let indicators: [Int]
}

/// What an encoder makes of one column.
struct CategoryTable {
  let keys: [Category]
  /// A number for each key.
  let values: [Double]
  /// What another value becomes; nil refuses the row.
  let otherwise: Double?
  /// Number i becomes a 1 in column i of so many, and another number only zeros; nil where the number itself counts.
  let oneHot: Int?
}

/// What is known about the model's inputs after all transformers were read.
struct SklearnInputs {
  /// The texts of each input with texts, in the order in which they were found.
  private(set) var texts: [Int: [String]] = [:]
  private var known: [Int: Set<String>] = [:]
  /// Inputs for which some encoder accepts any text.
  private var open: Set<Int> = []
  /// Inputs that something reads.
  private(set) var used: Set<Int> = []

  /// Follows `count` inputs through a transformation.
  init(count: Int, _ transformation: Transformation) {
    let last = follow(transformation, (0..<count).map { $0 })
    used.formUnion(last.compactMap { $0 })
  }

  /// What becomes of a text that is not in an input's list.
  func unseen(_ input: Int) -> Model.Unseen { open.contains(input) ? .code : .refused }

  /// The inputs that columns still are after a transformation; nil for columns that were computed.
  private mutating func follow(_ transformation: Transformation, _ columns: [Int?]) -> [Int?] {
    func pick(_ indexes: [Int]) -> [Int?] { indexes.map { columns.indices.contains($0) ? columns[$0] : nil } }
    switch transformation {
    case .none: return columns
    case .sequence(let steps): return steps.reduce(columns) { follow($1, $0) }
    case .branches(let branches): return branches.flatMap { follow($0.transformation, pick($0.columns)) }
    case .select(let indexes): return pick(indexes)
    case .arithmetic, .floor, .truncate:
      used.formUnion(columns.compactMap { $0 })
      return columns.map { _ in nil }
    case .isMissing(let indexes, let missing):
      for input in pick(indexes) { note(missing, input) }
      return indexes.map { _ in nil }
    case .impute(let imputation):
      for (input, fill) in zip(pick(imputation.columns), imputation.fills) {
        note(fill, input)
        note(imputation.missing, input)
      }
      return pick(imputation.columns) + imputation.indicators.map { _ in nil }
    case .encode(let tables):
      for (input, table) in zip(columns, tables) {
        for key in table.keys { note(key, input) }
        if table.otherwise != nil, let input { open.insert(input) }
      }
      return tables.flatMap { [Int?](repeating: nil, count: $0.oneHot ?? 1) }
    }
  }

  private mutating func note(_ category: Category, _ input: Int?) {
    guard let input else { return }
    used.insert(input)
    guard case .text(let text) = category, known[input, default: []].insert(text).inserted else { return }
    texts[input, default: []].append(text)
  }
}
