public import OpzDatabase
import OpzIO
public import OpzModel
public import OpzSQL

/// `opz sql check`: compares the columns of a table, or of the query that makes a model's columns, with what the model
/// reads and what it was trained with.
public struct CheckFeatures: Sendable {
  /// What is compared.
  public struct Request: Sendable {
    /// For the report: a name, version and digest.
    public var title: String
    public var source: SourceRelation
    /// The source's column of an input, where it has another name: `Model.columnNames(_:)`.
    public var columns: [Int: String] = [:]
    /// What the training data had; nil if nobody said.
    public var profile: TableProfile?
    /// The most rows that are looked at.
    public var rows = 1_000_000

    /// A model's columns from a table or query.
    public init(title: String, source: SourceRelation) {
      self.title = title
      self.source = source
    }
  }

  private let model: Model
  private let request: Request
  private let session: Session

  /// Prepares a check. Nothing is connected before `run`.
  public init(_ model: Model, _ request: Request, in session: Session) {
    self.model = model
    self.request = request
    self.session = session
  }

  /// Checks. What does not fit does not throw: `FeatureReport.requireSuccess()` does.
  /// - Throws: `DatabaseError` for a database that cannot be reached, and a table or query that cannot be read.
  public func run(_ url: DatabaseURL) async throws -> FeatureReport {
    try await blocking { try check(url) }
  }

  private func check(_ url: DatabaseURL) throws -> FeatureReport {
    let duckdb = url.engine == .duckdb ? InstalledTool.duckdb.find(session.environment) : nil
    let connection = try url.connect(from: session.directory, duckdb: duckdb, environment: session.environmentList)
    let dialect = try url.dialect(of: connection)
    var report = FeatureReport(
      engine: dialect.name, engineVersion: connection.version, database: url.description, model: request.title,
      source: request.source.title)
    let known = try FeatureColumns(connection, dialect).of(request.source)
    let used = model.usedInputs.sorted()
    report.inputs = used.map { described($0, known) }
    let whole = used.indices.filter { report.inputs[$0].problem == nil }
    let counting = FeatureCounts(
      dialect, request.source,
      columns: whole.map { .init(model.inputs[used[$0]], name: report.inputs[$0].column) }, limit: request.rows)
    let row = try connection.rows(of: counting.statement).first ?? []
    let (rows, counts) = try counting.read(row)
    report.rows = rows
    for (place, count) in zip(whole, counts) {
      report.inputs[place].add(count, rows: rows, trained: profile(of: used[place]))
    }
    return report
  }

  private func profile(of input: Int) -> (column: TableProfile.Column, rows: Int)? {
    guard let profile = request.profile,
      let column = profile.columns.first(where: { $0.name == model.inputs[input].name })
    else { return nil }
    return (column, profile.rows)
  }

  /// Looks an input's column up: that it is there, and of which type.
  private func described(_ index: Int, _ known: [FeatureColumn]) -> FeatureReport.Input {
    let input = model.inputs[index]
    let name = request.columns[index] ?? input.name
    var described = FeatureReport.Input(name: input.name, column: name, needs: input.isText ? "text" : "number")
    guard let column = known.first(where: { $0.name == name }) else {
      described.problem = "there is no column \(name)"
      let near =
        known.first { $0.name.lowercased() == name.lowercased() }?.name
        ?? NearestName.find(name, in: known.map(\.name))
      described.hint =
        near.map { "--columns \(input.name)=\($0) reads it from the column \($0)" }
        ?? "--columns \(input.name)=COLUMN names the column"
      return described
    }
    described.type = column.type.isEmpty ? nil : column.type
    let isRight: Bool =
      switch column.kind {
      case .unknown: true
      case .number: !input.isText
      case .text: input.isText
      case .other: false
      }
    if !isRight {
      described.problem = "the column \(name) is \(column.type), and the model reads a \(described.needs)"
      described.hint = "CAST it in the query, where that is what training had"
    }
    return described
  }
}

extension FeatureReport.Input {
  /// Compares what was counted with the training data.
  fileprivate mutating func add(
    _ count: FeatureCounts.Count, rows: Int, trained: (column: TableProfile.Column, rows: Int)?
  ) {
    missing = count.missing
    trainingMissing = trained?.column.missing
    if count.texts > 0 {
      problem = "a text in \(count.texts) of \(rows) rows, and the model reads a number"
      hint = "CAST it in the query, where that is what training had"
    } else if count.missing > 0, let trained, trained.column.missing == 0, trained.rows > 0 {
      problem = "NULL in \(count.missing) of \(rows) rows, and in none of the \(trained.rows) rows of training"
      hint = "find out why they are; the model learned nothing of rows without it"
    }
    if count.unseen > 0 { notes.append("a category that the model does not have in \(count.unseen) of \(rows) rows") }
    guard let trained else { return }
    if let least = count.least, let bound = trained.column.least, least < bound {
      notes.append("as low as \(least), where training had \(bound)")
    }
    if let most = count.most, let bound = trained.column.most, most > bound {
      notes.append("as high as \(most), where training had \(bound)")
    }
  }
}
