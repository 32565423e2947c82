extension Contract {
  /// What the inputs that a model announces demand: ranges, categories, and values that may not be missing. A signature
  /// tells what the model was made for; that it fails beyond is for whoever writes the contract to say.
  package init(of inputs: [TensorSpec]) {
    columns = inputs.map { input in
      var column = Column(input.name)
      column.categories = input.categories.map { Rule($0, .flag, from: .signature) }
      if let range = input.range, input.categories == nil {
        if range.lowerBound.isFinite { column.least = Rule(range.lowerBound, .flag, from: .signature) }
        if range.upperBound.isFinite { column.most = Rule(range.upperBound, .flag, from: .signature) }
      }
      if !input.maybeMissing { column.missing = Rule(false, .flag, from: .signature) }
      return column
    }
  }

  /// An input as clients are told of it: without what is refused.
  package func narrowed(_ input: TensorSpec) -> TensorSpec {
    guard let column = columns.first(where: { $0.name == input.name }) else { return input }
    var input = input
    func refused(_ rule: Rule<Double>?) -> Double? { rule.flatMap { $0.action == .reject ? $0.value : nil } }
    let (least, most) = (refused(column.least), refused(column.most))
    if least != nil || most != nil, input.datatype != .bytes {
      let (low, high) = (
        least ?? input.range?.lowerBound ?? -.infinity, most ?? input.range?.upperBound ?? .infinity
      )
      if low <= high { input.range = low...high }
    }
    if let categories = column.categories, categories.action == .reject, input.datatype == .bytes {
      input.categories = categories.value
    }
    if column.missing?.value == false, column.missing?.action != .flag { input.maybeMissing = false }
    return input
  }
}
