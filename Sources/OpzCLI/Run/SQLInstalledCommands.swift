import ArgumentParser
import OpzDatabase
import OpzFlow
import OpzIO
import OpzOCI

struct SQLStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Shows which versions are installed in a database.",
    discussion: """
      Each name is read, so that one which does not work is said to be so; then the exit code is 4.

      opz sql status --database postgresql://scoring@db.example/crm
      """)

  @OptionGroup var database: DatabaseOption
  @Option(help: ArgumentHelp("One name, with a schema if it is another.", valueName: "name")) var name: String?
  @Flag(help: "An array: name, view, model, since, actor, previous, problem.") var json = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let found = try await InstalledSQL(in: session).status(database.url(session), name: name)
    if json {
      try Console.json(found)
    } else if found.isEmpty {
      options.note("nothing is installed")
    } else {
      var table = TextTable(["NAME", "MODEL", "VIEW", "SINCE", "WHO", "BEFORE"])
      for one in found {
        table.add([one.name, one.model, one.view, String(one.since.prefix(19)) + "Z", one.actor, one.previous ?? ""])
      }
      Console.data(table.text)
    }
    if let broken = found.first(where: { $0.problem != nil }) {
      throw FlowError(
        .verification, broken.name, reason: broken.problem ?? "", hint: "opz sql install \(broken.model) makes it again"
      )
    }
  }
}

struct SQLRollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Lets a name in a database mean the version before.",
    discussion: """
      The view of the version before is still there, so nothing is computed. A second rollback goes one further back.

      opz sql rollback --database postgresql://scoring@db.example/crm --name churn_score
      """)

  @OptionGroup var change: InstalledChangeOptions
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await change.run(options) { try await $0.rollback($1, name: change.name, isDryRun: change.dryRun) }
  }
}

struct SQLUninstallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uninstall", abstract: "Removes a name and the views of its versions from a database.",
    discussion: """
      Refused if others depend on them, which are named. The table opz_installs stays: it says what scored when.

      opz sql uninstall --database postgresql://scoring@db.example/crm --name churn_score
      """)

  @OptionGroup var change: InstalledChangeOptions
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await change.run(options) { try await $0.uninstall($1, name: change.name, isDryRun: change.dryRun) }
  }
}

struct InstalledChangeOptions: ParsableArguments {
  @OptionGroup var database: DatabaseOption
  @Option(help: ArgumentHelp("The name that queries use.", valueName: "name")) var name: String
  @Option(help: ArgumentHelp("The longest time to wait for others, in seconds.", valueName: "n")) var wait = 10
  @Flag(help: "Do all of it, show it, and undo it.") var dryRun = false
  @Flag(help: "An object: database, name, before, after, isDryRun, statements.") var json = false

  func validate() throws { try SQLWait.check(wait) }

  /// Changes what the name means, and shows it.
  func run(
    _ options: GlobalOptions, _ work: (InstalledSQL, DatabaseURL) async throws -> InstalledSQL.Change
  ) async throws {
    let session = options.session()
    try show(await work(InstalledSQL(in: session, wait: wait), database.url(session)))
  }

  private func show(_ change: InstalledSQL.Change) throws {
    if json { return try Console.json(change) }
    for statement in change.statements { Console.data("\(statement);\n") }
    let result = change.after.map { "\(change.before) -> \($0)" } ?? "\(change.before) is removed"
    Console.line("\(change.name) in \(change.database): \(result)\(dryRun ? " (dry run: nothing was changed)" : "")")
  }
}

struct SQLHistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Shows which version scored when, in which database.",
    discussion: """
      It is the registry's list; that of a database is its table opz_installs, and opz sql status brings the list up to it.

      opz sql history churn
      opz sql history --at 2026-11-30T14:02     what each name in each database meant then, in UTC
      """)

  @Argument(help: "A model's name; all models if missing.", completion: RegistryNames.references) var model: String?
  @Option(help: ArgumentHelp("What each name meant at this moment, in UTC.", valueName: "time")) var at: String?
  @Flag(help: "An array: since, action, model, database, name, view, actor.") var json = false
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard let at else { return }
    guard model == nil else { throw ValidationError("--at is of all models: a name may have meant others") }
    let shape = at.prefix(16).map { $0.isASCII && $0.isNumber ? "0" : $0 }
    let isPlain = at.dropFirst(16).allSatisfy { $0.isASCII && $0.isNumber || ":.Z".contains($0) }
    guard isPlain, ["0000-00-00", "0000-00-00T00:00"].contains(String(shape)) else {
      throw ValidationError("--at \(at.prefix(40)): write 2026-11-30 or 2026-11-30T14:02")
    }
  }

  func run() async throws {
    let history = InstallHistory(in: options.session())
    let lines = try at.map { try history.lines(at: $0) } ?? history.lines(model.map { try ModelName($0) })
    if json { return try Console.json(lines) }
    guard !lines.isEmpty else { return options.note("nothing was installed in a database") }
    var table = TextTable(["SINCE", "WHAT", "MODEL", "NAME", "DATABASE", "WHO"])
    for line in lines {
      table.add([
        String(line.since.prefix(19)) + "Z", line.action, line.model, line.name, line.database, line.actor,
      ])
    }
    Console.data(table.text)
  }
}
