public import ArgumentParser
import OpzFlow
import OpzIO
public import OpzModel
import OpzOCI
import OpzRegistry
import SystemPackage

struct ScoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Scores the rows of a CSV table.",
    discussion: """
      Columns are found by name, empty cells are missing values, and rows keep their order. It uses the same scorer as \
      opz-server: margins equal the training library's to the last bit.

      opz score churn@1.0.0 --input rows.csv --output scores.csv
      opz score examples/churn/model.json --input examples/churn/holdout.csv --kind margin | head
      """)

  @Argument(help: "NAME@VERSION, a model's file, or a directory that holds one.") var model: String
  @Option(help: ArgumentHelp("The table; - for standard input.", valueName: "file"), completion: .file()) var input:
    String
  @Option(help: ArgumentHelp("The output file; standard output if missing.", valueName: "file"), completion: .file())
  var output: String?
  @Option(help: "What to compute: probability (or the prediction of a regression), margin or leaf.")
  var kind = BatchScoring.Kind.probability
  @Option(help: "A text that means a missing value, as an empty cell does.") var missing: String?
  @Option(help: ArgumentHelp("A column to copy to the output; may be repeated.", valueName: "column")) var keep:
    [String] = []
  @Option(help: ArgumentHelp("A column to ignore; may be repeated.", valueName: "column")) var ignore: [String] = []
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let loaded = try await ModelOperand(model, session).load()
    var settings = BatchScoring.Options()
    settings.kind = kind
    settings.missing = missing
    settings.keep = keep
    settings.ignore = ignore
    let batch = BatchScoring(loaded.model, settings)
    let from = input == "-" ? nil : session.path(input)
    let to = output.map { session.output($0) }
    let rows = try await blocking { try BatchFiles.score(batch, from: from, to: to) }
    options.note("\(rows) rows")
  }
}

extension BatchScoring.Kind: ExpressibleByArgument {}
