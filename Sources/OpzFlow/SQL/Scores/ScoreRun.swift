import OpzDatabase
import OpzIO
import OpzJSON
import OpzModel
import OpzSQL

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A run of `opz score --into`, connected.
final class ScoreRun {
  let place: DatabasePlace
  /// The job as it was found, and as it is.
  private(set) var jobs: [ScoreJob] = []
  private let connection: any BulkConnection
  private let reader: any BulkConnection
  private let scorer: Scorer
  private let request: ScoreTable.Request
  private let session: Session
  private let before: @Sendable (String) throws -> Void
  private let source: ScoreSource
  private let scoring: ColumnScoring
  private let names: InstallNames
  private let statements: ScoreJobStatements
  private var target: ScoreTarget

  init(
    _ url: DatabaseURL, scorer: Scorer, request: ScoreTable.Request, in session: Session,
    before: @escaping @Sendable (String) throws -> Void
  ) throws {
    self.scorer = scorer
    self.request = request
    self.session = session
    self.before = before
    place = try DatabasePlace(url, in: session)
    let reading = try url.connect(from: session.directory, duckdb: nil, environment: session.environmentList)
    guard let connection = place.connection as? any BulkConnection, let reader = reading as? any BulkConnection else {
      throw FlowError(
        .failed, "\(url)", reason: "opz scores into tables of postgresql, mariadb and sqlite",
        hint: "opz sql write --dialect \(place.dialect.name) --as view writes a statement for it")
    }
    (self.connection, self.reader) = (connection, reader)
    let isPostgreSQL = place.dialect.name == "postgresql"
    // The query is the user's, and is to read.
    if isPostgreSQL { try reader.run("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY") }
    names = try InstallNames(parsing: request.into, schema: place.catalog.currentSchema(), place.dialect)
    statements = ScoreJobStatements(table: names.sibling(ScoreJobStatements.tableName), dialect: place.dialect)
    scoring = try ColumnScoring(scorer, kind: request.kind)
    source = try ScoreSource(scorer.model, request, connection: reader, dialect: place.dialect)
    target = try ScoreTarget(names.stable, source, scores: scoring.columns, dialect: place.dialect)
  }

  private var isSQLite: Bool { place.dialect.name == "sqlite" }

  /// Scores.
  func run(isStopping: @escaping @Sendable () -> Bool) throws -> ScoreReport {
    do { return try unexplained(isStopping) } catch { throw explained(error) }
  }

  private func unexplained(_ isStopping: @escaping @Sendable () -> Bool) throws -> ScoreReport {
    let start = ContinuousClock.now
    let nulls = try reader.firstColumn(of: source.countingNulls).first.flatMap { Int($0) } ?? 0
    guard nulls == 0 else { throw ScorePiece.rowWithoutKey(count: nulls) }
    let job = try prepare()
    jobs.append(job)
    var writer = ScoreWriter(connection, statements, job: job, actor: session.author.actor, before: before)
    defer { jobs.append(writer.job) }
    let isDone = request.mode == .all && job.state == .done
    if let pause = request.pause {
      try follow(&writer, pause: pause, isStopping)
    } else if !isDone {
      try pass(part(job), &writer, ends: true, isStopping: isStopping)
    }
    var report = ScoreReport(
      database: place.database, table: request.into, model: job.model, mode: request.mode, job: job.id)
    (report.rows, report.unscored, report.batches) = (writer.rows, writer.unscored, writer.batches)
    report.total = writer.job.rows
    report.seconds = (ContinuousClock.now - start).seconds
    report.outcome =
      isStopping() && (request.pause != nil || writer.job.state != .done)
      ? .stopped
      : writer.rows == 0 && job.state == .done ? .unchanged : .scored
    return report
  }

  // MARK: The job

  /// The digest of all that decides the scores.
  private var work: String {
    var writer = JSONWriter()
    let pairs = request.columns.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    writer.list([
      request.identity, [source.query.text, request.watermark ?? "", request.kind?.rawValue ?? ""], request.keys, pairs,
    ]) { $0.strings($1) }
    return "\(Digest.of(writer.bytes))"
  }

  /// - Parameter kept: rows that the table has before it.
  private func newJob(keeping kept: Int) -> ScoreJob {
    let now = Timestamp.now().description
    let id = (0..<32).map { _ in String(UInt8.random(in: 0..<16), radix: 16) }.joined()
    var job = ScoreJob(
      target: names.stable.last, id: id, model: request.version?.record.reference ?? request.title,
      image: request.version.map { "\($0.record.image.digest)" } ?? "", work: work, state: .running, startedAt: now,
      updatedAt: now, actor: session.author.actor)
    job.kept = kept
    return job
  }

  private func rowCount() throws -> Int {
    try connection.firstColumn(of: target.counting).first.flatMap { Int($0) } ?? 0
  }

