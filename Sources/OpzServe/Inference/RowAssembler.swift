/// Puts the inputs of a request into the model's matrix: one tensor a feature, or one matrix for all.
struct RowAssembler {
  /// XGBoost's categories are below 2^24.
  private static let codeLimit = 1 << 24

  let features: [FeatureSpec]
  private let positions: [String: Int]
  /// For each feature its categories' numbers; nil for a numeric one.
  private let codes: [[String: Float]?]

  init(_ features: [FeatureSpec]) {
    self.features = features
    positions = Dictionary(features.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    codes = features.map { feature in
      feature.categories.map { categories in
        Dictionary(categories.enumerated().map { ($1, Float($0)) }, uniquingKeysWith: { first, _ in first })
      }
    }
  }

  /// - Returns: row-major, rows x features; missing is NaN.
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
    return "give one of shape [rows, \(features.count)], or one a feature: \(names)\(more)"
  }

  private func matrix(of input: InputTensor) throws -> (matrix: [Float], rows: Int) {
    let place = "input '\(input.name.prefix(100))'"
    guard input.columns == features.count else {
      throw RequestFailure.bad("\(place) has \(input.columns) columns: \(wanted)")
    }
    guard case .numbers(let numbers) = input.values else {
      throw RequestFailure.bad("\(place) is a matrix of texts: give texts as one input a feature")
    }
    return (numbers, input.rows)
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

  /// For each feature the position of its input.
  private func match(_ inputs: [InputTensor]) throws -> [Int] {
    var found: [Int: Int] = [:]
    var unknown: [String] = []
    for (index, input) in inputs.enumerated() {
      guard let feature = positions[input.name] else {
        unknown.append(input.name)
        continue
      }
      guard found.updateValue(index, forKey: feature) == nil else {
        throw RequestFailure.bad("the input '\(input.name)' is there twice")
      }
      guard input.columns == 1 else {
        throw RequestFailure.bad("input '\(input.name)' has the shape \(input.shape): a feature's is [rows]")
      }
      guard input.rows == inputs[0].rows else {
        throw RequestFailure.bad(
          "input '\(input.name)' has \(input.rows) rows, '\(inputs[0].name)' has \(inputs[0].rows)")
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
    switch (input.values, codes[feature]) {
    case (.numbers(let numbers), nil):
      for (row, number) in numbers.enumerated() { matrix[row * columns + feature] = number }
    case (.numbers(let numbers), let codes?):
      for (row, number) in numbers.enumerated() where !number.isNaN {
        matrix[row * columns + feature] = try category(number, codes, feature, row)
      }
    case (.texts(let texts), let codes?):
      for (row, text) in texts.enumerated() {
        guard let text else { continue }
        guard let code = codes[text] else { throw unknownCategory(text, feature, row) }
        matrix[row * columns + feature] = code
      }
    case (.texts, nil):
      throw RequestFailure.bad("input '\(input.name)' is of BYTES: the feature is numeric")
    }
  }

  /// The code of a category that is a number: as a text where the model has texts, as itself where it has none. A text's
  /// position is no category of the client's, so it is not taken for one.
  private func category(_ number: Float, _ codes: [String: Float], _ feature: Int, _ row: Int) throws -> Float {
    let whole = Int(exactly: number)
    if codes.isEmpty, let whole, (0..<RowAssembler.codeLimit).contains(whole) { return number }
    if let whole, let code = codes[String(whole)] { return code }
    throw unknownCategory(whole.map(String.init) ?? number.description, feature, row)
  }

  private func unknownCategory(_ text: String, _ feature: Int, _ row: Int) -> RequestFailure {
    let categories = features[feature].categories ?? []
    let known = categories.isEmpty ? "numbers from 0" : list(categories)
    return RequestFailure.bad(
      "input '\(features[feature].name)', row \(row): the model does not know the category "
        + "'\(text.prefix(100))'; it knows: \(known)")
  }
}
