public import OpzDatabase
import OpzIO
public import OpzModel
public import OpzSQL
import OpzScoring
import SystemPackage

/// `opz sql verify`: scores rows in a database by the SQL of a model, and compares each leaf, margin, probability and
/// label with the scorer's.
///
/// Rows that were made up stand at each split of the model's trees; others are copied from a table. Both are in tables of
/// the connection's own, so that nothing of the database changes.
public struct VerifySQL: Sendable {
  /// What is compared.
  public struct Request: Sendable {
    /// For the report: a name, version and digest.
    public var title: String
    /// A table with the model's inputs, or a query that makes them; nil for rows that were made up alone.
    public var source: SourceRelation?
    /// The table's column of an input, where it has another name: `Model.columnNames(_:)`.
    public var columns: [Int: String] = [:]
    /// The most rows of the table.
    public var rows = 100_000
    /// The most rows that are made up for splits.
    public var boundaryRows = 100_000
    /// How trees are written; nil for what `opz sql` chooses.
    public var shape: TreeShape?

    /// Boundary rows, and no table.
    public init(title: String) { self.title = title }
  }

  private let model: Model
  private let reference: Model
  private let request: Request
  private let session: Session

  /// Prepares a comparison. Nothing is connected before `run`.
  public init(_ model: Model, _ request: Request, in session: Session) {
    self.init(model, scoredBy: model, request, in: session)
  }

  /// - Parameter reference: what the scorer scores; another model than the SQL's shows what is noticed.
  init(_ model: Model, scoredBy reference: Model, _ request: Request, in session: Session) {
    self.model = model
    self.reference = reference
    self.request = request
    self.session = session
  }

  /// Compares. Differences do not throw: `SQLReport.requireSuccess()` does.
  /// - Throws: `DatabaseError` for a database that cannot be reached, or a table that cannot be read; `SQLError` for a
  ///   database that is too old for the SQL, and a model that SQL has nothing for.
  public func run(_ url: DatabaseURL) async throws -> SQLReport {
    try await blocking { try compare(url) }
  }

  private func compare(_ url: DatabaseURL) throws -> SQLReport {
    let duckdb = url.engine == .duckdb ? InstalledTool.duckdb.find(session.environment) : nil
    let connection = try url.connect(
      from: session.directory, duckdb: duckdb, environment: session.environmentList)
    let dialect = try url.dialect(of: connection)
    var report = SQLReport(
      engine: dialect.name, engineVersion: connection.version, database: url.description, model: request.title)
    let comparing = TableComparing(model, reference, dialect: dialect, in: connection, shape: request.shape)
    let boundary = BoundaryRows(model, limit: request.boundaryRows)
    (report.splits, report.reachedSplits) = (boundary.splits, boundary.reached)
    report.parts.append(try comparing.made(boundary))
    if let source = request.source {
      let part = try comparing.copied(source, columns: request.columns, limit: request.rows)
      report.parts.append(part)
    }
    report.ended = Timestamp.now()
    return report
  }
}

/// Compares the scores of rows in a table of the connection's own.
private struct TableComparing {
  private let model: Model
  private let dialect: SQLDialect
  private let connection: any DatabaseConnection
  private let shape: TreeShape?
  private let scorer: Scorer

  /// Rows that are scored at once.
  private static let batch = 1024

  init(
    _ model: Model, _ reference: Model, dialect: SQLDialect, in connection: any DatabaseConnection, shape: TreeShape?
  ) {
    self.model = model
    self.dialect = dialect
    self.connection = connection
    self.shape = shape
    scorer = Scorer.compiled(reference)
  }

  /// Rows that were made up.
  func made(_ boundary: BoundaryRows) throws -> SQLReport.Part {
    let table = ScratchTable(model, dialect, schema: connection.scratchSchema, name: "opz_boundary_rows")
    try connection.makeScratch(table.creation)
    var number = 0.0
    let rows = boundary.rows.filter(isWritable).map { row -> [DatabaseCell] in
      number += 1
      return [.number(number)] + row.map(cell)
    }
    for start in stride(from: 0, to: rows.count, by: 20_000) {
      try connection.insert(Array(rows[start..<min(start + 20_000, rows.count)]), into: table.name)
    }
    return try part(table, name: "boundary rows") { row, columns in columns.text(of: row - 1) }
  }

  private func cell(_ entry: LookUp.Entry?) -> DatabaseCell {
    switch entry {
    case .number(let number): number.isNaN && !connection.hasNaN ? .missing : .number(number)
    case .text(let text): .text(text)
    case nil: .missing
    }
  }

  /// Whether the database has the row's numbers.
  private func isWritable(_ row: [LookUp.Entry?]) -> Bool {
    connection.hasInfinities || !row.contains { if case .number(let number) = $0 { number.isInfinite } else { false } }
  }

  /// The first rows of a table or query.
  func copied(_ source: SourceRelation, columns: [Int: String], limit: Int) throws -> SQLReport.Part {
    let table = ScratchTable(model, dialect, schema: connection.scratchSchema, name: "opz_rows")
    try connection.makeScratch(table.copy(of: source, columns: columns, limit: limit))
    return try part(table, name: source.title) { row, columns in "row \(row), \(columns.text(of: row - 1))" }
  }

