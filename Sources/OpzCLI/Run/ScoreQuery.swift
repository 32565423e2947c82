public import ArgumentParser
import OpzDatabase
public import OpzFlow
import OpzFormats
import OpzIO
import OpzModel
import OpzOCI
import OpzRegistry
import OpzScoring

extension ScoreCommand {
  /// The options of `--query`.
  struct QueryOptions: ParsableArguments {
    @OptionGroup var database: DatabaseOption
    @Option(
      help: ArgumentHelp(
        "The rows: a SELECT whose columns are the model's inputs; the version's features.sql if missing.",
        valueName: "select"))
    var query: String?
    @Option(help: ArgumentHelp("The table that the scores go into; it is made if missing.", valueName: "table"))
    var into: String?
    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp("A column of the query that tells its rows apart; may be repeated.", valueName: "column"))
    var key: [String] = []
    @Flag(help: "Score the rows whose key is not in the table.") var incremental = false
    @Option(
      help: ArgumentHelp(
        "With --incremental: a column that grows when a row changes; such rows are scored again.", valueName: "column"))
    var watermark: String?
    @Flag(help: "Go on with rows that come, until Ctrl-C.") var follow = false
    @Option(help: ArgumentHelp("With --follow: milliseconds between two looks.", valueName: "n")) var every = 500
    @Flag(help: "Have the database compute the scores by the model's SQL, in one transaction.") var inDatabase = false
    @Flag(help: "Remove the rows of an earlier job from the table, and score anew.") var restart = false
    @Option(help: "What becomes of a row that cannot be scored: an error, or a row without scores.")
    var unscored = ScoreTable.Unscored.error
    @Option(help: ArgumentHelp("Rows of a transaction.", valueName: "n")) var batch = 50_000
    @Flag(help: "An object: database, table, model, mode, job, outcome, rows, unscored, batches, total, seconds.")
    var json = false

    /// Whether rows come from a database.
    var isUsed: Bool { query != nil || into != nil }

    func validate(isUsed: Bool) throws {
      guard isUsed else {
        let flags = [incremental, follow, inDatabase, restart, json, database.database != nil]
        guard !flags.contains(true), key.isEmpty, watermark == nil, every == 500, unscored == .error, batch == 50_000
        else {
          throw ValidationError("--query SELECT or --into TABLE is missing: the other options of a database need them")
        }
        return
      }
      guard into != nil else { throw ValidationError("--into TABLE is missing: where the scores go") }
      guard !key.isEmpty else { throw ValidationError("--key COLUMN is missing: what tells the rows apart") }
      guard watermark == nil || incremental || follow else {
        throw ValidationError("--watermark needs --incremental or --follow")
      }
      guard (10...86_400_000).contains(every) else {
        throw ValidationError("--every \(every): from 10 to 86400000 milliseconds")
      }
      guard (1...1_000_000).contains(batch) else { throw ValidationError("--batch \(batch): from 1 to 1000000") }
    }
  }

  /// Scores the rows of a query into a table.
  func scoreRows() async throws {
    let session = options.session()
    let operand = ModelOperand(model, session)
    var query = rows.query
    if query == nil { query = try await operand.features()?.text }
    guard let query else {
      throw ValidationError("--query SELECT is missing, and the model has no features.sql that makes its columns")
    }
    let url = try rows.database.url(session)
    let loaded = try await operand.load(iterations: scores.iterations, unseen: scores.unseen)
    for note in loaded.model.notes { options.note(note) }
    var request = ScoreTable.Request(
      query: query, into: rows.into ?? "", keys: rows.key, title: try operand.title())
    request.version = try operand.version()
    request.columns = try loaded.model.columnNames(table.columns)
    request.kind = scores.kind
    request.isIncremental = rows.incremental
    request.watermark = rows.watermark
    request.pause = rows.follow ? rows.every : nil
    request.isInDatabase = rows.inDatabase
    request.restarts = rows.restart
    request.unscored = rows.unscored
    request.batch = rows.batch
    request.identity = [
      "\(try operand.fingerprint())", scores.iterations?.rawValue ?? "", scores.unseen?.rawValue ?? "",
    ]
    HeapLimits.keepFreedArrays()
    SignalForwarding.install()
    let report = try await ScoreTable(Scorer.compiled(loaded.model), request, in: session).run(url) {
      SignalForwarding.shared.isStopping
    }
    if rows.json {
      try Console.json(report)
    } else {
      for line in report.lines { options.note(line) }
    }
    if report.outcome == .stopped { throw ExitCode(ExitStatus.interrupted) }
  }
}

extension ScoreTable.Unscored: ExpressibleByArgument {}
