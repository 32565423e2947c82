import OpzFormats
import OpzIO
import OpzJSON
import OpzModel
import OpzScoring
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzSQL

/// Models of the real libraries, scored by a database. SQLite runs here; `scripts/test-peers sql` sets OPZ_SQL_ENGINES to
/// those that it has started, and OPZ_SQL_EVERY to `n:m` where each n-th model from the m-th on is enough. `sqlglot` means
/// all dialects: DuckDB runs what sqlglot makes of their texts.
@Suite("Models in a database")
struct EngineTests {
  static let engines = (ProcessEnvironment.value("OPZ_SQL_ENGINES") ?? "sqlite").split(separator: ",").map(String.init)
    .flatMap { engine in engine == "sqlglot" ? SQLDialect.all.map { "sqlglot:\($0.name)" } : [engine] }
  private static let every = (ProcessEnvironment.value("OPZ_SQL_EVERY") ?? "1:0").split(separator: ":").compactMap {
    Int($0)
  }

  @Test(
    "leaves, margins, probabilities and labels are the scorer's", arguments: engines, ModelFixture.formats)
  func scores(engine: String, format: String) throws {
    var cases: [EngineCase] = []
    let (step, first) = (Self.every[0], Self.every[1])
    for (index, fixture) in try ModelFixture.all(of: format).enumerated()
    where fixture.refused == nil && index % step == first {
      let model = try ModelFormats.standard.read(fixture.bytes, name: fixture.file).model
      if let made = try EngineCase(fixture, model, engine: engine) { cases.append(made) }
    }
    let answers = try DatabaseProcess.run(engine, cases.map(\.task))
    #expect(answers.count == cases.count)
    var isRun = 0
    for (item, answer) in zip(cases, answers) {
      let problems = try item.problems(answer)
      isRun += 1
      #expect(problems.isEmpty, "\(engine) \(format) \(item.fixture.name): \(problems.prefix(3))")
    }
    #expect(isRun > 5)
  }
}

/// Runs `run_sql.py`.
enum DatabaseProcess {
  static func run(_ engine: String, _ tasks: [JSONValue]) throws -> [JSONValue] {
    let script = PackageRoot.path(#filePath).appending("Tests/OpzSQLTests/Fixtures/run_sql.py")
    let python = ProcessEnvironment.value("OPZ_SQL_PYTHON") ?? "/usr/bin/env"
    var input: [UInt8] = []
    for task in tasks { input += try CanonicalJSON.encode(task) + [10] }
    let output = try ChildProcess.run(
      (python == "/usr/bin/env" ? [python, "python3"] : [python]) + [script.string, engine],
      input: input, limit: 1 << 30)
    guard output.status == 0 else { throw ModelError(.damaged, engine, reason: output.errorText) }
    return try output.output.split(separator: 10).map { line in
      try JSONValue(json: Array(line), options: JSONOptions(size: 1 << 30))
    }
  }
}

/// A model with a table and the queries that score it.
struct EngineCase {
  let fixture: ModelFixture
  let model: Model
  let dialect: SQLDialect
  let kinds: [ModelSQL.Kind]
  private let rows: [[String?]]
  let task: JSONValue

  /// The statements of other forms, which are parsed alone.
  private let texts: [String]

  /// Nil for a model that SQL has nothing for.
  init?(_ fixture: ModelFixture, _ model: Model, engine: String) throws {
    self.fixture = fixture
    self.model = model
    let isParsed = engine.hasPrefix("sqlglot:")
    dialect = try SQLDialect.named(isParsed ? String(engine.dropFirst(8)) : engine)
    var kinds = model.outputs.compactMap { ModelSQL.Kind(rawValue: $0.kind.rawValue) }
    if model.treeCount > 0 { kinds.append(.leaf) }
    self.kinds = kinds
    var queries: [JSONValue] = []
    do {
      for kind in kinds {
        for shape in kind == .leaf ? TreeShape.allCases : [.nested] {
          var options = ModelSQL.Options()
          options.kind = kind
          options.keys = ["row_id"]
          options.shape = shape
          queries.append(.string(try ModelSQL(model, dialect, options: options).statement().text))
        }
      }
      texts = isParsed ? try EngineCase.forms(model, dialect) : []
    } catch let error as SQLError where error.code == .unsupported || error.code == .tooLarge {
      return nil
    }
    // MariaDB has no infinite numbers.
    rows =
      engine == "mariadb" ? fixture.rows.filter { !$0.contains { $0?.hasSuffix("inf") == true } } : fixture.rows
    let columns = model.inputs.map { input -> JSONValue in
      .array([.string(input.name), .string(EngineCase.isText(input) ? "text" : "real")])
    }
    let hasNaN = if case .none = dialect.nans { false } else { true }
    let rows = rows.map { row in
      JSONValue.array(
        model.inputs.enumerated().map { index, input in
          // A text where the model has a number is missing, and so is NaN in a database without it.
          guard index < row.count, let cell = row[index] else { return .null }
          guard !EngineCase.isText(input) else { return .string(cell) }
          guard let number = Double(cell), hasNaN || !number.isNaN else { return .null }
          return .string(cell)
        })
    }
    task = .object([
      "columns": .array(columns), "rows": .array(rows), "queries": .array(queries),
      "texts": .array(texts.map { .string($0) }),
    ])
  }

