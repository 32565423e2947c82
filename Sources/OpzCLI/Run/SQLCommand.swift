public import ArgumentParser
import OpzFlow
import OpzFormats
import OpzIO
import OpzModel
public import OpzSQL
import SystemPackage

struct SQLCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql", abstract: "Writes a model as SQL for a database, proves it there, and installs it.",
    discussion: """
      Without a subcommand, it writes the statement: opz sql write, which also takes a model with a subcommand's name.

      opz sql examples/churn/model.json --dialect postgresql --table customers --key id
      opz sql verify churn@1.0.0 --database postgresql://scoring@db.example/crm --table customers
      opz sql install churn@1.0.0 --database postgresql://scoring@db.example/crm --table customers --name churn_score
      """,
    subcommands: [
      SQLWriteCommand.self, SQLCheckCommand.self, SQLVerifyCommand.self, SQLInstallCommand.self, SQLStatusCommand.self,
      SQLRollbackCommand.self, SQLUninstallCommand.self, SQLHistoryCommand.self,
    ], defaultSubcommand: SQLWriteCommand.self)
}

struct SQLWriteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "write", abstract: "Writes a model as SQL for a database.",
    discussion: """
      The statement reads a table whose columns are the model's inputs, or the query that makes them (--features, or the \
      version's own features.sql), and puts out the scores. A missing value is NULL. \
      Leaves are the model's in every dialect; the header says where a database computes other digits than the model.

      opz sql examples/churn/model.json --dialect postgresql --table customers --key id
      opz sql churn@1.0.0 --dialect sqlite --features features.sql --key id
      opz sql churn@1.0.0 --dialect sqlite --as view --name churn_score --table customers --key id > churn.sql
      opz sql model.onnx --dialect duckdb --kind label --columns age=customer_age --table customers --key id
      """)

  @Argument(
    help: "NAME@VERSION, a model's file, or a directory that holds one.", completion: RegistryNames.referencesOrFiles)
  var model: String
  @Option(
    help: ArgumentHelp(
      "The database: \(SQLDialect.all.map(\.name).joined(separator: ", ")).", valueName: "name[:version]"))
  var dialect: String
  @Option(name: .customLong("as"), help: "What the statement is.") var form = ModelSQL.Form.select
  @Option(help: "What to compute, if not the model's default output.") var kind: ModelSQL.Kind?
  @OptionGroup var features: FeaturesOption
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("A column to put out beside the scores; may be repeated.", valueName: "column"))
  var key: [String] = []
  @Option(help: ArgumentHelp("The view or table to create.", valueName: "name")) var name = "scores"
  @Option(help: "How trees are written; what fits the database if missing.") var shape: TreeShape?
  @Option(help: "\(IterationsOption.help); what the version says if missing, else all.")
  var iterations: ReadingOptions.Iterations?
  @Option(help: ArgumentHelp("The output file; standard output if missing.", valueName: "file"), completion: .file())
  var output: String?
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let target = try SQLDialect.named(dialect)
    let operand = ModelOperand(model, session)
    let loaded = try await operand.load(iterations: iterations)
    for note in loaded.model.notes { options.note(note) }
    var wanted = ModelSQL.Options()
    wanted.form = form
    wanted.kind = kind
    wanted.source = try await features.found(operand, session)
    wanted.target = name
    wanted.keys = key
    wanted.columns = try loaded.model.columnNames(features.columns)
    wanted.shape = shape
    wanted.title = try operand.title()
    let statement = try ModelSQL(loaded.model, target, options: wanted).statement()
    var file = try OutputFile(output.map { session.output($0) } ?? OutputFile.standardOutput)
    try file.write(Array(statement.text.utf8))
    try file.finish()
    if let shape = statement.shape { options.note("shape \(shape.rawValue): \(statement.reason)") }
    if !target.isProven { options.note("the SQL was not run in \(target.name); try it on a copy first") }
  }
}

extension ModelSQL.Form: ExpressibleByArgument {}
extension ModelSQL.Kind: ExpressibleByArgument {}
extension TreeShape: ExpressibleByArgument {}
