import OpzModel

/// A contract in front of a model that is scored in this process: checks the rows of its matrix, in which every
/// protocol ends.
struct NativeContract: Sendable {
  private enum Rules: Sendable {
    case floats(NumberRules<Float>)
    case doubles(NumberRules<Double>)
    /// Which codes may be, nil for any, and their texts.
    case codes(Contract.Column, allowed: Set<Int>?, names: [String])
    case texts(Contract.Column, known: Set<String>?)
  }

  /// A feature's position, and its rules.
  private let columns: [(feature: Int, rules: Rules)]
  private let width: Int

  /// - Parameter categories: of each feature that is categorical.
  init(_ contract: Contract, _ features: [FeatureSpec], categories: [Categories?], isDouble: Bool) {
    let byName = Dictionary(contract.columns.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    width = features.count
    columns = features.enumerated().compactMap { index, feature in
      guard feature.isUsed, let column = byName[feature.name],
        let rules = NativeContract.rules(column, feature, categories: categories[index], isDouble: isDouble)
      else { return nil }
      return (index, rules)
    }
  }

  private static func rules(
    _ column: Contract.Column, _ feature: FeatureSpec, categories: Categories?, isDouble: Bool
  ) -> Rules? {
    if let categories {
      let allowed = column.categories.map { rule in Set(rule.value.compactMap { categories.known($0) }) }
      return .codes(column, allowed: allowed, names: feature.categories ?? [])
    }
    if feature.element == .text {
      return .texts(column, known: column.categories.map { Set($0.value) })
    }
    guard isDouble else {
      let rules = NumberRules<Float>(column)
      return rules.hasRules ? .floats(rules) : nil
    }
    // A float32 column of a matrix of float64 has float32's numbers.
    let rules = NumberRules<Double>(column) { feature.element == .float32 ? Double(Float($0)) : $0 }
    return rules.hasRules ? .doubles(rules) : nil
  }

  /// Checks rows, and clips what is to be clipped.
  /// - Throws: `RequestFailure` for a value that is refused.
  func check(_ rows: Rows, _ report: inout ContractReport) throws -> Rows {
    var numbers = rows.numbers
    for (feature, rules) in columns {
      switch rules {
      case .texts(let column, let known):
        NativeContract.check(rows.texts[feature] ?? [], column, known: known, report: &report)
      case .floats(let rules):
        guard case .float32(var values) = numbers else { continue }
        // The only reference, so that nothing is copied.
        numbers = .float32([])
        check(&values, feature, rules: rules, report: &report)
        numbers = .float32(values)
      case .doubles(let rules):
        guard case .float64(var values) = numbers else { continue }
        numbers = .float64([])
        check(&values, feature, rules: rules, report: &report)
        numbers = .float64(values)
      case .codes(let column, let allowed, let names):
        var codes = CodeFindings(column, allowed: allowed, names: names)
        check(codes: &numbers, feature, findings: &codes)
        codes.findings.report(to: &report)
      }
    }
    try report.check()
    return Rows(count: rows.count, numbers: numbers, texts: rows.texts)
  }

  private func check<Number: BinaryFloatingPoint>(
    _ values: inout [Number], _ feature: Int, rules: NumberRules<Number>, report: inout ContractReport
  ) {
    var findings = ColumnFindings(rules.column)
    var (place, row) = (feature, 0)
    while place < values.count {
      if let reason = rules.reason(values[place]) {
        findings.add(reason, row: row, rules.text(reason, values[place]))
        if rules.column.action(reason) == .clip { values[place] = rules.clipped(reason) }
      }
      place += width
      row += 1
    }
    findings.report(to: &report)
  }

  private func check(codes numbers: inout Tensor.Storage, _ feature: Int, findings codes: inout CodeFindings) {
    switch numbers {
    case .float32(var values):
      numbers = .float32([])
      for (row, place) in stride(from: feature, to: values.count, by: width).enumerated() {
        codes.note(Double(values[place]), isUnseen: Categories.isUnseen(values[place]), row: row)
        if values[place].isNaN { values[place] = .nan }
      }
      numbers = .float32(values)
    case .float64(var values):
      numbers = .float64([])
      for (row, place) in stride(from: feature, to: values.count, by: width).enumerated() {
        codes.note(values[place], isUnseen: Categories.isUnseen(values[place]), row: row)
        if values[place].isNaN { values[place] = .nan }
      }
      numbers = .float64(values)
    case .texts: break
    }
  }

  private static func check(
    _ texts: [String?], _ column: Contract.Column, known: Set<String>?, report: inout ContractReport
  ) {
    var findings = ColumnFindings(column)
    for (row, text) in texts.enumerated() {
      guard let text else {
        if column.missing?.value == false { findings.add(.missing, row: row, column.text(.missing, "")) }
        continue
      }
      if let known, !known.contains(text) { findings.add(.category, row: row, column.text(.category, text)) }
    }
    findings.report(to: &report)
  }
}

/// What is found among codes of categories: one that the model does not know is -1, or marked where the model takes it
/// for missing.
private struct CodeFindings {
  var findings: ColumnFindings
  private let allowed: Set<Int>?
  private let names: [String]

  init(_ column: Contract.Column, allowed: Set<Int>?, names: [String]) {
    findings = ColumnFindings(column)
    self.allowed = allowed
    self.names = names
  }

  mutating func note(_ code: Double, isUnseen: Bool, row: Int) {
    let column = findings.column
    if code.isNaN, !isUnseen {
      if column.missing?.value == false { findings.add(.missing, row: row, column.text(.missing, "")) }
      return
    }
    guard let allowed else { return }
    let whole = isUnseen ? nil : Int(exactly: code)
    if let whole, allowed.contains(whole) { return }
    let name = whole.map { names.indices.contains($0) ? names[$0] : $0 < 0 ? "what the model does not know" : "\($0)" }
    findings.add(.category, row: row, column.text(.category, name ?? "what the model does not know"))
  }
}
