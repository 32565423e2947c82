public import OpzDatabase
import OpzIO
public import OpzModel
import OpzOCI
public import OpzRegistry
public import OpzSQL

/// `opz sql install`: a view for a version of a model, and a stable name that means it, in one transaction.
///
/// Before it, the model's scores of the table's rows are compared with those that the name has. What a kill leaves is
/// what the database makes of a transaction that did not end: the name as it was.
public struct InstallSQL: Sendable {
  /// What is installed.
  public struct Request: Sendable {
    /// The stable name.
    public var name: String
    /// The table with the model's inputs, or the query that makes them.
    public var source: SourceRelation
    /// Columns that are put out as they are; the table's primary key if there are none.
    public var keys: [String] = []
    /// The table's column of an input, where it has another name: `Model.columnNames(_:)`.
    public var columns: [Int: String] = [:]
    /// Nil for the model's default output.
    public var kind: ModelSQL.Kind?
    /// How trees are written; nil for what `opz sql` chooses.
    public var shape: TreeShape?
    /// What is installed, for people: `churn@1.2.0, image sha256:..`.
    public var title: String
    /// The version; nil for a file.
    public var version: Registry.Version?
    /// How much scores may change.
    public var limits = ScoreLimits()
    /// From which on a score means the label; nil for 0.5 of a probability.
    public var threshold: Double?
    /// The most rows that are compared.
    public var rows = 1_000_000
    /// The longest time to wait for others, in seconds.
    public var wait = 10
    /// Whether all is undone at the end.
    public var isDryRun = false

    /// A model under a name, for a table or query.
    public init(name: String, source: SourceRelation, title: String) {
      self.name = name
      self.source = source
      self.title = title
    }
  }

  private let model: Model
  private let request: Request
  private let session: Session
  /// Called with each statement of the transaction before it is run.
  var beforeStatement: @Sendable (String) throws -> Void = { _ in }

  /// Prepares an install. Nothing is connected before `run`.
  public init(_ model: Model, _ request: Request, in session: Session) {
    self.model = model
    self.request = request
    self.session = session
  }

  /// Installs. A difference that is too large does not throw: `InstallReport.requireSuccess()` does.
  /// - Throws: `DatabaseError`, `SQLError`; `FlowError` for a name that opz did not make, columns that do not fit in the
  ///   place of the old ones, and a key that is not unique.
  public func run(_ url: DatabaseURL) async throws -> InstallReport {
    let (report, entries, place) = try await blocking {
      do { return try install(url) } catch { throw InstallSteps.explained(error) }
    }
    if !request.isDryRun { try RecordInstalls(in: session).run(entries, database: place) }
    return report
  }

  /// How often another install may come between the comparison and the change.
  private static let attempts = 5

  private func install(_ url: DatabaseURL) throws -> (InstallReport, [InstallEntry], place: String) {
    let place = try InstallPlace(url, in: session)
    let statements = try place.statements(request.name)
    let scoring = try scoring(place)
    for _ in 0..<InstallSQL.attempts {
      let state = try place.state(statements)
      let plan = try InstallPlan(statements, scoring: scoring, state: state, request, actor: session.author.actor)
      var report = InstallReport(database: place.database, name: request.name, model: plan.entry.model)
      report.view = plan.entry.view
      report.previous = state.log.current?.model
      let view = statements.names.sibling(plan.entry.view)
      if state.log.current?.view == plan.entry.view, try place.catalog.isReading(statements.names.stable, view) {
        return (report, try place.entries(statements), place.place)
      }
      let isReplaced = state.stable != nil
      if isReplaced { try plan.requireFit(place) }
      let compared = try compare(place, statements, scoring: scoring, isFirst: !isReplaced)
      report.difference = compared.shown
      if let refusal = compared.refusal {
        (report.outcome, report.refusal) = (.refused, refusal)
        return (report, [], place.place)
      }
      var steps = InstallSteps(place, wait: request.wait, before: beforeStatement)
      let isDone = try steps.transaction(statements.names, isDry: request.isDryRun) { steps in
        guard try place.state(statements) == state else { return false }
        try plan.run(&steps, place)
        return true
      }
      guard isDone else { continue }
      report.outcome = request.isDryRun ? .rehearsed : .installed
      if request.isDryRun { report.statements = steps.done }
      return (report, try place.entries(statements), place.place)
    }
    throw FlowError(
      .conflict, request.name, reason: "others installed in the same schema while the scores were compared",
      hint: "run the command again")
  }

