import OpzJSON

/// Reads the JSON forms of KServe's v1 protocol and of MLflow's scoring server:
///
/// - `instances`: a list of rows, each an object by column, a list in the order of the model's inputs, or one value;
/// - `inputs`: the same, or an object with a list for each column;
/// - `dataframe_split`: `columns` and `data`; `dataframe_records`: a list of objects.
struct JSONRows {
  private let context: InferenceContext
  private let names: [String]

  init(_ context: InferenceContext) {
    self.context = context
    names = context.model.inputs.map(\.name)
  }

  func request(_ body: [UInt8]) throws -> InferenceRequest {
    guard !body.isEmpty else { throw RequestFailure.bad("the body is empty: send {\"instances\": [..]}") }
    do {
      let options = JSONOptions(nonFinite: .nan, memberCount: 10_000)
      return try JSONCursor.read(body, options: options) { try document(&$0) }
    } catch let failure as JSONFailure {
      throw RequestFailure.bad("the body is not valid \(failure)")
    }
  }

  private func document(_ cursor: inout JSONCursor) throws -> InferenceRequest {
    var request: InferenceRequest?
    try cursor.object("the request") { key, cursor in
      guard request == nil || !JSONRows.forms.contains(key) else {
        throw RequestFailure.bad("the request has more than one of \(JSONRows.forms.sorted().joined(separator: ", "))")
      }
      switch key {
      case "instances", "dataframe_records": request = try rows(&cursor)
      case "inputs": request = try cursor.peek() == UInt8(ascii: "{") ? columns(&cursor) : rows(&cursor)
      case "dataframe_split": request = try split(&cursor)
      case "params", "parameters": try params(key, &cursor)
      default: try cursor.skip()
      }
    }
    guard let request else {
      throw RequestFailure.bad("the request has none of \(JSONRows.forms.sorted().joined(separator: ", "))")
    }
    return request
  }

  private static let forms: Set = ["instances", "inputs", "dataframe_split", "dataframe_records"]

  /// Parameters would change the predictions, and the forms' models here have none.
  private func params(_ key: String, _ cursor: inout JSONCursor) throws {
    if cursor.take(word: "null") { return }
    try cursor.object("'\(key)'") { name, _ in
      throw RequestFailure.bad("'\(key)' has '\(name.prefix(100))', but the model takes no parameters")
    }
  }

  // MARK: Rows

  private func rows(_ cursor: inout JSONCursor) throws -> InferenceRequest {
    var table = TableBuilder(context)
    var form: UInt8?
    try cursor.array("the rows") { cursor in
      let first = try cursor.peek()
      let own = first | 0x20 == UInt8(ascii: "{") ? first : 0
      guard form == nil || form == own else {
        throw RequestFailure.bad("row \(table.rows) is not of the form of the rows before: objects, lists or values")
      }
      form = own
      switch own {
      case UInt8(ascii: "{"):
        try cursor.object("a row") { name, cursor in try cell(&cursor, try table.column(name), table: &table) }
      case UInt8(ascii: "["): try list(&cursor, names, table: &table)
      default:
        guard names.count < 2 else {
          throw RequestFailure.bad("row \(table.rows) has 1 value instead of \(names.count)")
        }
        try cell(&cursor, try table.column(try column(0)), table: &table)
      }
      try table.endRow()
    }
    return try table.request()
  }

  /// A row as a list, in the order of the columns.
  private func list(_ cursor: inout JSONCursor, _ names: [String], table: inout TableBuilder) throws {
    var index = 0
    try cursor.array("a row") { cursor in
      let name = index < names.count ? names[index] : try column(index)
      try cell(&cursor, try table.column(name), table: &table)
      index += 1
    }
    guard names.isEmpty || index == names.count else {
      throw RequestFailure.bad("row \(table.rows) has \(index) values instead of \(names.count)")
    }
  }

  /// The name of a column that only has a place.
  private func column(_ index: Int) throws -> String {
    if index < names.count { return names[index] }
    guard names.isEmpty else { throw RequestFailure.bad("a row has more than \(names.count) values") }
    return "\(index)"
  }

  private func cell(_ cursor: inout JSONCursor, _ column: Int, table: inout TableBuilder) throws {
    switch try cursor.peek() {
    case UInt8(ascii: "\""): try table.append(try cursor.string(), column)
    case UInt8(ascii: "t"), UInt8(ascii: "f"):
      let isTrue = cursor.take(word: "true")
      guard isTrue || cursor.take(word: "false") else { throw cursor.failure("expected a value") }
      try table.append(isTrue, column)
    case UInt8(ascii: "n"), UInt8(ascii: "N"):
      guard cursor.take(word: "null") || cursor.take(word: "NaN") else { throw cursor.failure("expected a value") }
      table.appendMissing(column)
    // MLflow writes a tensor of one column as a list of lists.
    case UInt8(ascii: "["):
      try cursor.array("a value") { cursor in
        guard try cursor.peek() != UInt8(ascii: "[") else {
          throw RequestFailure.bad("a value of a row is a list: send tensors to /v2/models/\(context.model.name)/infer")
        }
        try cell(&cursor, column, table: &table)
      }
    default: try table.append(cursor.double(try cursor.number()), column)
    }
  }

  // MARK: Columns

  /// An object with a list for each column. Rows are read column by column, so the shortest list has to be the longest.
  private func columns(_ cursor: inout JSONCursor) throws -> InferenceRequest {
    var tensors: [InputTensor] = []
    try cursor.object("the columns") { name, cursor in
      var table = TableBuilder(context)
      let column = try table.column(name)
      if try cursor.peek() == UInt8(ascii: "[") {
        try cursor.array("a column") { cursor in
          try cell(&cursor, column, table: &table)
          try table.endRow()
        }
      } else {
        try cell(&cursor, column, table: &table)
        try table.endRow()
      }
      tensors += try table.request().inputs
    }
    var request = InferenceRequest()
    request.inputs = tensors
    return request
  }

  /// pandas' `orient="split"`: `columns`, `data` and an index that means nothing. The columns may follow the data.
  private func split(_ cursor: inout JSONCursor) throws -> InferenceRequest {
    var columns: [String]?
    var data: Int?
    try cursor.object("the table") { key, cursor in
      switch key {
      case "columns": columns = try names(of: &cursor)
      case "data":
        _ = try cursor.peek()
        data = cursor.position
        try cursor.skip()
      default: try cursor.skip()
      }
    }
    guard let columns, let data else { throw RequestFailure.bad("dataframe_split needs 'columns' and 'data'") }
    guard Set(columns).count == columns.count else { throw RequestFailure.bad("'columns' has a name twice") }
    var table = TableBuilder(context)
    var again = cursor.rewound(to: data)
    try again.array("the data") { cursor in
      try list(&cursor, columns, table: &table)
      try table.endRow()
    }
    return try table.request()
  }

  /// The names of a table's columns.
  private func names(of cursor: inout JSONCursor) throws -> [String] {
    var names: [String] = []
    try cursor.array("'columns'") { cursor in
      guard names.count < context.mostColumns else { throw RequestFailure.bad("too many columns") }
      names.append(try cursor.string())
    }
    return names
  }
}
