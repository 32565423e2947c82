/// The values of a model's nodes for some rows, computed when they are first asked for.
///
/// `ModelBuilder` has checked operands, types and widths: nothing is checked here again.
struct Evaluation {
  let model: Model
  let rows: Rows
  let trees: [Int: any TreeScoring]
  /// The reason by the row's index.
  private(set) var refused: [Int: String] = [:]
  /// By the node's index.
  private var values: [Tensor?]

  init(model: Model, rows: Rows, trees: [Int: any TreeScoring]) {
    self.model = model
    self.rows = rows
    self.trees = trees
    values = Array(repeating: nil, count: model.nodes.count)
  }

  /// The value of a node. Operands come before their node, so a walk upwards in order needs no recursion.
  mutating func value(_ node: Int) -> Tensor {
    for needed in needs(of: node) where values[needed] == nil { values[needed] = compute(needed) }
    return values[node] ?? Tensor(model.nodes[node].type, rows: rows.count, values: [])
  }

  /// A node and all that it depends on, ascending.
  private func needs(of node: Int) -> [Int] {
    var isNeeded = [Bool](repeating: false, count: node + 1)
    isNeeded[node] = true
    for index in stride(from: node, through: 0, by: -1) where isNeeded[index] {
      for operand in model.nodes[index].operands { isNeeded[operand] = true }
    }
    return isNeeded.indices.filter { isNeeded[$0] }
  }

  private mutating func compute(_ index: Int) -> Tensor {
    let node = model.nodes[index]
    let operands = node.operands.compactMap { values[$0] }
    let type = node.type
    func made(_ numbers: [Double]) -> Tensor { Tensor(type, rows: rows.count, values: numbers) }

    switch node.operation {
    case .inputs(let columns): return inputs(columns, type)
    case .constant(let row): return made((0..<rows.count).flatMap { _ in row })
    case .cast:
      let numbers = operands[0].numbers
      return made(type.element == .integer ? numbers.map { $0.rounded(.towardZero) } : numbers)
    case .select(let columns): return select(operands[0], columns, type: type)
    case .concatenate: return concatenate(operands, type)
    case .impute(let row):
      return made(operands[0].numbers.enumerated().map { $1.isNaN ? row[$0 % row.count] : $1 })
    case .isMissing: return made(operands[0].numbers.map { $0.isNaN ? 1 : 0 })
    case .function(let function):
      return made(operands[0].numbers.map { Elementwise.function(function, $0, element: operands[0].type.element) })
    case .arithmetic(let operation):
      return made(pairs(operands) { Elementwise.arithmetic(operation, $0, with: $1, element: type.element) })
    case .compare(let comparison):
      return made(pairs(operands) { Elementwise.compare(comparison, $0, with: $1) ? 1 : 0 })
    case .choose: return choose(operands, type)
    case .lookUp(let table): return lookUp(operands[0], table, type: type)
    case .pick(let table):
      return made(
        operands[0].numbers.flatMap { code in
          Int(exactly: code).flatMap { table.indices.contains($0) ? table[$0] : nil }
            ?? Array(repeating: 0, count: type.width)
        })
    case .reduce(let reduction):
      return made(perRow(operands[0]) { RowFunctions.reduce(reduction, $0, element: type.element) })
    case .weightedMedian(let weights): return made(perRow(operands[0]) { [RowFunctions.median($0, weights)] })
    case .normalize(let norm):
      return made(perRow(operands[0]) { RowFunctions.normalize(norm, $0, element: type.element) })
    case .matrixProduct(let weights):
      return made(perRow(operands[0]) { RowFunctions.product($0, weights, type: type) })
    case .argMax: return made(perRow(operands[0]) { [Double(RowFunctions.argMax($0))] })
    case .argMin: return made(perRow(operands[0]) { [Double(RowFunctions.argMax($0.map { -$0 }))] })
    case .trees(let ensemble):
      let scorer = trees[index] ?? PlainTrees(ensemble)
      return Tensor(type, rows: rows.count, storage: scorer.sums(operands[0].storage, rows: rows.count))
    case .link(let link):
      return Tensor(type, rows: rows.count, storage: link.apply(operands[0].storage, width: type.width))
    }
  }

  // MARK: Columns

  private func inputs(_ columns: [Int], _ type: ValueType) -> Tensor {
    if type.element == .text {
      let texts = columns.map { rows.texts[$0] ?? [] }
      return Tensor(type, rows: rows.count, storage: .texts((0..<rows.count).flatMap { row in texts.map { $0[row] } }))
    }
    let width = model.inputs.count
    let all = Tensor(ValueType(type.element, width: width), rows: rows.count, storage: rows.numbers)
    let isWhole = columns.count == width && columns.enumerated().allSatisfy { $0 == $1 }
    if type.element == .float32 {
      let floats = all.floats
      return Tensor(type, rows: rows.count, storage: .float32(isWhole ? floats : pick(floats, columns, width: width)))
    }
    let numbers = all.numbers
    return Tensor(type, rows: rows.count, storage: .float64(isWhole ? numbers : pick(numbers, columns, width: width)))
  }

