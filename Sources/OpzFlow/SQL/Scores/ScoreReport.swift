/// What a run of `opz score --into` did.
public struct ScoreReport: Sendable, Encodable {
  /// How it ended.
  public enum Outcome: String, Sendable, Encodable {
    case scored
    /// All rows were scored already.
    case unchanged
    /// It was asked to stop; the same command goes on.
    case stopped
  }

  /// The database, without a password.
  public let database: String
  public let table: String
  /// `churn@1.2.0`, or a file's name.
  public let model: String
  public let mode: ScoreTable.Mode
  /// Of the job, which goes on when it is run again.
  public let job: String
  public var outcome = Outcome.scored
  /// Rows that this run wrote.
  public var rows = 0
  /// Those among them without scores.
  public var unscored = 0
  /// Transactions of this run.
  public var batches = 0
  /// Rows that the job wrote in all its runs.
  public var total = 0
  public var seconds = 0.0

  /// Lines for people.
  public var lines: [String] {
    let left = unscored > 0 ? ", \(unscored) of them without scores" : ""
    let all = total > rows ? "; \(total) in all" : ""
    switch outcome {
    case .scored: return ["\(rows) rows\(left) into \(table) in \(database)\(all): \(model)"]
    case .unchanged:
      return ["\(table) in \(database) has the scores of \(model): \(total) rows"]
        + (mode == .all ? ["--incremental scores rows that are new"] : [])
    case .stopped: return ["stopped: \(rows) rows\(left) are in \(table)\(all); the same command goes on behind them"]
    }
  }
}
