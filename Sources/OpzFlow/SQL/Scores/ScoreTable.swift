public import OpzDatabase
import OpzIO
public import OpzModel
public import OpzRegistry
import OpzSQL

/// `opz score --query Q --into TABLE`: scores the rows of a query into a table of the same database.
///
/// Rows and the job's position are committed together, so that whatever ends the program or a connection, the same
/// command goes on behind the last committed row: none is lost, none stands twice.
public struct ScoreTable: Sendable {
  /// Which rows are scored.
  public enum Mode: String, Sendable, Encodable {
    /// All rows of the query, once.
    case all
    /// Rows whose key is not in the table.
    case missing
    /// Rows with a watermark that the table does not have for their key.
    case watermark
  }

  /// What becomes of a row that cannot be scored.
  public enum Unscored: String, Sendable, CaseIterable {
    /// It is an error, with its key.
    case error
    /// It stands in the table without scores.
    case null
  }

  /// What is scored, and where the scores go.
  public struct Request: Sendable {
    /// A SELECT, as the user wrote it.
    public var query: String
    /// The table, with its schema if it has one.
    public var into: String
    /// The columns of the query that tell its rows apart.
    public var keys: [String]
    /// The query's column of an input, where it has another name: `Model.columnNames(_:)`.
    public var columns: [Int: String] = [:]
    /// Nil for the model's default output.
    public var kind: BatchScoring.Kind?
    /// Whether only rows that have no scores yet are scored.
    public var isIncremental = false
    /// A column that grows whenever a row is written; rows with a newer one are scored again.
    public var watermark: String?
    /// Milliseconds between two looks at the query; nil to end when its rows are scored.
    public var pause: Int?
    /// Whether the database computes the scores.
    public var isInDatabase = false
    /// Whether the table's rows of an earlier job are removed.
    public var restarts = false
    public var unscored = Unscored.error
    /// Rows of a transaction.
    public var batch = 50_000
    /// What is scored with, for people: `churn@1.2.0, image sha256:..`.
    public var title: String
    /// The version; nil for a file.
    public var version: Registry.Version?
    /// What the model is and how it is read: another one is another job.
    public var identity: [String] = []

    /// Scores of a query, into a table.
    public init(query: String, into: String, keys: [String], title: String) {
      self.query = query
      self.into = into
      self.keys = keys
      self.title = title
    }

    var mode: Mode { watermark != nil ? .watermark : isIncremental || pause != nil ? .missing : .all }
  }

  private let scorer: Scorer
  private let request: Request
  private let session: Session
  /// Called before each statement that changes the database; the tests end the program or a connection there.
  var beforeStatement: @Sendable (String) throws -> Void = { _ in }

  /// Prepares a run. Nothing is connected before `run`.
  public init(_ scorer: Scorer, _ request: Request, in session: Session) {
    self.scorer = scorer
    self.request = request
    self.session = session
  }

  /// Scores.
  /// - Parameter isStopping: asked often; once it is true, what was scored is committed, and the run ends.
  /// - Throws: `DatabaseError`, `SQLError`, `ModelError`; `FlowError` for keys that are NULL or not unique, a table
  ///   with other columns, a job of another model or query, and a row that cannot be scored.
  public func run(
    _ url: DatabaseURL, isStopping: @escaping @Sendable () -> Bool = { false }
  ) async throws -> ScoreReport {
    let outcome = try await blocking { () -> (Result<ScoreReport, any Error>, [ScoreJob], String) in
      let run = try ScoreRun(url, scorer: scorer, request: request, in: session, before: beforeStatement)
      let result = Result { try run.run(isStopping: isStopping) }
      return (result, run.jobs, run.place.place)
    }
    // What was committed is told of, however the run ended.
    for job in outcome.1 { try RecordScores(in: session).run(job, database: outcome.2) }
    return try outcome.0.get()
  }
}
