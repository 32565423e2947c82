import OpzModel

/// Assembles the inputs of a request into the model's matrix: one tensor per feature, or one matrix for all.
struct RowAssembler {
  let features: [FeatureSpec]
  private let positions: [String: Int]
  /// Whether no two features have the same name.
  private let isDistinct: Bool
  /// The categories of each feature; nil for a numeric one.
  let categories: [Categories?]
  /// Whether some feature needs more than float32, so that all numbers are kept in float64.
  let isDouble: Bool

  /// - Parameter marksUnseen: whether unseen categories that become missing values can be told from them.
  init(_ features: [FeatureSpec], marksUnseen: Bool = false) {
    self.features = features
    isDouble = features.contains { $0.element == .float64 || $0.element == .integer }
    positions = Dictionary(features.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    isDistinct = positions.count == features.count
    categories = features.map { feature in
      feature.categories.map { texts in
        let codes = Dictionary(texts.enumerated().map { ($1, Float($0)) }, uniquingKeysWith: { first, _ in first })
        return Categories(feature: feature, codes: codes, marksUnseen: marksUnseen)
      }
    }
  }

  /// The name of a feature; nil where there are not so many.
  func name(at index: Int) -> String? { index < features.count ? features[index].name : nil }

  /// Which feature has a name.
  /// - Parameter index: where it is, if inputs come in the features' order: then nothing is looked up.
  private func position(of name: String, at index: Int) -> Int? {
    if isDistinct, index < features.count, features[index].name == name { return index }
    return positions[name]
  }

  /// Whether an input is a feature that takes any text.
  func isText(_ name: String, shape: [Int], at index: Int) -> Bool {
    guard let position = position(of: name, at: index), shape.count < 2 || shape[1] == 1 else { return false }
    return features[position].element == .text
  }

  /// The categories of a text input, needed before its data is read.
  /// - Throws: `RequestFailure` for an input whose features are not categorical.
  func categories(of name: String, shape: [Int], at index: Int = 0) throws -> Categories {
    guard let position = position(of: name, at: index), shape.count < 2 || shape[1] == 1 else {
      throw shape.count == 2
        ? RequestFailure.bad(
          "input '\(name.prefix(100))' is a matrix of strings: send strings as one input per feature")
        : mismatch(unknown: [name], missing: [])
    }
    guard let categories = categories[position] else {
      throw RequestFailure(
        400, "input '\(name.prefix(100))' has the datatype BYTES, but the feature is numeric",
        violations: [ContractViolation(name, .type, as: .reject)])
    }
    return categories
  }

  /// - Returns: a column for each feature; NaN is missing.
  func rows(_ inputs: [InputTensor]) throws -> Rows {
    guard let first = inputs.first else { throw RequestFailure.bad("the request has no inputs: \(wanted)") }
    if inputs.count == 1, first.shape.count == 2, positions[first.name] == nil || features.count > 1 {
      return try rows(ofMatrix: first)
    }
    return try rows(byName: inputs)
  }

  private var wanted: String {
    let names = features.prefix(50).map(\.name).joined(separator: ", ")
    let more = features.count > 50 ? ", and \(features.count - 50) more" : ""
    return "send one of shape [rows, \(features.count)], or one per feature: \(names)\(more)"
  }

  private func rows(ofMatrix input: InputTensor) throws -> Rows {
    let subject = "input '\(input.name.prefix(100))'"
    guard input.columns == features.count else {
      throw RequestFailure.bad("\(subject) has \(input.columns) columns: \(wanted)")
    }
    if let text = features.first(where: { $0.element == .text && $0.isUsed }) {
      throw RequestFailure.bad(
        "\(subject) is a matrix, but the feature '\(text.name)' is a text: send one input per feature")
    }
    switch input.values {
    case .numbers(let values), .codes(let values): return Rows(values, count: input.rows)
    case .doubles(var values):
      for index in values.indices {
        values[index] = try rounded(values[index], index % features.count, row: index / features.count)
      }
      return Rows(count: input.rows, numbers: .float64(values))
    case .texts, .raw:
      throw RequestFailure.bad("\(subject) is a matrix of strings: send strings as one input per feature")
    }
  }

  private func rows(byName inputs: [InputTensor]) throws -> Rows {
    let order = try match(inputs)
    let rows = inputs[0].rows
    var texts: [Int: [String?]] = [:]
    for (feature, input) in zip(features.indices, order) where features[feature].element == .text {
      guard features[feature].isUsed else { continue }
      guard case .texts(let values) = inputs[input].values else {
        throw RequestFailure.bad("input '\(inputs[input].name)': the feature is a text, send the datatype BYTES")
      }
      texts[feature] = values
    }
    guard isDouble else {
      var matrix = [Float](repeating: .nan, count: rows * features.count)
      for (feature, input) in zip(features.indices, order) { try fill(&matrix, feature, input: inputs[input]) }
      return Rows(count: rows, numbers: .float32(matrix), texts: texts)
    }
    var matrix = [Double](repeating: .nan, count: rows * features.count)
    for (feature, input) in zip(features.indices, order) { try fill(&matrix, feature, input: inputs[input]) }
    return Rows(count: rows, numbers: .float64(matrix), texts: texts)
  }

  /// For each feature, the index of its input.
  private func match(_ inputs: [InputTensor]) throws -> [Int] {
    if isInOrder(inputs) { return Array(features.indices) }
    var found: [Int: Int] = [:]
    var unknown: [String] = []
    for (index, input) in inputs.enumerated() {
      guard let feature = positions[input.name] else {
        unknown.append(input.name)
        continue
      }
      guard found.updateValue(index, forKey: feature) == nil else {
        throw RequestFailure.bad("duplicate input '\(input.name)'")
      }
      guard input.columns == 1 else {
        throw RequestFailure.bad("input '\(input.name)' has the shape \(input.shape): the shape of a feature is [rows]")
      }
      guard input.rows == inputs[0].rows else {
        throw RequestFailure.bad(
          "input '\(input.name)' has \(input.rows) rows, but '\(inputs[0].name)' has \(inputs[0].rows)")
      }
    }
    let missing = features.indices.filter { found[$0] == nil }.map { features[$0].name }
    if !unknown.isEmpty || !missing.isEmpty { throw mismatch(unknown: unknown, missing: missing) }
    return features.indices.compactMap { found[$0] }
  }

  /// Whether there is a column for each feature, in their order.
  private func isInOrder(_ inputs: [InputTensor]) -> Bool {
    guard isDistinct, inputs.count == features.count else { return false }
    let rows = inputs[0].rows
    return features.indices.allSatisfy {
      inputs[$0].name == features[$0].name && inputs[$0].columns == 1 && inputs[$0].rows == rows
    }
  }

  private func mismatch(unknown: [String], missing: [String]) -> RequestFailure {
    var parts: [String] = []
    if !missing.isEmpty { parts.append("missing inputs: \(list(missing))") }
    if !unknown.isEmpty { parts.append("unknown inputs: \(list(unknown))") }
    return RequestFailure.bad(parts.joined(separator: "; "))
  }

  private func list(_ names: [String]) -> String {
    let shown = names.prefix(50).map { String($0.prefix(100)) }.joined(separator: ", ")
    return names.count > 50 ? "\(shown), and \(names.count - 50) more" : shown
  }

  private func fill<Number: BinaryFloatingPoint>(
    _ matrix: inout [Number], _ feature: Int, input: InputTensor
  ) throws {
    let columns = features.count
    switch (input.values, categories[feature]) {
    case (.numbers(let numbers), let categories?):
      for (row, number) in numbers.enumerated() where !number.isNaN {
        matrix[row * columns + feature] = Number(try categories.code(of: number, row: row))
      }
    case (.doubles(let numbers), let categories?):
      for (row, number) in numbers.enumerated() where !number.isNaN {
        matrix[row * columns + feature] = Number(try categories.code(of: Float(number), row: row))
      }
    case (.numbers(let numbers), nil), (.codes(let numbers), _):
      for (row, number) in numbers.enumerated() { matrix[row * columns + feature] = Number(number) }
    case (.doubles(let numbers), nil):
      for (row, number) in numbers.enumerated() {
        matrix[row * columns + feature] = Number(try rounded(number, feature, row: row))
      }
    case (.texts, _), (.raw, _): return
    }
  }

  /// A number in the type of its feature.
  private func rounded(_ number: Double, _ feature: Int, row: Int) throws -> Double {
    guard !number.isNaN else { return number }
    let subject = "input '\(features[feature].name)', row \(row)"
    switch features[feature].element {
    case .float32:
      let value = Float(number)
      guard value.isFinite else { throw RequestFailure.bad("\(subject): \(number) is too large for a 32-bit float") }
      return Double(value)
    case .integer:
      guard number == number.rounded(.towardZero) else {
        throw RequestFailure.bad("\(subject): \(number) is not a whole number")
      }
      return number
    case .float64, .text: return number
    }
  }
}
