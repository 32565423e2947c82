/// Assembles the inputs of a request into the model's matrix: one tensor per feature, or one matrix for all.
struct RowAssembler {
  let features: [FeatureSpec]
  private let positions: [String: Int]
  /// The categories of each feature; nil for a numeric one.
  private let categories: [Categories?]

  init(_ features: [FeatureSpec]) {
    self.features = features
    positions = Dictionary(features.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    categories = features.map { feature in
      feature.categories.map { texts in
        let codes = Dictionary(texts.enumerated().map { ($1, Float($0)) }, uniquingKeysWith: { first, _ in first })
        return Categories(feature: feature, codes: codes)
      }
    }
  }

  /// The categories of a text input, needed before its data is read.
  /// - Throws: `RequestFailure` for an input whose features are not categorical.
  func categories(of name: String, shape: [Int]) throws -> Categories {
    let subject = "input '\(name.prefix(100))'"
    guard let position = positions[name], shape.count < 2 || shape[1] == 1 else {
      throw shape.count == 2
        ? RequestFailure.bad("\(subject) is a matrix of strings: send strings as one input per feature")
        : mismatch(unknown: [name], missing: [])
    }
    guard let categories = categories[position] else {
      throw RequestFailure.bad("\(subject) has the datatype BYTES, but the feature is numeric")
    }
    return categories
  }

  /// - Returns: row-major, rows x features; NaN is missing.
  func matrix(_ inputs: [InputTensor]) throws -> (matrix: [Float], rows: Int) {
    guard let first = inputs.first else { throw RequestFailure.bad("the request has no inputs: \(wanted)") }
    if inputs.count == 1, first.shape.count == 2, positions[first.name] == nil || features.count > 1 {
      return try matrix(of: first)
    }
    return try matrix(byName: inputs)
  }

  private var wanted: String {
    let names = features.prefix(50).map(\.name).joined(separator: ", ")
    let more = features.count > 50 ? ", and \(features.count - 50) more" : ""
    return "send one of shape [rows, \(features.count)], or one per feature: \(names)\(more)"
  }

  private func matrix(of input: InputTensor) throws -> (matrix: [Float], rows: Int) {
    let subject = "input '\(input.name.prefix(100))'"
    guard input.columns == features.count else {
      throw RequestFailure.bad("\(subject) has \(input.columns) columns: \(wanted)")
    }
    switch input.values {
    case .numbers(let values), .codes(let values): return (values, input.rows)
    }
  }

  private func matrix(byName inputs: [InputTensor]) throws -> (matrix: [Float], rows: Int) {
    let order = try match(inputs)
    let rows = inputs[0].rows
    var matrix = [Float](repeating: .nan, count: rows * features.count)
    for (feature, input) in zip(features.indices, order) {
      try fill(&matrix, feature, inputs[input])
    }
    return (matrix, rows)
  }

  /// For each feature, the index of its input.
  private func match(_ inputs: [InputTensor]) throws -> [Int] {
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

  private func fill(_ matrix: inout [Float], _ feature: Int, _ input: InputTensor) throws {
    let columns = features.count
    switch (input.values, categories[feature]) {
    case (.numbers(let numbers), let categories?):
      for (row, number) in numbers.enumerated() where !number.isNaN {
        matrix[row * columns + feature] = try categories.code(of: number, row: row)
      }
    case (.numbers(let numbers), nil), (.codes(let numbers), _):
      for (row, number) in numbers.enumerated() { matrix[row * columns + feature] = number }
    }
  }
}
