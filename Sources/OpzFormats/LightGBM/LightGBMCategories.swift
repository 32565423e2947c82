import OpzJSON
import OpzModel

/// Which columns are categorical, and the texts of their categories.
///
/// LightGBM itself knows codes. Its Python package replaces the categories of pandas columns by their indexes and
/// writes the categories at the end of the file, as one list for each such column (`_data_from_pandas` and
/// `_dump_pandas_categorical` in python-package/lightgbm/basic.py) - without the columns' names. Ordered columns are
/// among them, although they are numbers to LightGBM.
struct LightGBMCategories {
  let header: LightGBMHeader
  /// Columns that the trees split by category, or that the file's parameters name as categorical.
  let categorical: Set<Int>
  /// One list for each pandas column with categories, in the order of the columns; nil without pandas.
  let lists: [[String]]?

  /// More combinations of lists and columns are not tried.
  private static let trialLimit = 10_000_000

  /// The model's inputs, and what a user should know about them.
  func inputs() -> (inputs: [Model.Input], notes: [String]) {
    let isCategorical = header.values.enumerated().map { index, values in
      if case .categories = values { true } else { categorical.contains(index) }
    }
    let columns = isCategorical.indices.filter { isCategorical[$0] }
    let owners: [Int]? = lists.flatMap { places(of: $0, columns) }
    var notes: [String] = []
    if let lists, !lists.isEmpty, owners == nil {
      notes.append(
        "the file does not say which columns its \(lists.count) lists of categories belong to: give their codes")
    }
    let texts = Dictionary(zip(owners ?? [], lists ?? []), uniquingKeysWith: { one, _ in one })
    let inputs = header.names.enumerated().map { index, name in
      if let list = texts[index] {
        guard Set(list).count == list.count else {
          notes.append("two categories of \(name) have the same text: give their codes")
          return Model.Input(name: name, kind: .categorical([], unseen: .missing))
        }
        return Model.Input(name: name, kind: .categorical(list, unseen: .missing))
      }
      return Model.Input(
        name: name, kind: isCategorical[index] ? .categorical([], unseen: .missing) : .number(.float64))
    }
    return (inputs, notes)
  }

  // MARK: Places

  /// The column of each list; nil where that is not certain. With as many lists as categorical columns they belong
  /// together. Otherwise there are ordered columns (more lists) or columns that were named by the caller of LightGBM
  /// (fewer lists), and the values seen in training decide if only one way fits.
  private func places(of lists: [[String]], _ columns: [Int]) -> [Int]? {
    if lists.count == columns.count {
      return zip(columns, lists).allSatisfy { fits($0, $1.count) } ? columns : nil
    }
    let isForced = lists.count > columns.count
    let candidates = isForced ? Array(header.names.indices) : columns
    let forced = isForced ? Set(columns) : []
    return onlyWay(lists.map(\.count), candidates, forced: forced)
  }

  /// Whether the values of a column can be indexes of `count` categories.
  private func fits(_ column: Int, _ count: Int) -> Bool {
    switch header.values[column] {
    case .unused: true
    case .categories(let codes): codes.upperBound < count
    case .numbers(let range):
      range.lowerBound >= -1 && range.upperBound < Double(count) && range.lowerBound == range.lowerBound.rounded()
        && range.upperBound == range.upperBound.rounded()
    }
  }

  /// The only ascending choice of candidates that fits all lists and leaves out no forced one; nil if there is none,
  /// or more than one.
  private func onlyWay(_ counts: [Int], _ candidates: [Int], forced: Set<Int>) -> [Int]? {
    let (steps, overflow) = counts.count.multipliedReportingOverflow(by: candidates.count)
    guard counts.count <= candidates.count, !overflow, steps <= LightGBMCategories.trialLimit else { return nil }
    // ways[l]: in how many ways, at most 2, the lists from l on fit the candidates from the current one on.
    var ways = [UInt8](repeating: 0, count: counts.count + 1)
    ways[counts.count] = 1
    var table: [[UInt8]] = [ways]
    for column in candidates.reversed() {
      var next = [UInt8](repeating: 0, count: counts.count + 1)
      for list in 0...counts.count {
        var sum = forced.contains(column) ? 0 : ways[list]
        if list < counts.count, fits(column, counts[list]) { sum += ways[list + 1] }
        next[list] = min(sum, 2)
      }
      ways = next
      table.append(ways)
    }
    guard ways[0] == 1 else { return nil }
    var result: [Int] = []
    for (index, column) in candidates.enumerated() where result.count < counts.count {
      let list = result.count
      let isTaken = fits(column, counts[list]) && table[candidates.count - index - 1][list + 1] == 1
      if isTaken { result.append(column) }
    }
    return result
  }
}

extension LightGBMCategories {
  /// Reads `[["a", "b"], [1, 2], [false, true]]` or `null`. Numbers keep the text that the file has; truth values are
  /// `True` and `False`, as pandas writes them.
  static func parse(_ json: [UInt8]) throws -> [[String]]? {
    try JSONCursor.read(json, options: JSONOptions(nonFinite: .all, size: json.count)) { cursor in
      if cursor.take(word: "null") { return nil }
      var lists: [[String]] = []
      try cursor.array("the categories of all columns") { cursor in
        var list: [String] = []
        try cursor.array("the categories of a column") { cursor in list.append(try text(&cursor, json)) }
        lists.append(list)
      }
      return lists
    }
  }

  private static func text(_ cursor: inout JSONCursor, _ json: [UInt8]) throws -> String {
    if try cursor.peek() == UInt8(ascii: "\"") { return try cursor.string() }
    if cursor.take(word: "true") { return "True" }
    if cursor.take(word: "false") { return "False" }
    let start = cursor.position
    try cursor.skip()
    return String(decoding: json[start..<cursor.position], as: UTF8.self)
  }
}