  private func pick<Element>(_ elements: [Element], _ columns: [Int], width: Int) -> [Element] {
    (0..<rows.count).flatMap { row in columns.map { elements[row * width + $0] } }
  }

  private func select(_ operand: Tensor, _ columns: [Int], type: ValueType) -> Tensor {
    let width = operand.type.width
    return switch operand.storage {
    case .float32(let values): Tensor(type, rows: rows.count, storage: .float32(pick(values, columns, width: width)))
    case .float64(let values): Tensor(type, rows: rows.count, storage: .float64(pick(values, columns, width: width)))
    case .texts(let values): Tensor(type, rows: rows.count, storage: .texts(pick(values, columns, width: width)))
    }
  }

  private func concatenate(_ operands: [Tensor], _ type: ValueType) -> Tensor {
    if type.element == .text {
      let texts = operands.map(\.texts)
      return Tensor(type, rows: rows.count, storage: .texts(sideBySide(texts, operands)))
    }
    return Tensor(type, rows: rows.count, values: sideBySide(operands.map(\.numbers), operands))
  }

  private func sideBySide<Element>(_ parts: [[Element]], _ operands: [Tensor]) -> [Element] {
    (0..<rows.count).flatMap { row in
      zip(parts, operands).flatMap { part, operand in
        part[(row * operand.type.width)..<((row + 1) * operand.type.width)]
      }
    }
  }

  // MARK: Elements

  /// Element by element; an operand of width 1 counts for all columns.
  private func pairs(_ operands: [Tensor], _ combine: (Double, Double) -> Double) -> [Double] {
    let width = max(operands[0].type.width, operands[1].type.width)
    let (first, second) = (operands[0].numbers, operands[1].numbers)
    let (isFirstNarrow, isSecondNarrow) = (operands[0].type.width < width, operands[1].type.width < width)
    return (0..<(rows.count * width)).map { index in
      combine(first[isFirstNarrow ? index / width : index], second[isSecondNarrow ? index / width : index])
    }
  }

  private func choose(_ operands: [Tensor], _ type: ValueType) -> Tensor {
    func at(_ index: Int, _ operand: Tensor) -> Int { operand.type.width == type.width ? index : index / type.width }
    let condition = operands[0].numbers
    let indices = 0..<(rows.count * type.width)
    func chosen<Element>(_ first: [Element], _ second: [Element]) -> [Element] {
      indices.map { index in
        condition[at(index, operands[0])] != 0 ? first[at(index, operands[1])] : second[at(index, operands[2])]
      }
    }
    guard type.element == .text else {
      return Tensor(type, rows: rows.count, values: chosen(operands[1].numbers, operands[2].numbers))
    }
    return Tensor(type, rows: rows.count, storage: .texts(chosen(operands[1].texts, operands[2].texts)))
  }

  private mutating func lookUp(_ operand: Tensor, _ table: LookUp, type: ValueType) -> Tensor {
    let finder = LookUpTable(table)
    var entries: [LookUp.Entry?] = []
    entries.reserveCapacity(rows.count * type.width)
    if operand.type.element == .text {
      for text in operand.texts { entries.append(finder.find(text)) }
    } else {
      for number in operand.numbers { entries.append(finder.find(number)) }
    }
    for (index, entry) in entries.enumerated() where entry == nil {
      let what = operand.type.element == .text ? "\"\(operand.texts[index] ?? "")\"" : "\(operand.numbers[index])"
      let reason = "\(what.prefix(60)) is a category that the model does not have"
      refused[index / type.width] = refused[index / type.width] ?? reason
    }
    if type.element == .text {
      return Tensor(type, rows: rows.count, storage: .texts(entries.map { $0?.text }))
    }
    return Tensor(type, rows: rows.count, values: entries.map { $0?.number ?? .nan })
  }

  private func perRow(_ operand: Tensor, _ compute: (ArraySlice<Double>) -> [Double]) -> [Double] {
    let numbers = operand.numbers
    let width = operand.type.width
    return (0..<rows.count).flatMap { compute(numbers[($0 * width)..<(($0 + 1) * width)]) }
  }
}

/// A look-up with its keys hashed.
private struct LookUpTable {
  private let table: LookUp
  private var numbers: [Double: Int] = [:]
  private var texts: [String: Int] = [:]
  private var ofNaN: Int?

  init(_ table: LookUp) {
    self.table = table
    for (index, key) in table.keys.enumerated().reversed() {
      switch key {
      case .number(let number) where number.isNaN: ofNaN = index
      case .number(let number): numbers[number] = index
      case .text(let text): texts[text] = index
      }
    }
  }

  func find(_ number: Double) -> LookUp.Entry? {
    (number.isNaN ? ofNaN : numbers[number]).map { table.values[$0] } ?? table.otherwise
  }

  func find(_ text: String?) -> LookUp.Entry? {
    guard let text else { return table.missing ?? table.otherwise }
    return texts[text].map { table.values[$0] } ?? table.otherwise
  }
}

extension LookUp.Entry {
  fileprivate var text: String? { if case .text(let text) = self { text } else { nil } }
  fileprivate var number: Double? { if case .number(let number) = self { number } else { nil } }
}
