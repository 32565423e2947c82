import OpzJSON
import OpzModel

/// CatBoost's files: `.cbm`, a FlatBuffers table behind `CBM1` (catboost/libs/model/flatbuffers/model.fbs), and JSON.
enum CatBoostHeader {
  private static let loadedBy = "catboost.CatBoost().load_model"
  private static let runtime = "runtime: {kind: python} with catboost"

  static let binary = ModelDescriber.Recognizer(
    matches: { header, _ in header.starts(with: Array("CBM1".utf8)) },
    describe: { file, _ in
      let core = try FlatTable(file, root: 8)
      var rows: [ModelDescription.Row] = []
      if let version = try core.text(0) { rows.append(ModelDescription.Row("format version", version)) }
      if let trees = try core.table(1) {
        let dimension = try trees.number(0, 4) ?? 0
        rows += [
          ModelDescription.Row("outputs", "\(dimension)"),
          ModelDescription.Row("trees", "\(try trees.count(2) ?? 0)"),
          ModelDescription.Row("numeric features", "\(try trees.count(5) ?? 0)"),
          ModelDescription.Row("categorical features", "\(try trees.count(4) ?? 0)"),
          ModelDescription.Row("leaf values", "\(try trees.count(8) ?? 0)"),
        ]
      }
      let facts = try core.pairs(2)
      if let params = facts["params"], let json = try? JSONValue(json: Array(params.utf8)),
        let loss = json["loss_function"]?["type"]?.string
      {
        rows.append(ModelDescription.Row("loss function", loss))
      }
      if let version = facts["catboost_version_info"].flatMap(release) {
        rows.append(ModelDescription.Row("CatBoost", version))
      }
      return ModelDescription("CatBoost", bytes: file.size, rows: rows, loadedBy: loadedBy, runtime: runtime)
    })

  /// The release in what a build says of itself, lines such as `Branch: tags/v1.2.8` and
  /// `Summary: CatBoost Release 1.2.8. commit_hash:..`, or `CatBoost 1.2.7 built on ..`.
  private static func release(_ info: String) -> String? {
    for mark in ["tags/v", "CatBoost Release ", "CatBoost "] {
      guard let start = info.firstRange(of: mark) else { continue }
      let digits = info[start.upperBound...].prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      let version = digits.last == "." ? digits.dropLast() : digits
      if version.contains("."), version.count <= 20 { return String(version) }
    }
    return nil
  }

  /// The members are in the order of the alphabet: `ctr_data`, `features_info`, `model_info`, `oblivious_trees`.
  static let json = ModelDescriber.Recognizer(
    matches: { header, _ in
      header.firstVisible == UInt8(ascii: "{")
        && (header.contains("\"features_info\"") || header.contains("\"ctr_data\""))
    },
    describe: { file, _ in
      var rows: [ModelDescription.Row] = []
      if file.size < HeaderBudget.limit / 2 {
        do { rows = try facts(try file.bytes(at: 0, Int(file.size))) } catch let failure as JSONFailure {
          throw file.damaged(failure.reason)
        }
      }
      return ModelDescription("CatBoost JSON", bytes: file.size, rows: rows, loadedBy: loadedBy, runtime: runtime)
    })

  private static func facts(_ json: [UInt8]) throws -> [ModelDescription.Row] {
    var rows: [ModelDescription.Row] = []
    func count(_ cursor: inout JSONCursor, _ name: String) throws {
      var count = 0
      try cursor.array(name) { cursor in
        count += 1
        try cursor.skip()
      }
      rows.append(ModelDescription.Row(name, "\(count)"))
    }
    try JSONCursor.read(json, options: JSONOptions(nonFinite: .all, size: json.count)) { cursor in
      try cursor.object("the model") { key, cursor in
        switch key {
        case "oblivious_trees", "trees": try count(&cursor, "trees")
        case "features_info":
          try cursor.object("the features") { key, cursor in
            switch key {
            case "float_features": try count(&cursor, "numeric features")
            case "categorical_features": try count(&cursor, "categorical features")
            default: try cursor.skip()
            }
          }
        default: try cursor.skip()
        }
      }
    }
    return rows
  }
}

/// A FlatBuffers table, whose fields are found through its vtable (flatbuffers.dev, "FlatBuffers Internals").
private struct FlatTable {
  private let file: HeaderFile
  private let position: UInt64

  init(_ file: HeaderFile, root: UInt64) throws { try self.init(file, pointer: root) }

  private init(_ file: HeaderFile, pointer: UInt64) throws {
    self.file = file
    position = try FlatTable.follow(file, pointer)
  }

  private static func follow(_ file: HeaderFile, _ pointer: UInt64) throws -> UInt64 {
    var cursor = HeaderCursor(file, at: pointer)
    return pointer + (try cursor.number(4))
  }

  /// Where a field is; nil for one that is left out.
  private func field(_ index: UInt64) throws -> UInt64? {
    var cursor = HeaderCursor(file, at: position)
    let back = Int64(Int32(truncatingIfNeeded: try cursor.number(4)))
    guard let start = UInt64(exactly: Int64(clamping: position) &- back) else {
      throw file.damaged("an impossible offset")
    }
    var table = HeaderCursor(file, at: start)
    let size = try table.number(2)
    guard 4 + index * 2 + 2 <= size else { return nil }
    try table.skip(2 + index * 2)
    let offset = try table.number(2)
    return offset == 0 ? nil : position + offset
  }

  func number(_ index: UInt64, _ width: Int) throws -> UInt64? {
    guard let place = try field(index) else { return nil }
    var cursor = HeaderCursor(file, at: place)
    return try cursor.number(width)
  }

  func table(_ index: UInt64) throws -> FlatTable? { try field(index).map { try FlatTable(file, pointer: $0) } }

  /// The length of a list.
  func count(_ index: UInt64) throws -> UInt64? {
    guard let place = try field(index) else { return nil }
    var cursor = HeaderCursor(file, at: try FlatTable.follow(file, place))
    return try cursor.number(4)
  }

  func text(_ index: UInt64) throws -> String? {
    guard let place = try field(index) else { return nil }
    var cursor = HeaderCursor(file, at: try FlatTable.follow(file, place))
    return try cursor.text(try cursor.count(4, limit: 1 << 20, "bytes in a text"))
  }

  /// A list of tables of two texts.
  func pairs(_ index: UInt64) throws -> [String: String] {
    guard let place = try field(index) else { return [:] }
    var cursor = HeaderCursor(file, at: try FlatTable.follow(file, place))
    let count = try cursor.count(4, limit: 256, "facts")
    var result: [String: String] = [:]
    for _ in 0..<count {
      let pair = try FlatTable(file, pointer: cursor.position)
      try cursor.skip(4)
      if let key = try pair.text(0), let value = try pair.text(1) { result[key] = value }
    }
    return result
  }
}
