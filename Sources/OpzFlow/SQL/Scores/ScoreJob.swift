import OpzDatabase
import OpzIO
import OpzJSON
import OpzSQL

/// A job that writes scores into a table, as the database knows it: what is scored, with what, and how far it came.
struct ScoreJob: Sendable, Hashable {
  enum State: String, Sendable { case running, done }

  /// The table's name without its schema.
  var target: String
  /// Of this job alone.
  var id: String
  /// `churn@1.2.0`, or a file's name.
  var model: String
  /// The digest of the version's image; empty for a file.
  var image: String
  /// The digest of all that decides the scores: model, query, keys, columns.
  var work: String
  var state: State
  /// The columns and values of the last row, where rows come in the order of the keys.
  var position: Position?
  /// Rows that were written, and those among them without scores.
  var rows = 0
  var unscored = 0
  /// Transactions; whoever commits the next one has to know the last.
  var batches = 0
  var startedAt: String
  var updatedAt: String
  var actor: String
  /// Rows that the table had when the job began, which are not its own.
  var kept = 0

  /// Where a job is.
  struct Position: Sendable, Hashable {
    let columns: [String]
    let values: [KeyValue]
  }

  static let columns = [
    "target", "id", "model", "image", "work", "state", "position", "rows", "unscored", "batches", "started_at",
    "updated_at", "actor", "kept",
  ]

  /// Reads a row; nil for what opz did not write.
  init?(_ row: [String?]) {
    guard row.count == ScoreJob.columns.count, let target = row[0], let id = row[1], let model = row[2],
      let image = row[3], let work = row[4], let state = row[5].flatMap(State.init(rawValue:)),
      let rows = row[7].flatMap({ Int($0) }), let unscored = row[8].flatMap({ Int($0) }),
      let batches = row[9].flatMap({ Int($0) }), let startedAt = row[10], let updatedAt = row[11], let actor = row[12],
      let kept = row[13].flatMap({ Int($0) })
    else { return nil }
    self.init(
      target: target, id: id, model: model, image: image, work: work, state: state, startedAt: startedAt,
      updatedAt: updatedAt, actor: actor)
    if let text = row[6] {
      guard let position = Position(json: text) else { return nil }
      self.position = position
    }
    (self.rows, self.unscored, self.batches, self.kept) = (rows, unscored, batches, kept)
  }

  init(
    target: String, id: String, model: String, image: String, work: String, state: State, startedAt: String,
    updatedAt: String, actor: String
  ) {
    self.target = target
    self.id = id
    self.model = model
    self.image = image
    self.work = work
    self.state = state
    self.startedAt = startedAt
    self.updatedAt = updatedAt
    self.actor = actor
  }
}

extension ScoreJob.Position {
  /// `{"columns": ["id"], "values": [7]}`.
  init?(json text: String) {
    guard let value = try? JSONValue(json: Array(text.utf8)), let columns = value["columns"]?.textList,
      let values = value["values"]?.array, values.count == columns.count
    else { return nil }
    var read: [KeyValue] = []
    for value in values {
      switch value {
      case .integer(let number): read.append(.integer(number))
      case .string(let text): read.append(.text(text))
      default: return nil
      }
    }
    self.init(columns: columns, values: read)
  }

  var json: String {
    var writer = JSONWriter()
    writer.raw("{\"columns\":")
    writer.strings(columns)
    writer.raw(",\"values\":[")
    for (index, value) in values.enumerated() {
      if index > 0 { writer.raw(",") }
      switch value {
      case .integer(let number): writer.number(number)
      case .text(let text): writer.string(text)
      }
    }
    writer.raw("]}")
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}

/// The statements of the table of jobs, which is beside the tables of scores.
struct ScoreJobStatements: Sendable {
  static let tableName = "opz_score_jobs"

  let table: TableName
  let dialect: SQLDialect

  private var name: String { table.text(dialect) }
  private func quoted(_ column: String) -> String { dialect.quoted(column) }

  /// Creates the table if it is not there.
  var creation: String {
    let columns = ScoreJob.columns.map { column in
      let isNumber = ["rows", "unscored", "batches", "kept"].contains(column)
      let constraint = column == "target" ? " NOT NULL PRIMARY KEY" : column == "position" ? "" : " NOT NULL"
      let type = column == "target" ? dialect.keyText : dialect.columnType(isNumber ? .integer : .text)
      return "\(quoted(column)) \(type)\(constraint)"
    }
    return "CREATE TABLE IF NOT EXISTS \(name) (\(columns.joined(separator: ", ")))\(dialect.tableEnd)"
  }

  /// Reads the job of a table.
  func reading(_ target: String) -> String {
    "SELECT \(ScoreJob.columns.map(quoted).joined(separator: ", ")) FROM \(name) "
      + "WHERE \(quoted("target")) = \(dialect.literal(target))"
  }

  private func values(_ job: ScoreJob) -> [(column: String, value: String)] {
    let position = job.position.map { dialect.literal($0.json) } ?? "NULL"
    let texts = [job.target, job.id, job.model, job.image, job.work, job.state.rawValue].map(dialect.literal)
    let numbers = [job.rows, job.unscored, job.batches].map { "\($0)" }
    let ends = [job.startedAt, job.updatedAt, job.actor].map(dialect.literal) + ["\(job.kept)"]
    return Array(zip(ScoreJob.columns, texts + [position] + numbers + ends)).map { ($0, $1) }
  }

  /// Adds a job.
  func inserting(_ job: ScoreJob) -> String {
    let values = values(job)
    return "INSERT INTO \(name) (\(values.map { quoted($0.column) }.joined(separator: ", "))) "
      + "VALUES (\(values.map(\.value).joined(separator: ", ")))"
  }

  /// Removes the job of a table.
  func removing(_ target: String) -> String {
    "DELETE FROM \(name) WHERE \(quoted("target")) = \(dialect.literal(target))"
  }

  /// Takes the job for a transaction: changes one row, and none if another program committed since it was read.
  func taking(_ job: ScoreJob) -> String {
    "UPDATE \(name) SET \(quoted("batches")) = \(job.batches + 1) WHERE \(quoted("target")) = "
      + "\(dialect.literal(job.target)) AND \(quoted("id")) = \(dialect.literal(job.id)) "
      + "AND \(quoted("batches")) = \(job.batches)"
  }

  /// Writes what a job became in a transaction that took it.
  func advancing(to job: ScoreJob) -> String {
    let changed = ["state", "position", "rows", "unscored", "updated_at", "actor"]
    let changes = values(job).filter { changed.contains($0.column) }.map { "\(quoted($0.column)) = \($0.value)" }
    return "UPDATE \(name) SET \(changes.joined(separator: ", ")) "
      + "WHERE \(quoted("target")) = \(dialect.literal(job.target)) AND \(quoted("id")) = \(dialect.literal(job.id))"
  }
}