  /// Requires that all rows of the table are the job's: a restart removes them.
  private func checkRestart(of job: ScoreJob) throws {
    let others = max(job.kept, try rowCount() - job.rows)
    guard others > 0 else { return }
    throw FlowError(
      .conflict, request.into,
      reason: "it has \(others) rows that no job of opz wrote, and --restart would remove them",
      hint: "name another table; or remove the rows of the job yourself, and use --incremental")
  }

  /// Makes tables and the job where they are not there, in a transaction in which nobody else does.
  private func prepare() throws -> ScoreJob {
    func run(_ statement: String) throws {
      try before(statement)
      try connection.run(statement)
    }
    func define(_ statement: String) throws {
      try run(statement)
      if place.catalog.isDefiningCommitting { try run(place.catalog.beginning) }
    }
    for statement in place.catalog.opening(names, wait: 10_000) { try run(statement) }
    defer { for statement in place.catalog.closing(names) { try? connection.run(statement) } }
    do {
      guard try place.catalog.isOpened(names) else {
        throw DatabaseError(.busy, request.into, reason: "another opz makes tables in the same schema")
      }
      // Who may not create it may still use it.
      if let own = try place.catalog.relation(statements.table) {
        guard own.isTransactional else { throw notTransactional(statements.table) }
      } else {
        try define(statements.creation)
      }
      let found = try connection.rows(of: statements.reading(names.stable.last)).first.map { row in
        guard let job = ScoreJob(row) else {
          throw FlowError(
            .verification, statements.table.text(place.dialect), reason: "its row of \(names.stable.last) is not opz's",
            hint: "--restart cannot help: look at the row")
        }
        return job
      }
      var job = found
      var kept = 0
      let exists = try place.catalog.relation(names.stable) != nil
      if let own = try place.catalog.relation(names.stable), !own.isTransactional {
        throw notTransactional(names.stable)
      }
      if exists {
        target = try target.fitting(place, connection)
        if let found, request.restarts {
          try checkRestart(of: found)
          jobs.append(found)
          try run(target.clearing)
          job = nil
        } else if let found {
          try check(found)
        } else {
          kept = try rowCount()
          guard request.mode != .all || kept == 0 else {
            throw FlowError(
              .conflict, request.into, reason: "it has \(kept) rows that no job of opz wrote",
              hint: "--incremental keeps them and adds what is missing; or name another table")
          }
        }
      } else {
        job = nil
      }
      // Before the table is made, which may commit it: a job without its table would be done with nothing.
      if job == nil, found != nil { try run(statements.removing(names.stable.last)) }
      if !exists { try define(target.creation) }
      let result = job ?? newJob(keeping: kept)
      if job == nil { try run(statements.inserting(result)) }
      try run("COMMIT")
      return result
    } catch {
      try? connection.run("ROLLBACK")
      throw error
    }
  }

  private func notTransactional(_ table: TableName) -> FlowError {
    FlowError(
      .conflict, table.text(place.dialect), reason: "what is written to it cannot be undone: its engine is not InnoDB",
      hint: "ALTER TABLE .. ENGINE=InnoDB")
  }

  /// Requires that a job is the same as this one.
  private func check(_ job: ScoreJob) throws {
    let hint = "--restart removes its rows and scores anew; or name another table"
    guard job.work == work else {
      let isOther = job.model != (request.version?.record.reference ?? request.title)
      throw FlowError(
        .conflict, request.into,
        reason: isOther
          ? "it has \(job.rows) rows of \(job.model)"
          : "its \(job.rows) rows are of another query, key, model file or option", hint: hint)
    }
    let isBehind = job.position?.columns == source.positionNames
    if request.mode == .all, !request.isInDatabase, job.state == .running, job.batches > 0, !isBehind {
      throw FlowError(
        .conflict, request.into, reason: "its \(job.rows) rows were scored with --incremental or --follow",
        hint: "--incremental goes on; \(hint)")
    }
    if request.mode == .all, request.isInDatabase, job.state == .running, job.rows > 0 {
      throw FlowError(
        .conflict, request.into, reason: "a job that scores here is not done: \(job.rows) rows",
        hint: "--incremental --in-database adds what is missing; \(hint)")
    }
  }

  // MARK: Passes

  private func part(_ job: ScoreJob) -> ScoreSource.Part {
    var part = ScoreSource.Part()
    if request.mode == .all { part.after = job.position?.values } else { part.missing = names.stable }
    return part
  }

