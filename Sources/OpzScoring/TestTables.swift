import COpzTrees
import OpzModel

/// The columns that are tested, and the tests of each part.
struct TestTables {
  /// A column's thresholds or categories.
  private struct Column {
    var index: Int
    /// Sorted, without NaN.
    var numbers: [Double] = []
    var categories: [Int] = []
  }

  private let comparison: Comparison
  private let sets: [TreeEnsemble.CategorySet]

  private(set) var columns: [opz_column] = []
  private(set) var planes = 0
  private(set) var questions: [opz_question] = []
  private(set) var views: [opz_view] = []
  private(set) var rankTests: [opz_rank_test] = []
  private(set) var cuts: [Double] = []
  private(set) var codeTests: [opz_code_test] = []
  private(set) var codeLists: [UInt16] = []
  private(set) var codeTables: [UInt16] = []

  private var known: [NodeTest.Subject: Column] = [:]

  /// - Parameter tests: all tests, sorted, without duplicates.
  init(_ tests: [NodeTest], _ comparison: Comparison, sets: [TreeEnsemble.CategorySet]) {
    self.comparison = comparison
    self.sets = sets
    forEachColumn(tests[...]) { tables, subject, tests in
      if subject.isCategory { tables.addCategories(subject, tests) } else { tables.addRanks(subject, tests) }
    }
    // Values are read column by column, whatever is asked of them.
    let unordered = columns
    let order = unordered.indices.sorted { (unordered[$0].column, $0) < (unordered[$1].column, $1) }
    var places = [Int](repeating: 0, count: columns.count)
    for (place, index) in order.enumerated() { places[index] = place }
    columns = order.map { columns[$0] }
    known = known.mapValues { column in
      var moved = column
      moved.index = places[column.index]
      return moved
    }
  }

  /// Adds the tests of a part, which get slots in their order.
  /// - Parameter tests: sorted, without duplicates.
  mutating func add(_ tests: [NodeTest], to part: inout opz_part) {
    part.question = UInt32(questions.count)
    part.tests = UInt32(tests.count)
    forEachColumn(tests[...]) { tables, subject, tests in
      guard let column = tables.known[subject] else { return }
      if subject.isCategory { tables.askCategories(column, tests) } else { tables.askRanks(column, tests) }
    }
    part.questions = UInt32(questions.count) - part.question
  }

  private mutating func forEachColumn(
    _ tests: ArraySlice<NodeTest>, _ body: (inout TestTables, NodeTest.Subject, ArraySlice<NodeTest>) -> Void
  ) {
    var rest = tests
    while let subject = rest.first?.subject {
      let end = rest.firstIndex { $0.subject != subject } ?? rest.endIndex
      body(&self, subject, rest[..<end])
      rest = rest[end...]
    }
  }

  // MARK: Numbers

  private mutating func addRanks(_ subject: NodeTest.Subject, _ tests: ArraySlice<NodeTest>) {
    let thresholds = thresholds(tests)
    let numbers = thresholds.filter { !$0.isNaN }
    let levels = Int.bitWidth - thresholds.count.leadingZeroBitCount
    var column = opz_column()
    column.column = subject.column
    column.plane = planes
    column.levels = UInt32(levels)
    column.cuts = cuts.count
    column.has_zeros = tests.contains { $0.missing == UInt8(OPZ_MISSING_ZERO) }
    appendHeap(thresholds, levels)
    planes += levels + 2
    known[subject] = Column(index: columns.count, numbers: numbers)
    columns.append(column)
  }

  private mutating func askRanks(_ column: Column, _ tests: ArraySlice<NodeTest>) {
    let numbers = column.numbers
    func rank(_ number: Double) -> UInt32 {
      var low = 0, high = numbers.count
      while low < high {
        let middle = (low + high) / 2
        if number.isNaN || numbers[middle] < number { low = middle + 1 } else { high = middle }
      }
      return UInt32(low + 1)
    }
    // A threshold that no value of this type equals has the rank that no value has.
    func threshold(_ test: NodeTest) -> Double {
      test.question == .unequal && comparison.roundedUp(test.number) != test.number ? .nan : test.number
    }
    var question = opz_question()
    question.column = UInt32(column.index)
    question.first = UInt32(views.count)
    let zero = numbers.count { $0 <= 0 }
    for test in tests {
      let (fill, kind) = TestTables.form(test)
      if views.count == Int(question.first) || views[views.count - 1].missing != test.missing
        || views[views.count - 1].fill != fill
      {
        var view = opz_view()
        view.missing = test.missing
        view.fill = fill
        view.zero = UInt32(zero)
        view.test = UInt32(rankTests.count)
        views.append(view)
      }
      views[views.count - 1].tests += 1
      rankTests.append(opz_rank_test(rank: rank(threshold(test)), kind: kind))
    }
    question.count = UInt32(views.count) - question.first
    questions.append(question)
  }

