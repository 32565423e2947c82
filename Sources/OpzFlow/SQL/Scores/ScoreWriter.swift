import OpzDatabase
import OpzIO
import OpzSQL

/// Writes scores and the job's position in one transaction after the other.
struct ScoreWriter {
  private let connection: any BulkConnection
  private let statements: ScoreJobStatements
  private let before: @Sendable (String) throws -> Void
  private let actor: String
  /// As of the last transaction.
  private(set) var job: ScoreJob
  /// What this run did.
  private(set) var rows = 0
  private(set) var unscored = 0
  private(set) var batches = 0
  private var isOpen = false
  private var isWriting = false

  init(
    _ connection: any BulkConnection, _ statements: ScoreJobStatements, job: ScoreJob, actor: String,
    before: @escaping @Sendable (String) throws -> Void
  ) {
    self.connection = connection
    self.statements = statements
    self.job = job
    self.actor = actor
    self.before = before
  }

  func run(_ statement: String) throws {
    try before(statement)
    try connection.run(statement)
  }

  private func change(_ statement: String) throws -> Int {
    try before(statement)
    return try connection.change(statement)
  }

  /// Begins a transaction in which nobody else goes on with the job.
  mutating func begin() throws {
    try run(statements.dialect.beginning)
    isOpen = true
    guard try change(statements.taking(job)) == 1 else {
      throw FlowError(
        .conflict, job.target, reason: "another opz scores into it",
        hint: "let one of them end; what both had scored so far is there once")
    }
  }

  /// Begins a transaction with rows.
  mutating func beginRows(_ writing: (before: [String], target: BulkTarget, after: [String])) throws {
    try begin()
    for statement in writing.before { try run(statement) }
    try before(writing.target.statement)
    try connection.beginWriting(writing.target)
    isWriting = true
  }

  /// Ends a transaction with rows.
  mutating func endRows(_ writing: (before: [String], target: BulkTarget, after: [String])) throws {
    try before("end of rows")
    isWriting = false
    try connection.endWriting()
    for statement in writing.after { try run(statement) }
  }

  /// Runs a statement that writes rows itself.
  /// - Returns: how many.
  func insert(_ statement: String) throws -> Int { try change(statement) }

  /// Commits, with what the job is then.
  mutating func commit(
    rows: Int, unscored: Int, position: ScoreJob.Position?, state: ScoreJob.State
  ) throws {
    var next = job
    next.rows += rows
    next.unscored += unscored
    next.batches += 1
    next.position = position
    next.state = state
    next.updatedAt = Timestamp.now().description
    next.actor = actor
    guard try change(statements.advancing(to: next)) == 1 else {
      throw FlowError(.conflict, job.target, reason: "the job was removed meanwhile", hint: "run the command again")
    }
    try run("COMMIT")
    isOpen = false
    job = next
    self.rows += rows
    self.unscored += unscored
    if rows > 0 { batches += 1 }
  }

  /// Undoes what is not committed.
  mutating func rollBack() {
    if isWriting { connection.abandonWriting() }
    if isOpen { try? connection.run("ROLLBACK") }
    (isOpen, isWriting) = (false, false)
  }
}
