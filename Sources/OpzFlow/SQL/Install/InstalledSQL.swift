public import OpzDatabase
import OpzIO
import OpzSQL

/// What is installed in a database: `opz sql status`, `opz sql rollback` and `opz sql uninstall`.
public struct InstalledSQL: Sendable {
  /// What a name means.
  public struct Status: Sendable, Encodable {
    public let name: String
    public let view: String
    public let model: String
    /// RFC 3339, by the database's clock.
    public let since: String
    public let actor: String
    /// What a rollback restores; nil if there is nothing before.
    public let previous: String?
    /// Why queries do not get the scores of this version; nil if they do.
    public let problem: String?
  }

  /// What was done to a name.
  public struct Change: Sendable, Encodable {
    public let database: String
    public let name: String
    /// What the name meant.
    public let before: String
    /// What it means; nil for nothing.
    public let after: String?
    public let isDryRun: Bool
    public let statements: [String]
  }

  private let session: Session
  private let wait: Int
  /// Called with each statement of a transaction before it is run.
  var beforeStatement: @Sendable (String) throws -> Void = { _ in }

  /// - Parameter wait: the longest time to wait for others, in seconds.
  public init(in session: Session, wait: Int = 10) {
    self.session = session
    self.wait = wait
  }

  /// All names of a schema, or one.
  /// - Parameters:
  ///   - name: one name; nil for all of the connection's schema.
  public func status(_ url: DatabaseURL, name: String? = nil) async throws -> [Status] {
    let (found, entries, place) = try await blocking { () -> ([Status], [InstallEntry], String) in
      let place = try InstallPlace(url, in: session)
      let statements = try place.statements(name ?? InstallNames.logName)
      let entries = try place.entries(statements)
      let names = name.map { _ in [statements.names.stable.last] } ?? Array(Set(entries.map(\.name))).sorted()
      let found = try names.compactMap { try status($0, of: entries, in: place, statements.names) }
      return (found, entries, place.place)
    }
    try RecordInstalls(in: session).run(entries, database: place)
    return found
  }

  private func status(
    _ name: String, of entries: [InstallEntry], in place: InstallPlace, _ names: InstallNames
  ) throws -> Status? {
    let log = InstallLog(entries.filter { $0.name == name })
    guard let current = log.current, let since = log.since else { return nil }
    let (stable, view) = (names.sibling(name), names.sibling(current.view))
    var problem: String?
    if try place.catalog.relation(stable) == nil {
      problem = "there is no view \(name)"
    } else if try place.catalog.relation(view) == nil {
      problem = "there is no view \(current.view)"
    } else if try !place.catalog.isReading(stable, view) {
      problem = "\(name) does not read \(current.view): somebody replaced it"
    } else {
      do { try place.connection.run(place.catalog.proving(stable)) } catch {
        problem = (error as? any ExplainedError)?.reason ?? "\(error)"
      }
    }
    return Status(
      name: name, view: current.view, model: current.model, since: since.at, actor: since.actor,
      previous: log.previous?.model, problem: problem)
  }

  /// Lets a name mean what it meant before.
  /// - Throws: `FlowError` of category `notFound` if there is nothing before; `DatabaseError`.
  public func rollback(_ url: DatabaseURL, name: String, isDryRun: Bool) async throws -> Change {
    try await change(url, name: name, isDryRun: isDryRun) { steps, place, statements, log in
      guard let current = log.current, let previous = log.previous else {
        throw FlowError(
          .notFound, name, reason: "nothing was installed before \(log.current?.model ?? "now")",
          hint: "opz sql status says what is installed")
      }
      let (stable, view) = (statements.names.stable, statements.names.sibling(previous.view))
      guard try place.catalog.relation(view) != nil else {
        throw FlowError(
          .notFound, view.parts.joined(separator: "."), reason: "the view of \(previous.model) is gone",
          hint: "opz sql install \(previous.model) makes it again")
      }
      try point(&steps, in: place, statements, to: view)
      try steps.run(statements.recording(previous.again(.rolledBack, actor: session.author.actor)))
      try steps.run(place.catalog.proving(stable))
      return (current.model, previous.model)
    }
  }

  /// The stable name keeps its columns; the view before may have fewer, and then it does not fit.
  private func point(
    _ steps: inout InstallSteps, in place: InstallPlace, _ statements: InstallStatements, to view: TableName
  ) throws {
    let stable = statements.names.stable
    let old = try place.catalog.columns(of: stable)
    let columns = try place.catalog.columns(of: view)
    guard columns.map(\.name).starts(with: old.map(\.name)) || old.isEmpty else {
      throw FlowError(
        .conflict, stable.parts.joined(separator: "."),
        reason: "it has the columns \(old.map(\.name).joined(separator: ", ")), and \(view.last) has "
          + columns.map(\.name).joined(separator: ", "),
        hint: "opz sql install it under another --name")
    }
    let wide = Set(zip(old, columns).filter { $0.0.type != $0.1.type }.map(\.0.name))
    let scores = columns.filter { wide.contains($0.name) }.map { ModelSQL.Score(name: $0.name, type: .float64) }
    let relation = try place.catalog.relation(stable)
    let restoring = try place.catalog.restoring(stable)
    let pointing = statements.pointing(
      to: view, keys: columns.map(\.name).filter { !wide.contains($0) }, scores: scores, exists: relation != nil,
      options: relation?.options ?? [])
    for statement in pointing + restoring { try steps.run(statement) }
  }

  /// Removes a name and the views of its versions.
  /// - Throws: `FlowError` of category `conflict` if others depend on them; `DatabaseError`.
  public func uninstall(_ url: DatabaseURL, name: String, isDryRun: Bool) async throws -> Change {
    try await change(url, name: name, isDryRun: isDryRun) { steps, place, statements, log in
      guard let current = log.current else {
        throw FlowError(
          .notFound, name, reason: "opz did not install it here", hint: "opz sql status says what is installed")
      }
      let views = [statements.names.stable] + log.views.reversed().map(statements.names.sibling)
      let dependents = try place.catalog.dependents(on: views)
      guard dependents.isEmpty else {
        throw FlowError(
          .conflict, name, reason: "others depend on it: \(dependents.joined(separator: ", "))",
          hint: "change or drop these views first")
      }
      for view in views where try place.catalog.relation(view)?.isView == true {
        try steps.run(statements.dropping(view))
      }
      try steps.run(statements.recording(current.again(.uninstalled, actor: session.author.actor)))
      return (current.model, nil)
    }
  }

  private func change(
    _ url: DatabaseURL, name: String, isDryRun: Bool,
    _ body:
      @escaping @Sendable (
        inout InstallSteps, InstallPlace, InstallStatements, InstallLog
      ) throws -> (before: String, after: String?)
  ) async throws -> Change {
    let (change, entries, place) = try await blocking { () -> (Change, [InstallEntry], String) in
      let place = try InstallPlace(url, in: session)
      let statements = try place.statements(name)
      var steps = InstallSteps(place, wait: wait, before: beforeStatement)
      let result = try steps.transaction(statements.names, isDry: isDryRun) { steps in
        try body(&steps, place, statements, place.state(statements).log)
      }
      let change = Change(
        database: place.database, name: name, before: result.before, after: result.after, isDryRun: isDryRun,
        statements: isDryRun ? steps.done : [])
      return (change, try place.entries(statements), place.place)
    }
    if !isDryRun { try RecordInstalls(in: session).run(entries, database: place) }
    return change
  }
}