  private func part(
    _ table: ScratchTable, name: String, describe: (Int, InputColumns) -> String
  ) throws -> SQLReport.Part {
    var columns = InputColumns(model, table.inputs)
    try connection.forEachRow(of: table.reading) { columns.add(Array($0.dropFirst())) }
    var part = SQLReport.Part(name: name)
    part.rows = columns.count
    part.left = model.outputs.map(\.kind.rawValue).filter { ModelSQL.Kind(rawValue: $0) == nil }.map {
      "\($0): opz sql does not write it"
    }
    var firstError: SQLError?
    for kind in kinds {
      do {
        let statement = try table.scoring(kind, shape: shape).text
        part.checks.append(check(kind, statement, columns: columns) { describe($0, columns) })
      } catch let error as SQLError {
        firstError = firstError ?? error
        part.left.append("\(kind.rawValue): \(error.reason)")
      }
    }
    if let firstError, part.checks.isEmpty { throw firstError }
    return part
  }

  private var kinds: [ModelSQL.Kind] {
    (model.treeCount > 0 ? [.leaf] : []) + model.outputs.compactMap { ModelSQL.Kind(rawValue: $0.kind.rawValue) }
  }

  private func check(
    _ kind: ModelSQL.Kind, _ statement: String, columns: InputColumns, describe: (Int) -> String
  ) -> SQLReport.Check {
    var comparison = ScoreComparison(kind, model, dialect: dialect)
    var waiting: [(row: Int, cells: [String?])] = []
    var problem: String?
    var seen = 0
    do {
      try connection.forEachRow(of: statement) { cells in
        guard let row = cells.first?.flatMap({ Int($0) }), (1...max(1, columns.count)).contains(row) else {
          throw DatabaseError(.refused, kind.rawValue, reason: "a row came back with a key that none was sent with")
        }
        seen += 1
        waiting.append((row, Array(cells.dropFirst())))
        if waiting.count == TableComparing.batch { try compare(&waiting, columns, comparison: &comparison) }
      }
      try compare(&waiting, columns, comparison: &comparison)
      if seen != columns.count { problem = "\(seen) rows came back, and \(columns.count) were scored" }
    } catch {
      problem = (error as? any ExplainedError)?.reason ?? "\(error)"
    }
    var check = SQLReport.Check(comparison, row: describe)
    check.problem = problem
    return check
  }

  private func compare(
    _ waiting: inout [(row: Int, cells: [String?])], _ columns: InputColumns, comparison: inout ScoreComparison
  ) throws {
    guard !waiting.isEmpty else { return }
    defer { waiting = [] }
    let rows = columns.rows(waiting.map { $0.row - 1 })
    guard let output = comparison.kind.output else {
      let refused = try scorer.score(rows, [scorer.model.outputs[0].kind]).refused
      let leaves = try scorer.leaves(rows).map(Double.init)
      let width = leaves.count / waiting.count
      for (index, item) in waiting.enumerated() {
        let own = leaves[(index * width)..<((index + 1) * width)]
        let isRefused = refused[index] != nil || columns.refused.contains(item.row - 1)
        comparison.compare(item.cells, with: isRefused ? nil : own, row: item.row)
      }
      return
    }
    let scored = try scorer.score(rows, [output])
    let (tensor, width) = (scored.outputs[0], scored.outputs[0].type.width)
    let (numbers, texts) = (tensor.numbers, tensor.texts)
    let tied = comparison.kind == .label && comparison.promise != .exact ? try ties(rows) : []
    for (index, item) in waiting.enumerated() {
      let isRefused = scored.refused[index] != nil || columns.refused.contains(item.row - 1)
      let own = (index * width)..<((index + 1) * width)
      if tensor.type.element == .text {
        comparison.compare(
          item.cells, withTexts: isRefused ? nil : texts[own], row: item.row, isTied: tied.contains(index))
      } else if numbers[own].contains(where: \.isNaN), columns.isInfinite(item.row - 1) {
        // What is infinite minus infinite in the model, may be a limit or NULL in the database: none of them is a score.
        comparison.leaveOut()
      } else {
        comparison.compare(
          item.cells, with: isRefused ? nil : numbers[own], row: item.row, isTied: tied.contains(index))
      }
    }
  }

  /// Rows whose two best scores are so near that float32 decides, by their place.
  private func ties(_ rows: Rows) throws -> Set<Int> {
    guard let kind = [Model.OutputKind.probability, .margin].first(where: { scorer.model.output($0) != nil }) else {
      return []
    }
    let tensor = try scorer.score(rows, [kind]).outputs[0]
    let (numbers, width) = (tensor.numbers, tensor.type.width)
    let middle = kind == .probability ? 0.5 : 0
    return Set(
      (0..<rows.count).filter { row in
        let own = numbers[(row * width)..<((row + 1) * width)].sorted(by: >)
        let gap = own.count == 1 ? abs(own[0] - middle) : own[0] - own[1]
        return gap <= 1e-5 * max(1, abs(own[0]))
      })
  }
}
