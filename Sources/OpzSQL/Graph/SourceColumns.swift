import OpzModel

/// The first stage: the table's columns as the model's inputs.
struct SourceColumns {
  private(set) var stages: Stages
  private(set) var inputs: [Int: SQLExpression] = [:]
  /// float32 inputs as float64 numbers.
  private(set) var unrounded: Set<SQLExpression> = []
  /// Columns that are 1 where a category is not known and the model refuses the row.
  private(set) var refusals: [SQLExpression] = []

  /// - Parameter columns: the table's column of each input, and the keys.
  init(_ model: Model, _ dialect: SQLDialect, columns: [Int: String], keys: [String]) {
    let names = columns.values.map { $0.lowercased() } + keys.map { $0.lowercased() }
    stages = Stages(taken: Set(names))
    for index in model.usedInputs.sorted() {
      add(index, model.inputs[index], column: .column(columns[index] ?? model.inputs[index].name))
    }
  }

  private mutating func add(_ index: Int, _ input: Model.Input, column: SQLExpression) {
    let name = stages.freshName()
    switch input.kind {
    case .text: inputs[index] = stages.addInput(name, column)
    case .number(let element):
      let made = stages.addInput(name, .withoutNaN(.cast(column, .float64)))
      inputs[index] = made
      if element == .float32 { unrounded.insert(made) }
    case .categorical(let texts, let unseen):
      guard !texts.isEmpty else {
        inputs[index] = stages.addInput(name, .withoutNaN(.cast(column, .float64)))
        return
      }
      let text = SQLExpression.bytes(column)
      let cases = texts.enumerated().map { SQLCase(.equal(text, .text($1)), .number(Double($0))) }
      switch unseen {
      case .missing: inputs[index] = stages.addInput(name, .cases(cases, otherwise: .null))
      case .code:
        let missing = SQLCase(.isNull(column), .null)
        inputs[index] = stages.addInput(name, .cases([missing] + cases, otherwise: .number(-1)))
      case .refused:
        inputs[index] = stages.addInput(name, .cases(cases, otherwise: .null))
        let known = SQLCase(.any([.isNull(column), .isOne(of: texts.map { .text($0) }, text)]), .number(0))
        refusals.append(stages.addInput(stages.freshName(), .cases([known], otherwise: .number(1))))
      }
    }
  }
}
