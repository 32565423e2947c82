public import OpzModel
public import OpzRegistry
public import OpzSQL

/// `opz sql install --as migration`: what an install does, as texts for a tool of the user's. Nothing is connected, so
/// no scores are compared.
public struct WriteMigration: Sendable {
  private let model: Model
  private let request: InstallSQL.Request
  private let session: Session

  /// Prepares a migration.
  public init(_ model: Model, _ request: InstallSQL.Request, in session: Session) {
    self.model = model
    self.request = request
    self.session = session
  }

  /// Writes both texts.
  /// - Parameter previous: the version that the name means before; nil if it means nothing.
  /// - Throws: `SQLError`.
  public func run(_ dialect: SQLDialect, previous: Registry.Version?) throws -> InstallMigration {
    let names = try InstallNames(parsing: request.name, schema: "", dialect)
    let statements = try InstallStatements(dialect, names)
    var scoring = InstallScoring(model, dialect, request: request, keys: request.keys)
    scoring = scoring.with(try scoring.statement(as: .select, target: nil))
    let state = InstallState(last: 0, log: InstallLog([]), stable: nil)
    let entry = try InstallPlan(statements, scoring: scoring, state: state, request, actor: session.author.actor).entry
    let made = try scoring.statement(as: .view, target: names.sibling(entry.view))
    let before = previous.map { version in
      InstallEntry(
        name: names.stable.last, action: .rolledBack,
        view: names.view(version: version.record.version, statement: scoring.digest).last,
        model: version.record.reference, image: "\(version.record.image.digest)", statement: "",
        actor: session.author.actor)
    }
    return InstallMigration(statements, creating: made, entry, keys: request.keys, previous: before)
  }
}
