/// The rows of a piece of a table.
struct ParsedRows {
  /// Bytes of the piece.
  struct Span {
    var start = 0
    var end = 0
  }

  /// A field that does not fit.
  struct Failed: Error {
    /// The index of the field.
    let step: Int
    /// Nil if it is the record that does not fit.
    let problem: CellProblem?
  }

  /// A bad row.
  struct Problem {
    /// Where the record begins in the piece.
    let start: Int
    let reason: String
    /// The name of the input.
    let column: String?
    let hint: String?
  }

  let chunk: RecordReader.Chunk
  /// Rows x inputs.
  var numbers = Tensor.Storage.float32([])
  /// Where each row's record begins.
  var starts: [Int] = []
  /// Rows x kept columns: the fields as they are written.
  var kept: [Span] = []
  /// The text inputs, and the texts of each.
  let textInputs: [Int]
  var texts: [[String?]]
  /// In the order of the rows.
  var problems: [Problem] = []

  init(chunk: RecordReader.Chunk, texts: [Int]) {
    self.chunk = chunk
    textInputs = texts
    self.texts = texts.map { _ in [] }
  }

  /// The number of rows.
  var count: Int { starts.count }

  var rows: Rows {
    Rows(
      count: count, numbers: numbers,
      texts: Dictionary(zip(textInputs, texts), uniquingKeysWith: { one, _ in one }))
  }

  /// Forgets what was stored for the row that follows the last one.
  mutating func dropUnfinishedRow(_ keptColumns: Int) {
    kept.removeLast(kept.count - count * keptColumns)
    for index in texts.indices where texts[index].count > count { texts[index].removeLast(texts[index].count - count) }
  }
}
