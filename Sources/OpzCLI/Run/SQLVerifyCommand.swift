import ArgumentParser
import OpzFlow
import OpzFormats
import OpzIO
import OpzModel
import OpzSQL
import OpzTrust
import SystemPackage

struct SQLVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Compares a model's scores in a database with the scorer's.",
    discussion: """
      Rows are made up for each split of each tree: at the threshold, one float below and above it, and with nothing; \
      beside them each category, an unseen one, infinite values and random rows. With --table, or where the version has a \
      query (features.sql), real rows too. Both are scored in the database by the SQL of opz sql and here, and compared \
      leaf by leaf and number by number. Rows are in tables of the connection's own: nothing in the database changes.

      URL is sqlite:FILE, duckdb:FILE, postgresql://USER@HOST/DATABASE, mariadb://USER@HOST/DATABASE (mysql:// too) or \
      odbc:Driver=PATH;KEYWORD=VALUE;.. Passwords come from ~/.pgpass or PGPASSFILE, from MYSQL_PWD or ~/.my.cnf, or stand \
      in a URL in the variable OPZ_DATABASE; on the command line, others could read them.

      A version gets the result as a statement. Exit code 4 if a score is not as promised.

      opz sql verify churn@1.0.0 --database postgresql://scoring@db.example/crm --table customers
      opz sql verify model.json --database sqlite:crm.db --table customers --columns age=customer_age --json
      """)

  @Argument(help: "NAME@VERSION, a model's file, or a directory that holds one.") var model: String
  @OptionGroup var database: DatabaseOption
  @OptionGroup var features: FeaturesOption
  @Option(help: ArgumentHelp("The most rows of the table or query; 0 for rows that are made up alone.", valueName: "n"))
  var rows = 100_000
  @Option(help: "How trees are written; what fits the database if missing.") var shape: TreeShape?
  @Option(help: "\(IterationsOption.help); what the version says if missing, else all.")
  var iterations: ReadingOptions.Iterations?
  @Option(
    help: ArgumentHelp("Write the report as a page, too; it names the database.", valueName: "file"),
    completion: .file(extensions: ["html"])) var html: String?
  @OptionGroup var keys: KeyOptions
  @Flag(help: "An object: engine, engineVersion, database, model, splits, reachedSplits, parts, passed, ended.")
  var json = false
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard rows >= 0 else { throw ValidationError("--rows \(rows): at least 0, for boundary rows alone") }
  }

  func run() async throws {
    let session = options.session()
    let url = try database.url(session)
    let operand = ModelOperand(model, session)
    let loaded = try await operand.load(iterations: iterations)
    for note in loaded.model.notes { options.note(note) }
    var request = VerifySQL.Request(title: try operand.title())
    if rows > 0 { request.source = try await features.found(operand, session) }
    guard request.source != nil || features.columns.isEmpty else {
      throw ValidationError("--columns is for the columns of --table or --features")
    }
    request.columns = try loaded.model.columnNames(features.columns)
    request.rows = rows
    request.shape = shape
    let key = try keys.privateKey(session)
    let report = try await VerifySQL(loaded.model, request, in: session).run(url)
    if let html {
      var file = try OutputFile(session.output(html))
      try file.write(Array(SQLReportPage(report).text.utf8))
      try file.finish()
    }
    if json { try Console.json(report) } else { for line in report.lines { Console.line(line) } }
    if let version = try operand.version() {
      let attached = try await AttachSQLReport(version, in: session).run(report, with: key)
      options.note(
        "attached to \(version.record.reference): \(attached.digest.short)" + (key == nil ? ", not signed" : ""))
    }
    try report.requireSuccess()
  }
}
