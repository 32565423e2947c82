import ArgumentParser
import OpzDatabase
import OpzFlow
import OpzFormats
import OpzIO
import OpzModel
import OpzOCI
import OpzSQL
import SystemPackage

struct SQLInstallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install",
    abstract: "Installs a model in a database: a view for the version, and a name that means it.",
    discussion: """
      The scores of the table's rows are compared with those that the name has, and shown: labels that flip, quantiles, the \
      largest changes. Then one transaction makes the version's view (churn_score__1_2_0) and lets the name mean it. What \
      fails or is killed leaves the name as it was. In PostgreSQL, grants, comments and views on the name stay; where its \
      columns would be others, nothing is done, and what depends on them is said. The table opz_installs beside the name \
      says what was installed when; the version gets an event.

      URL is sqlite:FILE or postgresql://USER@HOST/DATABASE. Passwords come from ~/.pgpass or PGPASSFILE, or stand in a URL \
      in the variable OPZ_DATABASE.

      --as migration writes NAME__VERSION.up.sql and .down.sql for those who may not connect. Exit code 5 if the scores \
      change by more than --max-change or --max-flips.

      opz sql install churn@1.2.0 --database postgresql://scoring@db.example/crm --table customers --name churn_score
      opz sql install model.json --database sqlite:crm.db --table customers --columns age=customer_age --name score --dry-run
      opz sql install churn@1.2.0 --as migration --dialect postgresql --table customers --key id --name churn_score
      """)

  enum Form: String, CaseIterable, ExpressibleByArgument {
    case view, migration
  }

  @Argument(
    help: "NAME@VERSION, a model's file, or a directory that holds one.", completion: RegistryNames.referencesOrFiles)
  var model: String
  @OptionGroup var database: DatabaseOption
  @Option(help: ArgumentHelp("The name that queries use.", valueName: "name")) var name: String
  @OptionGroup var features: FeaturesOption
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A column to put out beside the scores; may be repeated. The table's primary key if missing.",
      valueName: "column"))
  var key: [String] = []
  @Option(help: "What to compute, if not the model's default output.") var kind: ModelSQL.Kind?
  @Option(help: "How trees are written; what fits the database if missing.") var shape: TreeShape?
  @Option(help: "\(IterationsOption.help); what the version says if missing, else all.")
  var iterations: ReadingOptions.Iterations?
  @OptionGroup(title: "What may change") var limits: LimitOptions
  @OptionGroup(title: "For those who may not connect") var migration: MigrationOptions
  @Option(help: ArgumentHelp("The longest time to wait for others, in seconds.", valueName: "n")) var wait = 10
  @Flag(help: "Do all of it, show it, and undo it.") var dryRun = false
  @Flag(help: "An object: database, name, view, model, previous, outcome, difference, refusal, statements.")
  var json = false
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    try SQLWait.check(wait)
    if migration.form == .migration {
      guard migration.dialect != nil else { throw ValidationError("--as migration needs --dialect NAME") }
      guard !key.isEmpty else { throw ValidationError("--as migration needs --key COLUMN") }
      guard database.database == nil else { throw ValidationError("--as migration connects to no --database") }
      guard limits.isEmpty, !dryRun else {
        throw ValidationError("--as migration compares no scores: it connects to no database")
      }
    } else if migration.isUsed {
      throw ValidationError("--dialect, --previous and --output are for --as migration")
    }
  }

  func run() async throws {
    let session = options.session()
    let operand = ModelOperand(model, session)
    let loaded = try await operand.load(iterations: iterations)
    for note in loaded.model.notes { options.note(note) }
    var request = InstallSQL.Request(
      name: name, source: try await features.source(operand, session), title: try operand.title())
    request.version = try operand.version()
    request.keys = key
    request.columns = try loaded.model.columnNames(features.columns)
    request.kind = kind
    request.shape = shape
    request.limits.change = limits.maxChange
    request.limits.flips = limits.maxFlips
    request.threshold = limits.threshold
    request.rows = limits.rows
    request.wait = wait
    request.isDryRun = dryRun
    if migration.form == .migration { return try write(WriteMigration(loaded.model, request, in: session), session) }
    let report = try await InstallSQL(loaded.model, request, in: session).run(database.url(session))
    if json {
      try Console.json(report)
    } else {
      for statement in report.statements { Console.data("\(statement);\n") }
      for line in report.lines { Console.line(line) }
    }
    try report.requireSuccess()
  }

  private func write(_ writing: WriteMigration, _ session: Session) throws {
    let previous = try migration.previous.map { try ModelOperand($0, session).version() } ?? nil
    guard (previous == nil) == (migration.previous == nil) else {
      throw ValidationError("--previous: write NAME@VERSION of the registry")
    }
    let texts = try writing.run(SQLDialect.named(migration.dialect ?? ""), previous: previous)
    let directory = session.path(migration.output ?? ".")
    for (direction, text) in [("up", texts.up), ("down", texts.down)] {
      // A view's name may have any characters, a file's may not.
      let stem = texts.view.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" }
      let path = directory.appending("\(String(stem)).\(direction).sql")
      try OutputFile.write(Array(text.utf8), to: path)
      options.note("\(path)")
    }
  }
}

extension SQLInstallCommand {
  struct LimitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Refuse if a score changes by more.", valueName: "number")) var maxChange: Double?
    @Option(help: ArgumentHelp("Refuse if more of the rows get another label; 0.01 is 1%.", valueName: "share"))
    var maxFlips: Double?
    @Option(help: ArgumentHelp("From which score on it means the label; 0.5 for a probability.", valueName: "number"))
    var threshold: Double?
    @Option(help: ArgumentHelp("The most rows that are compared; each takes 24 bytes of memory.", valueName: "n"))
    var rows = 1_000_000

    var isEmpty: Bool { maxChange == nil && maxFlips == nil && threshold == nil }

    func validate() throws {
      guard (1...10_000_000).contains(rows) else { throw ValidationError("--rows \(rows): from 1 to 10000000") }
      if let maxChange, !(maxChange >= 0) { throw ValidationError("--max-change \(maxChange): at least 0") }
      if let maxFlips, !(0...1).contains(maxFlips) { throw ValidationError("--max-flips \(maxFlips): from 0 to 1") }
      if let threshold, threshold.isNaN { throw ValidationError("--threshold: a number") }
    }
  }

  struct MigrationOptions: ParsableArguments {
    @Option(name: .customLong("as"), help: "Install it, or write what does.") var form = Form.view
    @Option(help: ArgumentHelp("The database: postgresql or sqlite.", valueName: "name[:version]")) var dialect: String?
    @Option(
      help: ArgumentHelp("The version that the name means before; none if missing.", valueName: "name@version"))
    var previous: String?
    @Option(
      help: ArgumentHelp("The directory of the two files; this one if missing.", valueName: "dir"),
      completion: .directory)
    var output: String?

    var isUsed: Bool { dialect != nil || previous != nil || output != nil }
  }
}

/// The bounds of `--wait`.
enum SQLWait {
  static func check(_ seconds: Int) throws {
    guard (0...86_400).contains(seconds) else { throw ValidationError("--wait \(seconds): from 0 to 86400") }
  }
}