  private func pass(
    _ part: ScoreSource.Part, _ writer: inout ScoreWriter, ends: Bool, isStopping: @escaping @Sendable () -> Bool
  ) throws {
    let replaces = request.watermark != nil
    if request.isInDatabase { return try insert(part, &writer, replaces: replaces, ends: ends) }
    let piece = ScorePiece(
      source: source, target: target, scoring: scoring,
      model: request.version.map { "\($0.name)" } ?? request.title,
      version: request.version.map { "\($0.version)" }, unscored: request.unscored)
    let pass = ScorePass(
      piece: piece, reader: reader, connection: connection, batch: request.batch, progress: session.progress,
      isStopping: isStopping, replaces: replaces, keepsPosition: request.mode == .all,
      isPaged: isSQLite || place.dialect.isMySQL, isAlternating: isSQLite,
      snapshot: place.dialect.isMySQL ? "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY" : nil)
    try pass.run(part, &writer, ends: ends)
  }

  /// The database computes the scores, in one transaction.
  private func insert(_ part: ScoreSource.Part, _ writer: inout ScoreWriter, replaces: Bool, ends: Bool) throws {
    var options = ModelSQL.Options()
    if let kind = request.kind {
      guard let own = ModelSQL.Kind(rawValue: kind.rawValue) else {
        throw FlowError(.usage, "--in-database", reason: "there is no SQL for \(kind.rawValue)")
      }
      options.kind = own
    }
    options.source = .rows(try source.rows(part))
    options.keys = source.keys.map(\.name) + (source.watermark.map { [$0.name] } ?? [])
    options.columns = request.columns
    options.title = request.title
    let statement = try ModelSQL(scorer.model, place.dialect, options: options).statement()
    guard statement.scores.map(\.name) == scoring.columns.map(\.name) else {
      throw FlowError(.failed, "--in-database", reason: "the model's SQL has other columns than its scorer")
    }
    do {
      try writer.begin()
      let text = target.inserting(
        statement.text, model: request.version.map { "\($0.name)" } ?? request.title,
        version: request.version.map { "\($0.version)" }, at: Timestamp.now().description, replaces: replaces)
      let rows = try inserted(by: text, &writer, replaces: replaces)
      if rows == 0, !ends || writer.job.state == .done { return writer.rollBack() }
      try writer.commit(rows: rows, unscored: 0, position: nil, state: ends ? .done : .running)
    } catch {
      writer.rollBack()
      throw error
    }
  }

  /// Runs a statement that inserts scores.
  /// - Returns: how many rows it wrote.
  private func inserted(by statement: String, _ writer: inout ScoreWriter, replaces: Bool) throws -> Int {
    guard replaces, place.dialect.isMySQL else { return try writer.insert(statement) }
    // A row that takes another one's place counts as two.
    let before = try rowCount()
    let changes = try writer.insert(statement)
    let new = try rowCount() - before
    return new + max(0, changes - new) / 2
  }

  /// Milliseconds between two looks at all rows. Between them, only what lies behind the last keys is looked at.
  private static let wholeLook = Duration.seconds(60)

  private func follow(
    _ writer: inout ScoreWriter, pause: Int, _ isStopping: @escaping @Sendable () -> Bool
  ) throws {
    var lower: KeyValue?
    var last: ContinuousClock.Instant?
    while !isStopping() {
      let now = ContinuousClock.now
      let isWhole = last.map { now - $0 >= ScoreRun.wholeLook } ?? true
      let part = ScoreSource.Part(after: nil, from: isWhole ? nil : lower, missing: names.stable)
      try pass(part, &writer, ends: false, isStopping: isStopping)
      if isWhole {
        last = now
        lower = try greatest()
      }
      let end = ContinuousClock.now + .milliseconds(pause)
      while ContinuousClock.now < end, !isStopping() { usleep(20_000) }
    }
  }

  /// The greatest key or watermark of the table, where new rows have greater ones.
  private func greatest() throws -> KeyValue? {
    let place = source.positionPlaces[0]
    let (name, type) = (source.positionNames[0], source.shape.types[place])
    guard let text = try connection.firstColumn(of: target.greatest(name)).first else { return nil }
    switch type {
    case .int16, .int32, .int64: return Int64(text).map { .integer($0) }
    case .any:
      let kind = try connection.firstColumn(of: target.greatestType(name)).first
      return kind == "integer" ? Int64(text).map { .integer($0) } : source.watermark == nil ? nil : .text(text)
    case .date, .timestamp, .timestampTZ, .moment: return .text(text)
    default: return nil
    }
  }

  // MARK: Errors

  private func explained(_ error: any Error) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    let hint: String? =
      switch error.code {
      case .busy: "another program holds a lock; run the command again"
      case .forbidden:
        "the role needs SELECT on what the query reads, and CREATE in the schema of the table; or SELECT and INSERT "
          + "on the table, and SELECT, INSERT and UPDATE on \(ScoreJobStatements.tableName) beside it"
      case .lost: "run the command again: it goes on behind the last committed row"
      case .badURL, .notFound, .notConnected, .refused, .damaged: error.hint
      }
    return DatabaseError(error.code, error.subject, reason: error.reason, hint: hint)
  }
}
