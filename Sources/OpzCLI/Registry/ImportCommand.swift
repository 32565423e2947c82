import ArgumentParser
import OpzFlow
import OpzIO

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Imports the versions of an MLflow model registry.",
    discussion: """
      Reads MLflow's SQLite store and the artifacts beside it. Version 3 becomes 3.0.0, an image of the model's files, \
      with its tags, aliases, description, and the run's metrics, parameters and commit. Stages become the aliases \
      production and staging. A repeated import adds what is new.

      Artifacts are read from the database's directory and from those of --artifacts. If they are in S3 or on a \
      tracking server, copy them, and give the prefix that the copy replaces.

      opz import mlflow.db --dry-run
      opz import sqlite:////srv/mlflow/mlflow.db --model churn
      opz import mlflow.db --artifacts s3://bucket/mlflow=/mnt/copy --name 'Fraud Model!=risk/fraud'
      """)

  @Argument(help: "The store's file, or its sqlite:/// URI.", completion: .file()) var database: String
  @Option(
    name: .customLong("model"), help: ArgumentHelp("Only this registered model; may be repeated.", valueName: "name"))
  var models: [String] = []
  @Option(
    name: .customLong("name"),
    help: ArgumentHelp("The name here of a registered model; may be repeated.", valueName: "old=new"))
  var names: [String] = []
  @Option(
    name: .customLong("artifacts"),
    help: ArgumentHelp("A directory that holds artifacts; may be repeated.", valueName: "[prefix=]dir"))
  var artifacts: [String] = []
  @Option(help: "The workspace in a store of MLflow 3.10 or later.") var workspace = "default"
  @Flag(name: .customLong("dry-run"), help: "Show what would be imported, and change nothing.") var dryRun = false
  @Flag(help: "A list of objects: model, number, reference, outcome, digest, aliases, reason.") var json = false
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if let wrong = names.first(where: { $0.split(separator: "=").count < 2 }) {
      throw ValidationError("--name \(wrong): write OLD=NEW")
    }
  }

  func run() async throws {
    var request = ImportMLflow.Request(database: database)
    request.workspace = workspace
    request.artifacts = artifacts
    request.models = models
    for name in names {
      // The old name may contain "=", the new one cannot.
      guard let equals = name.lastIndex(of: "=") else { continue }
      request.names[String(name[..<equals])] = String(name[name.index(after: equals)...])
    }
    request.isDryRun = dryRun
    let items = try await ImportMLflow(request, in: options.session()).run()
    if json { try Console.json(items) } else { show(items) }
    if let item = items.first(where: { $0.outcome == .imported }) {
      options.note(
        "the images hold the models alone: opz deploy \(item.reference) --target kserve has KServe serve one; for opz-server in front of it, opz init DIR-OF-ITS-ARTIFACTS and opz package"
      )
    }
    let failed = items.filter { $0.outcome == .failed }
    guard failed.isEmpty else {
      throw FlowError(
        .failed, database, reason: "\(failed.count) of \(items.count) versions could not be imported",
        hint: "the list shows why; imported versions are kept, and the command can be run again")
    }
  }

  private func show(_ items: [ImportMLflow.Item]) {
    var table = TextTable(["VERSION", "MLFLOW", "", "ALIASES"])
    for item in items {
      let outcome = item.outcome == .planned ? "would be imported" : item.outcome.rawValue
      table.add([
        item.reference, "\(item.model) \(item.number)", item.reason.map { "\(outcome): \($0)" } ?? outcome,
        item.aliases.joined(separator: " "),
      ])
    }
    Console.data(table.text)
  }
}
