/// Rows of elements of one type, row by row.
public struct Tensor: Sendable {
  /// The elements; integers are stored as float64.
  public enum Storage: Sendable {
    case float32([Float])
    case float64([Double])
    case texts([String?])
  }

  public let type: ValueType
  public let rows: Int
  /// `rows` x `type.width` elements.
  public let storage: Storage

  /// Numbers, rounded to the type's precision.
  /// - Parameter values: `rows` x `type.width` numbers; integers are whole or NaN.
  init(_ type: ValueType, rows: Int, values: [Double]) {
    self.type = type
    self.rows = rows
    storage = type.element == .float32 ? .float32(values.map { Float($0) }) : .float64(values)
  }

  /// Elements in the type's own storage.
  public init(_ type: ValueType, rows: Int, storage: Storage) {
    self.type = type
    self.rows = rows
    self.storage = storage
  }

  /// All elements as numbers; none of texts.
  public var numbers: [Double] {
    switch storage {
    case .float32(let values): values.map { Double($0) }
    case .float64(let values): values
    case .texts: []
    }
  }

  /// All elements as float32, rounded; none of texts.
  public var floats: [Float] {
    switch storage {
    case .float32(let values): values
    case .float64(let values): values.map { Float($0) }
    case .texts: []
    }
  }

  /// All elements as texts; none of numbers.
  public var texts: [String?] { if case .texts(let values) = storage { values } else { [] } }
}

/// Rows of a model's inputs.
public struct Rows: Sendable {
  public let count: Int
  /// `count` x inputs, row by row: numbers, and codes of categories; NaN is missing. The elements of text inputs are
  /// not looked at.
  public let numbers: Tensor.Storage
  /// The texts of each text input, `count` in each, by the input's index.
  public let texts: [Int: [String?]]

  /// Joins the columns of some rows.
  public init(count: Int, numbers: Tensor.Storage, texts: [Int: [String?]] = [:]) {
    self.count = count
    self.numbers = numbers
    self.texts = texts
  }

  /// Rows of numbers in float32.
  public init(_ matrix: [Float], count: Int) { self.init(count: count, numbers: .float32(matrix)) }

  /// Whether there are as many elements as a model with `inputs` inputs needs.
  func fits(_ inputs: [Model.Input]) -> Bool {
    let (needed, overflow) = count.multipliedReportingOverflow(by: inputs.count)
    guard count >= 0, !overflow else { return false }
    for (index, input) in inputs.enumerated() where input.kind == .text {
      guard let column = texts[index], column.count == count else { return false }
    }
    switch numbers {
    case .float32(let values): return values.count == needed
    case .float64(let values): return values.count == needed
    case .texts: return false
    }
  }
}