  /// The numbers that values are ranked among, in order. NaN is above all of them, where the missing may go.
  private func thresholds(_ tests: ArraySlice<NodeTest>) -> [Double] {
    var numbers: [Double] = []
    var above = 0
    for test in tests {
      if test.number.isNaN {
        above = max(above, 1)
        continue
      }
      guard test.question == .unequal else {
        numbers.append(test.number)
        continue
      }
      // Equal means: at least the threshold, and not at least the next number.
      let rounded = comparison.roundedUp(test.number)
      guard rounded == test.number else {
        above = 2
        continue
      }
      numbers.append(rounded)
      let next = comparison.above(rounded)
      if next.isNaN { above = max(above, 1) } else { numbers.append(next) }
    }
    numbers.sort()
    var unique: [Double] = []
    for number in numbers where unique.last != number { unique.append(number) }
    return unique + [Double](repeating: .nan, count: above)
  }

  /// How a test sees the missing, and how it asks for a rank.
  private static func form(_ test: NodeTest) -> (fill: UInt8, kind: UInt32) {
    let isNone = test.missing == UInt8(OPZ_MISSING_NONE)
    switch test.question {
    case .unequal:
      let kind = test.missingGoesLeft ? OPZ_TEST_NOT_EQUAL_MISSING_LEFT : OPZ_TEST_NOT_EQUAL
      return (UInt8(isNone ? OPZ_FILL_ZERO : OPZ_FILL_LEFT), UInt32(kind))
    case .atLeast, .member:
      let fill = isNone ? OPZ_FILL_ZERO : test.missingGoesLeft ? OPZ_FILL_LEFT : OPZ_FILL_RIGHT
      return (UInt8(fill), UInt32(OPZ_TEST_AT_LEAST))
    }
  }

  private mutating func appendHeap(_ sorted: [Double], _ levels: Int) {
    cuts.append(.nan)
    for level in 0..<levels {
      for place in 0..<(1 << level) {
        let index = (2 * place + 1) << (levels - 1 - level) - 1
        cuts.append(index < sorted.count ? sorted[index] : .nan)
      }
    }
  }

  // MARK: Categories

  private mutating func addCategories(_ subject: NodeTest.Subject, _ tests: ArraySlice<NodeTest>) {
    var union = CategoryUnion()
    for test in tests { union.add(sets[test.set], number: test.set) }
    let categories = union.categories
    var column = opz_column()
    column.column = subject.column
    column.plane = planes
    column.missing = subject.missing
    column.codes = UInt32(categories.count)
    column.table = codeTables.count
    column.table_size = UInt32((categories.last ?? -1) + 1)
    var table = [UInt16](repeating: 0, count: Int(column.table_size))
    for (index, category) in categories.enumerated() { table[category] = UInt16(index + 1) }
    codeTables += table
    planes += categories.count + 1
    known[subject] = Column(index: columns.count, categories: categories)
    columns.append(column)
  }

  private mutating func askCategories(_ column: Column, _ tests: ArraySlice<NodeTest>) {
    var question = opz_question()
    question.column = UInt32(column.index)
    question.first = UInt32(codeTests.count)
    question.count = UInt32(tests.count)
    questions.append(question)
    for test in tests {
      let set = sets[test.set]
      let members = column.categories.count { set.contains($0) }
      var entry = opz_code_test()
      entry.code = codeLists.count
      entry.inverted = members > column.categories.count / 2
      entry.missing_left = test.missingGoesLeft
      for (index, category) in column.categories.enumerated() where set.contains(category) != entry.inverted {
        codeLists.append(UInt16(index + 1))
      }
      entry.codes = UInt32(codeLists.count - entry.code)
      codeTests.append(entry)
    }
  }
}
