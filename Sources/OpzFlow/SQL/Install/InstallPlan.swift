import OpzIO
import OpzSQL

/// What an install changes, from what a name means now.
struct InstallPlan {
  /// What the table of installs will say of it.
  let entry: InstallEntry
  private let statements: InstallStatements
  private let scoring: InstallScoring
  private let state: InstallState
  private let title: String

  /// - Throws: `FlowError` of category `conflict` if the name is not one that opz made.
  init(
    _ statements: InstallStatements, scoring: InstallScoring, state: InstallState, _ request: InstallSQL.Request,
    actor: String
  ) throws {
    self.statements = statements
    self.scoring = scoring
    self.state = state
    title = request.title
    guard state.stable == nil || state.stable?.isView == true && state.log.current != nil else {
      throw FlowError(
        .conflict, request.name, reason: "there is a view or table of this name, and opz did not install it",
        hint: "choose another --name, or rename what is there")
    }
    let digest = scoring.digest
    let version = request.version?.record.version
    let usual = statements.names.view(version: version, statement: digest)
    let known = state.log.statement(of: usual.last)
    let isOther = known != nil && known != digest.description
    let view = isOther ? statements.names.view(version: version, statement: digest, isOther: true) : usual
    entry = InstallEntry(
      name: statements.names.stable.last, action: .installed, view: view.last,
      model: request.version?.record.reference ?? request.title,
      image: request.version.map { "\($0.record.image.digest)" } ?? "", statement: digest.description, actor: actor)
  }

  private var view: TableName { statements.names.sibling(entry.view) }

  /// Requires that what reads the stable name finds its columns again.
  func requireFit(_ place: InstallPlace) throws {
    let old = try place.catalog.columns(of: statements.names.stable).map(\.name)
    let new = scoring.keys + scoring.scores.map(\.name)
    guard !new.starts(with: old) else { return }
    try refuse(
      place,
      reason: "it has the columns \(old.joined(separator: ", ")), and the model gives \(new.joined(separator: ", "))")
  }

  private func refuse(_ place: InstallPlace, reason: String) throws {
    let dependents = try place.catalog.dependents(on: [statements.names.stable])
    let readers = dependents.isEmpty ? "" : "; what depends on it: \(dependents.joined(separator: ", "))"
    throw FlowError(
      .conflict, statements.names.stable.parts.joined(separator: "."),
      reason: "\(reason)\(readers)",
      hint: "--key, --kind and --columns give other columns; or install it under another --name")
  }

  /// Runs the statements of the transaction.
  func run(_ steps: inout InstallSteps, _ place: InstallPlace) throws {
    let (names, catalog) = (statements.names, place.catalog)
    try steps.run(statements.creationOfLog)
    try create(&steps, place)
    if state.stable != nil { try requireTypes(place) }
    let restoring = try catalog.restoring(names.stable)
    let pointing = statements.pointing(
      to: view, keys: scoring.keys, scores: scoring.scores, exists: state.stable != nil,
      options: state.stable?.options ?? [])
    for statement in pointing + restoring { try steps.run(statement) }
    try steps.run(statements.recording(entry))
    try steps.run(catalog.proving(names.stable))
  }

  /// Creates the version's view, unless it is there from an earlier install.
  private func create(_ steps: inout InstallSteps, _ place: InstallPlace) throws {
    if try place.catalog.relation(view) != nil {
      guard state.log.views.contains(entry.view), state.log.statement(of: entry.view) == entry.statement else {
        throw FlowError(
          .conflict, view.parts.joined(separator: "."),
          reason: "there is a view or table of this name, and opz did not install it",
          hint: "choose another --name, or rename what is there")
      }
      return
    }
    try steps.run(scoring.statement(as: .view, target: view).text)
    if let comment = statements.comment(on: view, title) { try steps.run(comment) }
    let before = state.log.current.map { statements.names.sibling($0.view) }
    for statement in try place.catalog.inheriting(view, from: before, stable: state.stable) {
      try steps.run(statement)
    }
  }

  /// Requires that the columns have the types that the stable name has, where the database has any.
  private func requireTypes(_ place: InstallPlace) throws {
    let old = try place.catalog.columns(of: statements.names.stable)
    let widened = Dictionary(
      scoring.scores.map { ($0.name, statements.stableType(of: $0)) }, uniquingKeysWith: { one, _ in one })
    let new = try place.catalog.columns(of: view).map { column in
      InstalledColumn(name: column.name, type: (widened[column.name] ?? nil) ?? column.type)
    }
    for (one, other) in zip(old, new) where one != other {
      try refuse(
        place,
        reason: "its column \(one.name) has the type \(one.type), and the model's \(other.name) has \(other.type)")
    }
  }
}