  /// The model's statement alone, and what stands beside it.
  private func scoring(_ place: InstallPlace) throws -> InstallScoring {
    let source = request.source
    var keys = request.keys
    if keys.isEmpty, case .table(let table) = source { keys = try place.catalog.primaryKey(of: table) }
    guard !keys.isEmpty else {
      throw FlowError(
        .usage, source.title, reason: "it has no primary key, and its rows could not be told apart",
        hint: "--key COLUMN names a column that is put out beside the scores")
    }
    let scoring = InstallScoring(model, place.dialect, request: request, keys: keys)
    let select = try scoring.statement(as: .select, target: nil)
    let duplicates = try place.statements(request.name).duplicates(in: source, keys: keys)
    guard try place.connection.rows(of: duplicates).isEmpty else {
      throw FlowError(
        .failed, "\(source.title), \(keys.joined(separator: ", "))",
        reason: "two rows have the same key, and their scores could not be told apart",
        hint: "name another column with --key, or several")
    }
    return scoring.with(select)
  }

  private func compare(
    _ place: InstallPlace, _ statements: InstallStatements, scoring: InstallScoring, isFirst: Bool
  ) throws -> (shown: InstallReport.Difference, refusal: String?) {
    var difference = ScoreDifference(scoring.kind, threshold: request.threshold)
    let (keys, scores) = (scoring.keys.count, scoring.scores.count)
    guard request.limits.flips == nil || difference.tellsLabels(columns: scores) else {
      throw FlowError(
        .usage, "--max-flips", reason: "a \(scoring.kind.rawValue) has no label",
        hint: "--threshold NUMBER says from which score on it is one; --max-change limits how much scores change")
    }
    let query = statements.comparing(
      scoring.select, keys: scoring.keys, scores: scoring.scores, isFirst: isFirst, limit: request.rows + 1)
    var isCut = false
    try place.connection.forEachRow(of: query) { row in
      guard difference.rows < request.rows else { return isCut = true }
      let key = row.prefix(keys).map { $0 ?? "NULL" }
      let hadScore = !isFirst && row[keys] != nil
      let old = hadScore ? Array(row[(keys + 1)..<(keys + 1 + scores)]) : nil
      difference.add(key: key, old: old, new: Array(row.suffix(scores)))
    }
    return (
      InstallReport.Difference(difference, columns: scores, isCut: isCut),
      isFirst ? nil : request.limits.refusal(of: difference)
    )
  }
}

/// A model's statement for a table.
struct InstallScoring {
  private let model: Model
  private let dialect: SQLDialect
  private let request: InstallSQL.Request
  let keys: [String]
  /// The statement alone.
  private(set) var select = ""
  private(set) var scores: [ModelSQL.Score] = []

  init(_ model: Model, _ dialect: SQLDialect, request: InstallSQL.Request, keys: [String]) {
    self.model = model
    self.dialect = dialect
    self.request = request
    self.keys = keys
  }

  var kind: ModelSQL.Kind {
    request.kind ?? ModelSQL.Kind(rawValue: model.outputs[0].kind.rawValue) ?? .prediction
  }

  /// What the view computes, and nothing of its name.
  var digest: Digest { Digest.of(Array(select.utf8)) }

  func with(_ statement: ModelSQL.Statement) -> InstallScoring {
    var copy = self
    (copy.select, copy.scores) = (statement.text, statement.scores)
    return copy
  }

  func statement(as form: ModelSQL.Form, target: TableName?) throws -> ModelSQL.Statement {
    var options = ModelSQL.Options()
    options.form = form
    options.kind = request.kind
    options.source = request.source
    if let target { options.target = target.source }
    options.keys = keys
    options.columns = request.columns
    options.shape = request.shape
    options.title = request.title
    return try ModelSQL(model, dialect, options: options).statement()
  }
}
