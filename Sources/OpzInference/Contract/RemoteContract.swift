/// A contract in front of a model that runs elsewhere: checks the tensors of a request, which every protocol ends in.
struct RemoteContract: Sendable {
  /// The inputs as clients are told of them.
  let inputs: [TensorSpec]
  private let columns: [String: Contract.Column]
  /// The names of a matrix's columns.
  private let order: [String]
  /// Columns that have to be there.
  private let needed: [Contract.Column]

  /// - Parameter inputs: what the model announces; empty if it announces nothing.
  init(_ contract: Contract, _ inputs: [TensorSpec]) {
    let whole = contract.filled(from: Contract(of: inputs))
    columns = Dictionary(whole.columns.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    order = inputs.map(\.name)
    needed = whole.columns.filter { $0.missing?.value == false && $0.missing?.action != .flag }
    self.inputs = inputs.map { whole.narrowed($0) }
  }

  /// Checks tensors, and clips what is to be clipped.
  /// - Throws: `RequestFailure` for a value that is refused.
  func check(_ tensors: inout [RawTensor], _ report: inout ContractReport) throws {
    if tensors.count == 1, isMatrix(tensors[0]) {
      for (index, name) in order.enumerated() {
        guard let column = columns[name] else { continue }
        TensorCheck(column, tensors[0], of: index, in: order.count).run(&tensors[0], &report)
      }
      return try report.check()
    }
    var names: Set<String> = []
    for index in tensors.indices {
      names.insert(tensors[index].name)
      guard let column = columns[tensors[index].name] else { continue }
      TensorCheck(column, tensors[index], of: 0, in: 1).run(&tensors[index], &report)
    }
    for column in needed where !names.contains(column.name) {
      report.add(
        ContractViolation(column.name, .missing, as: column.action(.missing)), row: 0, "the request does not have it")
    }
    try report.check()
  }

  /// Whether one tensor has all columns, in the order of the model's inputs.
  private func isMatrix(_ tensor: RawTensor) -> Bool {
    tensor.shape.count == 2 && !order.isEmpty && tensor.shape[1] == order.count
      && (order.count > 1 || order[0] != tensor.name)
  }
}

/// One column of a tensor.
private struct TensorCheck {
  private let rules: NumberRules<Double>
  private let column: Contract.Column
  private let datatype: Datatype
  private let index: Int
  private let width: Int
  /// Elements of a row in this column: more than one in a tensor of several dimensions.
  private let perRow: Int

  /// - Parameters:
  ///   - index: of the column.
  ///   - width: columns of the tensor.
  init(_ column: Contract.Column, _ tensor: RawTensor, of index: Int, in width: Int) {
    self.column = column
    (self.index, self.width) = (index, width)
    perRow = width > 1 ? 1 : max(1, tensor.shape.dropFirst().reduce(1) { $0.times($1) })
    let datatype = tensor.datatype
    self.datatype = datatype
    rules = NumberRules(column) { datatype.rounded($0) }
  }

  func run(_ tensor: inout RawTensor, _ report: inout ContractReport) {
    var findings = ColumnFindings(column)
    defer { findings.report(to: &report) }
    guard isOfKind else {
      let count = tensor.count / max(1, width)
      guard count > 0 else { return }
      findings.add(.type, row: 0, count: count, column.text(.type, "the datatype \(datatype.rawValue)"))
      return
    }
    var absent = tensor.missing[...]
    guard let size = datatype.size else { return texts(tensor, absent: &absent, &findings) }
    let count = tensor.bytes.count / size
    for place in stride(from: index, to: count, by: width) {
      while let first = absent.first, first < place { absent.removeFirst() }
      let value = absent.first == place ? .nan : datatype.number(tensor.bytes, at: place &* size)
      guard let reason = rules.reason(value) else { continue }
      findings.add(reason, row: place / width / perRow, rules.text(reason, value))
      if column.action(reason) == .clip { datatype.write(clipped(reason), to: &tensor.bytes, at: place &* size) }
    }
  }

  /// The bound in place of a value beyond it; for whole numbers, the nearest whole one that is not beyond it.
  private func clipped(_ reason: ContractReason) -> Double {
    let bound = rules.clipped(reason)
    return datatype.isFloat ? bound : bound.rounded(reason == .min ? .up : .down)
  }

  private var isOfKind: Bool {
    switch column.kind?.value {
    case nil: true
    case .text: datatype == .bytes
    case .number, .integer, .boolean: datatype != .bytes
    }
  }

  /// Elements of BYTES, as the bytes of UTF-8.
  private func texts(_ tensor: RawTensor, absent: inout ArraySlice<Int>, _ findings: inout ColumnFindings) {
    let known = column.categories.map { rule in Set(rule.value.map { Array($0.utf8) }) }
    guard known != nil || column.missing?.value == false else { return }
    for (place, range) in RawElements.Starts(bytes: tensor.bytes, size: nil).enumerated() {
      guard place % width == index else { continue }
      while let first = absent.first, first < place { absent.removeFirst() }
      let row = place / width / perRow
      if absent.first == place {
        if column.missing?.value == false { findings.add(.missing, row: row, column.text(.missing, "")) }
      } else if let known, !known.contains(Array(tensor.bytes[range])) {
        findings.add(
          .category, row: row, column.text(.category, String(decoding: tensor.bytes[range], as: UTF8.self)))
      }
    }
  }
}
