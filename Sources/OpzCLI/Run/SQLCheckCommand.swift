import ArgumentParser
import OpzDatabase
import OpzFlow
import OpzFormats
import OpzIO
import OpzModel
import OpzSQL

struct SQLCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Compares the columns of a table or query with what a model reads.",
    discussion: """
      Says which of the model's inputs have no column, a column of another type, or NULL where the training data \
      (monitor.data in opz.yaml) had none; and which have categories or numbers that training did not have. The columns \
      are those of --table, of the query in --features, or of the query that the version was packaged with (features.sql). \
      Nothing in the database changes.

      URL and passwords are as for opz sql verify. Exit code 4 if an input does not fit.

      opz sql check churn@1.0.0 --database postgresql://scoring@db.example/crm --table customers
      opz sql check model.json --database sqlite:crm.db --table customers --columns age=customer_age --json
      """)

  @Argument(
    help: "NAME@VERSION, a model's file, or a directory that holds one.", completion: RegistryNames.referencesOrFiles)
  var model: String
  @OptionGroup var database: DatabaseOption
  @OptionGroup var features: FeaturesOption
  @Option(help: ArgumentHelp("The most rows that are looked at.", valueName: "n")) var rows = 1_000_000
  @Flag(help: "An object: engine, engineVersion, database, model, source, rows, inputs, passed.") var json = false
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard rows >= 0 else { throw ValidationError("--rows \(rows): at least 0") }
  }

  func run() async throws {
    let session = options.session()
    let url = try database.url(session)
    let operand = ModelOperand(model, session)
    let loaded = try await operand.load()
    for note in loaded.model.notes { options.note(note) }
    var request = CheckFeatures.Request(
      title: try operand.title(), source: try await features.source(operand, session))
    request.columns = try loaded.model.columnNames(features.columns)
    request.profile = try await operand.trainingProfile()
    request.rows = rows
    let report = try await CheckFeatures(loaded.model, request, in: session).run(url)
    if json { try Console.json(report) } else { show(report) }
    if request.profile == nil {
      options.note("what training had is not known: monitor: {data: FILE} in opz.yaml says it")
    }
    try report.requireSuccess()
  }

  private func show(_ report: FeatureReport) {
    Console.line("\(report.source) in \(report.database): \(report.rows) rows")
    var table = TextTable(["INPUT", "COLUMN", "TYPE", "NULL", "RESULT"], right: [3])
    for input in report.inputs {
      let result = input.problem ?? (input.notes.isEmpty ? "ok" : input.notes.joined(separator: "; "))
      table.add([
        input.name, input.column, input.type ?? "", input.missing.map(String.init) ?? "", result,
      ])
    }
    Console.data(table.text)
  }
}
