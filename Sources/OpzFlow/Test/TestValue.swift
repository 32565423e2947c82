import OpzJSON
import OpzModel

/// A value of a model's output, as opz test compares it: numbers in the output's own type, labels and integers exactly.
enum TestValue: Sendable {
  case float32(Float)
  case float64(Double)
  /// Nil is missing.
  case integer(Int64?)
  case text(String?)

  /// A cell of a table of expected values, for an output of a type; nil for a cell that is no such value.
  init?(cell: String, as element: ElementType) {
    switch element {
    // pandas leaves the cell of a missing number empty.
    case .float32:
      guard let number = cell.isEmpty ? .nan : Float(cell) else { return nil }
      self = .float32(number)
    case .float64:
      guard let number = cell.isEmpty ? .nan : Double(cell) else { return nil }
      self = .float64(number)
    case .integer:
      // pandas writes whole numbers as 1.0 where a column has missing ones.
      guard !cell.isEmpty else {
        self = .integer(nil)
        return
      }
      if let truth = TestValue.truth(cell) {
        self = .integer(truth ? 1 : 0)
        return
      }
      guard let number = Int64(cell) ?? Double(cell).flatMap({ Int64(exactly: $0) }) else { return nil }
      self = .integer(number)
    case .text: self = .text(cell.isEmpty ? nil : cell)
    }
  }

  /// A truth value as programs write it: pandas True, R TRUE, JSON true, others 1; nil for what is none.
  static func truth(_ cell: String) -> Bool? {
    switch cell.lowercased() {
    case "true", "1": true
    case "false", "0": false
    default: nil
    }
  }

  /// A value in a response of opz-server; nil for one that is not of the type.
  init?(json: JSONValue, as element: ElementType) {
    switch (element, json) {
    case (.float32, .null): self = .float32(.nan)
    case (.float32, .integer(let number)): self = .float32(Float(number))
    case (.float32, .number(let number)): self = .float32(Float(number))
    case (.float64, .null): self = .float64(.nan)
    case (.float64, .integer(let number)): self = .float64(Double(number))
    case (.float64, .number(let number)): self = .float64(number)
    case (.integer, .null): self = .integer(nil)
    case (.integer, .bool(let truth)): self = .integer(truth ? 1 : 0)
    case (.integer, .integer(let number)): self = .integer(number)
    case (.integer, .number(let number)):
      guard let whole = Int64(exactly: number) else { return nil }
      self = .integer(whole)
    case (.text, .null): self = .text(nil)
    case (.text, .string(let text)): self = .text(text)
    default: return nil
    }
  }

  /// The values of a scored output.
  static func all(of tensor: Tensor) -> [TestValue] {
    switch tensor.storage {
    case .float32(let values): values.map { .float32($0) }
    case .float64(let values) where tensor.type.element == .integer: values.map { .integer(Int64(exactly: $0)) }
    case .float64(let values): values.map { .float64($0) }
    case .texts(let values): values.map { .text($0) }
    }
  }

  /// The type of an output with a datatype of the protocol.
  static func element(of datatype: String) -> ElementType {
    switch datatype {
    case "FP32": .float32
    case "BYTES": .text
    case "INT64", "INT32", "INT16", "INT8", "UINT64", "UINT32", "UINT16", "UINT8", "BOOL": .integer
    default: .float64
    }
  }

  /// As people write it.
  var description: String {
    switch self {
    case .float32(let number): "\(number)"
    case .float64(let number): "\(number)"
    case .integer(let number): number.map { "\($0)" } ?? "nothing"
    case .text(let text): text.map { "\"\($0.prefix(80))\"" } ?? "nothing"
    }
  }
}

extension TestReport.Check {
  /// C libraries round exp and log differently, so numbers may differ by this much: relative to the expected value, or
  /// absolute below 1. Labels and integers may not.
  private static let usualTolerance = 1e-6

  /// Compares a value with the expected one, which is of the same type.
  mutating func compare(_ found: TestValue, _ expected: TestValue, at place: @autoclosure () -> String) {
    values += 1
    let (isSame, difference): (Bool, Double?) =
      switch (found, expected) {
      case (.float32(let one), .float32(let other)):
        (one.bitPattern == other.bitPattern || one.isNaN && other.isNaN, Double(one) - Double(other))
      case (.float64(let one), .float64(let other)):
        (one.bitPattern == other.bitPattern || one.isNaN && other.isNaN, one - other)
      case (.integer(let one), .integer(let other)): (one == other, nil)
      case (.text(let one), .text(let other)): (one == other, nil)
      default: (false, nil)
      }
    if isSame {
      identical += 1
      return
    }
    var isNear = false
    if let difference = difference.map(abs) {
      if difference.isFinite { largestDifference = max(largestDifference, difference) }
      isNear = tolerance == nil && difference <= Self.usualTolerance * max(1, expected.magnitude)
    }
    if let tolerance, let found = found.number, let expected = expected.number {
      isNear = tolerance.accepts(found, for: expected)
    }
    if !isNear { fail("\(place()): \(found.description) where \(expected.description) was expected") }
  }
}

extension TestValue {
  /// A number that may differ; nil for labels and counts.
  fileprivate var number: Double? {
    switch self {
    case .float32(let number): Double(number)
    case .float64(let number): number
    case .integer, .text: nil
    }
  }

  /// The absolute value of a number; 0 for others.
  fileprivate var magnitude: Double {
    switch self {
    case .float32(let number): Double(abs(number))
    case .float64(let number): abs(number)
    case .integer, .text: 0
    }
  }
}