  /// Each form but the query itself.
  private static func forms(_ model: Model, _ dialect: SQLDialect) throws -> [String] {
    try ModelSQL.Form.allCases.filter { $0 != .select && ($0 != .table || dialect.createsTableAs) }.map { form in
      var options = ModelSQL.Options()
      options.form = form
      options.keys = ["row_id"]
      return try ModelSQL(model, dialect, options: options).statement().text
    }
  }

  private static func isText(_ input: Model.Input) -> Bool {
    switch input.kind {
    case .text: true
    case .categorical(let texts, _): !texts.isEmpty
    case .number: false
    }
  }

  /// How the database's answers differ from the scorer's.
  func problems(_ answer: JSONValue) throws -> [String] {
    var problems: [String] = []
    var answers = (answer.array ?? [])[...]
    let scorer = Scorer(model)
    let input = fixture.input(model, rows)
    for kind in kinds {
      for shape in kind == .leaf ? TreeShape.allCases : [.nested] {
        guard let found = answers.popFirst() else { return problems + ["no answer to \(kind)"] }
        // PostgreSQL ends a query where a product becomes 0; some rows have the least numbers of float32.
        if found.string?.contains("value out of range: underflow") == true { continue }
        if let text = found.string {
          problems.append("\(kind) \(shape): \(text)")
          continue
        }
        let table = (found.array ?? []).map { ($0.array ?? []).map(\.string) }
        if kind == .leaf {
          let wanted = try scorer.leaves(input).map { "\($0)" }
          let own = table.joined().map { $0.flatMap { Double($0) }.map { "\(Int($0))" } ?? "NULL" }
          if own != wanted { problems.append("\(shape) leaves: \(EngineCase.first(own, wanted))") }
        } else if let wanted = kind.output {
          problems += try compare(scorer.score(input, [wanted]), table, kind: kind)
        }
      }
    }
    problems += answers.compactMap(\.string).filter { !$0.isEmpty }
    return problems + (answers.count == texts.count ? [] : ["\(answers.count) answers to \(texts.count) statements"])
  }

  private static func first(_ own: [String], _ wanted: [String]) -> String {
    guard own.count == wanted.count else { return "\(own.count), not \(wanted.count)" }
    return zip(own, wanted).enumerated().first { $1.0 != $1.1 }.map { "\($0): \($1.0), not \($1.1)" } ?? ""
  }

  private func compare(
    _ scored: Scorer.Result, _ table: [[String?]], kind: ModelSQL.Kind
  ) -> [String] {
    let tensor = scored.outputs[0]
    let width = tensor.type.width
    guard table.count == tensor.rows, table.allSatisfy({ $0.count == width }) else {
      return ["\(kind): \(table.count) rows, not \(tensor.rows) x \(width)"]
    }
    let all = tensor.numbers
    var comparison = ScoreComparison(kind, model, dialect: dialect)
    for (row, cells) in table.enumerated() {
      let own = (row * width)..<((row + 1) * width)
      let isRefused = scored.refused[row] != nil
      if case .texts(let texts) = tensor.storage {
        comparison.compare(cells, withTexts: isRefused ? nil : texts[own], row: row)
        continue
      }
      let numbers = all[own]
      // The database may have NULL, NaN or a limit where sums of infinite numbers are NaN.
      if numbers.contains(where: \.isNaN), rows[row].contains(where: { $0?.hasSuffix("inf") == true }) { continue }
      comparison.compare(cells, with: isRefused ? nil : numbers, row: row)
    }
    return comparison.examples.map { "\(kind) of row \($0.row).\($0.column): \($0.database), not \($0.model)" }
  }
}
