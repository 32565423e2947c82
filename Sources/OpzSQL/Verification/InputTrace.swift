import OpzModel

/// How a column that trees look at follows from one input, so that a value of the input can be chosen for a test.
struct InputTrace {
  /// A step from the input to the column.
  enum Step {
    case add(Double)
    case multiply(Double)
  }

  /// What the input's value becomes.
  enum Course {
    /// The number, after these steps.
    case number([Step])
    /// The number that stands beside a value.
    case choices([(cell: LookUp.Entry, value: Double)])
    /// A text, before a table makes a number of it.
    case text
  }

  /// The input's index.
  let input: Int
  let course: Course

  /// What a value of the input becomes; NaN for a missing one and for one that is no choice.
  func value(of cell: LookUp.Entry?) -> Double {
    switch (course, cell) {
    case (.number(let steps), .number(let number)):
      steps.reduce(number) { value, step in
        switch step {
        case .add(let term): value + term
        case .multiply(let factor): value * factor
        }
      }
    case (.choices(let choices), let cell?): choices.first { $0.cell == cell }?.value ?? .nan
    default: .nan
    }
  }

  /// The number of the input that becomes a number, as nearly as float64 has it.
  func number(for value: Double) -> Double {
    guard case .number(let steps) = course else { return .nan }
    return steps.reversed().reduce(value) { value, step in
      switch step {
      case .add(let term): value - term
      case .multiply(let factor): value / factor
      }
    }
  }

  /// Whether the column is the input itself.
  var isDirect: Bool { if case .number(let steps) = course { steps.isEmpty } else { false } }

  private func with(_ course: Course) -> InputTrace { InputTrace(input: input, course: course) }

  private func after(_ step: Step) -> InputTrace? {
    switch course {
    case .number(let steps): with(.number(steps + [step]))
    case .choices(let choices):
      with(
        .choices(
          choices.map { choice in
            switch step {
            case .add(let term): (choice.cell, choice.value + term)
            case .multiply(let factor): (choice.cell, choice.value * factor)
            }
          }))
    case .text: nil
    }
  }

  // MARK: All columns of a model

  /// The traces of each node's columns; nil for a column of several inputs, and for functions that are not followed.
  static func all(of model: Model) -> [[InputTrace?]] {
    var traces: [[InputTrace?]] = []
    for node in model.nodes {
      let operands = node.operands.map { traces[$0] }
      traces.append(columns(node, operands, model: model))
    }
    return traces
  }

  private static func columns(_ node: Model.Node, _ operands: [[InputTrace?]], model: Model) -> [InputTrace?] {
    let unknown = [InputTrace?](repeating: nil, count: node.type.width)
    let first = operands.first ?? []
    switch node.operation {
    case .inputs(let indexes): return indexes.map { input(at: $0, model.inputs[$0]) }
    case .select(let columns): return columns.map { first[$0] }
    case .concatenate: return operands.flatMap(\.self)
    case .cast where node.type.element == .integer || node.type.element == .text: return unknown
    case .cast, .impute: return first
    case .lookUp(let table): return first.map { $0?.lookedUp(in: table) }
    case .pick(let rows): return unknown.indices.map { first.first??.picked(rows, column: $0) }
    case .arithmetic(let operation): return arithmetic(operation, node, operands: operands, model: model)
    default: return unknown
    }
  }

  private static func input(at index: Int, _ input: Model.Input) -> InputTrace {
    switch input.kind {
    case .number: return InputTrace(input: index, course: .number([]))
    case .text: return InputTrace(input: index, course: .text)
    case .categorical(let texts, let unseen):
      guard !texts.isEmpty else { return InputTrace(input: index, course: .number([])) }
      var choices = texts.prefix(mostChoices).enumerated().map { (LookUp.Entry.text($1), Double($0)) }
      if unseen == .code { choices.append((.text(BoundaryRows.unseen(texts)), -1)) }
      return InputTrace(input: index, course: .choices(choices))
    }
  }

  /// The most values that are tried. Models have tables of any size, and many columns that stand on them.
  private static let mostChoices = 1024

  private func lookedUp(in table: LookUp) -> InputTrace? {
    var known: [LookUp.Entry: Double] = [:]
    for (key, value) in zip(table.keys, table.values).prefix(InputTrace.mostChoices) where known[key] == nil {
      guard case .number(let number) = value else { return nil }
      known[key] = number
    }
    let keys = table.keys.prefix(InputTrace.mostChoices)
    switch course {
    case .text: return with(.choices(keys.compactMap { key in known[key].map { (key, $0) } }))
    case .number(let steps):
      guard steps.isEmpty else { return nil }
      return with(.choices(keys.compactMap { key in known[key].map { (key, $0) } }))
    case .choices(let choices):
      return with(.choices(choices.compactMap { choice in known[.number(choice.value)].map { (choice.cell, $0) } }))
    }
  }

  private func picked(_ rows: [[Double]], column: Int) -> InputTrace? {
    func number(_ value: Double) -> Double {
      Int(exactly: value).flatMap { rows.indices.contains($0) ? rows[$0][column] : nil } ?? 0
    }
    switch course {
    case .text: return nil
    case .choices(let choices): return with(.choices(few(choices.map { ($0.cell, number($0.value)) })))
    case .number(let steps):
      guard steps.isEmpty else { return nil }
      return with(.choices(few(rows.indices.map { (.number(Double($0)), rows[$0][column]) })))
    }
  }

  /// Of a column of mostly zeros, some values for zero and for other numbers: there may be as many columns as values.
  private func few(_ choices: [(cell: LookUp.Entry, value: Double)]) -> [(cell: LookUp.Entry, value: Double)] {
    Array(choices.filter { $0.value != 0 }.prefix(16)) + choices.filter { $0.value == 0 }.prefix(16)
  }

  /// With a constant on one side.
  private static func arithmetic(
    _ operation: Operation.Arithmetic, _ node: Model.Node, operands: [[InputTrace?]], model: Model
  ) -> [InputTrace?] {
    let unknown = [InputTrace?](repeating: nil, count: node.type.width)
    guard operands.count == 2 else { return unknown }
    let constants = node.operands.map { index -> [Double]? in
      if case .constant(let numbers) = model.nodes[index].operation { numbers } else { nil }
    }
    func at<Element>(_ list: [Element], _ index: Int) -> Element { list[list.count == 1 ? 0 : index] }
    return unknown.indices.map { index in
      if let right = constants[1], let trace = at(operands[0], index) {
        let number = at(right, index)
        switch operation {
        case .add: return trace.after(.add(number))
        case .subtract: return trace.after(.add(-number))
        case .multiply where number != 0: return trace.after(.multiply(number))
        case .divide where number != 0: return trace.after(.multiply(1 / number))
        default: return nil
        }
      }
      if let left = constants[0], let trace = at(operands[1], index) {
        let number = at(left, index)
        switch operation {
        case .add: return trace.after(.add(number))
        case .subtract: return trace.after(.multiply(-1))?.after(.add(number))
        case .multiply where number != 0: return trace.after(.multiply(number))
        default: return nil
        }
      }
      return nil
    }
  }
}
