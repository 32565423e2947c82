public import ArgumentParser
import OpzFlow
public import OpzFormats
import OpzIO
public import OpzModel
import OpzOCI
import OpzRegistry
import OpzScoring
import SystemPackage

struct ScoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Scores the rows of a CSV or Arrow table, or of a database's query.",
    discussion: """
      Columns are found by name, empty cells are missing values, and rows keep their order. It uses the same scorer as \
      opz-server: margins equal the training library's to the last bit. A table may be compressed with gzip or zstd. The \
      output is written with the same delimiter, quote and decimal mark, and without a header if the table has none; for \
      an Arrow IPC stream or file, it is one too.

      With --query, rows come from a database (sqlite:FILE, postgresql://USER@HOST/DATABASE or mariadb://USER@HOST/DATABASE) and scores go into a table of \
      it, which is made: keys, scores, model, version, scored_at. Without --query, the version's own features.sql makes the \
      rows. Rows and the place behind them are committed together, so that the same command goes on after a kill, Ctrl-C \
      (exit code 130) or a lost connection: no row is lost, none stands twice. A table with scores of another model or query \
      is left alone, without --restart.

      opz score churn@1.0.0 --input rows.csv --output scores.csv
      opz score examples/churn/model.json --input examples/churn/holdout.csv --kind margin | head
      opz score model.json --input rows.csv.gz --missing -1 --columns age=customer_age --rejects bad.csv > scores.csv
      opz score churn@1.0.0 --database sqlite:crm.db --query "SELECT * FROM customers" --key id --into scores \
      --columns account_length=customer_age
      opz score churn@1.0.0 --database sqlite:crm.db --query "SELECT * FROM customers" --key id --into scores \
      --columns account_length=customer_age --incremental
      opz score churn@1.0.0 --database postgresql://scoring@db.example/crm --query "SELECT * FROM customers" --key id \
      --into scores --follow
      """)

  @Argument(
    help: "NAME@VERSION, a model's file, or a directory that holds one.", completion: RegistryNames.referencesOrFiles)
  var model: String
  @Option(help: ArgumentHelp("The table; - for standard input.", valueName: "file"), completion: .file()) var input:
    String?
  @Option(help: ArgumentHelp("The output file; standard output if missing.", valueName: "file"), completion: .file())
  var output: String?
  @Option(
    help: ArgumentHelp(
      "Leave out rows that cannot be scored, and write them to this file with line, column and reason; without it, the first is an error.",
      valueName: "file"), completion: .file())
  var rejects: String?
  @OptionGroup(title: "What is computed") var scores: ScoreOptions
  @OptionGroup(title: "How the table is read") var table: TableOptions
  @OptionGroup(title: "Rows of a database") var rows: QueryOptions
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard input == nil || !rows.isUsed else {
      throw ValidationError("--input and \(rows.query == nil ? "--into" : "--query") exclude each other")
    }
    guard input != nil || rows.isUsed else {
      throw ValidationError("--input FILE names a table, or --query SELECT the rows of a database")
    }
    try rows.validate(isUsed: rows.isUsed)
    if rows.isUsed {
      let isOfFile = output != nil || rejects != nil || !scores.keep.isEmpty
      guard !isOfFile, table.isOfQuery else {
        throw ValidationError("--query takes none of the options of files but --columns; its SELECT decides the rest")
      }
    }
    guard let rejects, rejects == (output ?? "-") else { return }
    throw ValidationError("--rejects and --output are the same file")
  }

  func run() async throws {
    if rows.isUsed { return try await scoreRows() }
    let session = options.session()
    let loaded = try await ModelOperand(model, session).load(iterations: scores.iterations, unseen: scores.unseen)
    for note in loaded.model.notes { options.note(note) }
    let batch = try BatchScoring(Scorer.compiled(loaded.model), settings())
    let files = BatchFiles(
      input: input == "-" ? nil : input.map { session.path($0) }, output: output.map { session.output($0) },
      rejects: rejects.map { session.output($0) })
    // A bar would be torn by lines on the same terminal.
    let isOnTerminal = OutputFile.isTerminal(files.output ?? OutputFile.standardOutput)
    let progress: any ProgressSink = isOnTerminal ? NoProgress() : session.progress
    HeapLimits.keepFreedArrays()
    let summary = try await blocking { try files.score(batch, progress: progress) }
    options.note(
      "\(summary.rows) rows" + (rejects.map { ", \(summary.rejected) rejected: \($0)" } ?? ""))
  }

  private func settings() throws -> BatchScoring.Options {
    var settings = BatchScoring.Options()
    settings.kind = scores.kind
    settings.keep = scores.keep
    settings.dialect = try CSVDialect(delimiter: table.delimiter, quote: table.quote, decimal: table.decimal)
    settings.header = table.header
    settings.columns = table.columns
    settings.missing = table.missing
    settings.ignore = table.ignore
    return settings
  }
}

extension ScoreCommand {
  struct ScoreOptions: ParsableArguments {
    @Option(help: "What to compute, if not the model's default output.")
    var kind: BatchScoring.Kind?
    @Option(help: "\(IterationsOption.help); what the version says if missing, else all.")
    var iterations: ReadingOptions.Iterations?
    @Option(help: "\(UnseenOption.help); what the version says if missing, else library.")
    var unseen: ReadingOptions.Unseen?
    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp("A column to copy to the output; may be repeated.", valueName: "column"))
    var keep: [String] = []
  }

  struct TableOptions: ParsableArguments {
    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "Read an input of the model from a column of another name; may be repeated.", valueName: "input=column"))
    var columns: [String] = []
    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "A text that means a missing value, as an empty cell does; may be repeated.", valueName: "text"))
    var missing: [String] = []
    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp("A column to ignore; may be repeated.", valueName: "column"))
    var ignore: [String] = []
    @Option(
      help:
        "Whether the first record has the columns' names (first), or columns are matched by position (none): they are then named 1, 2, 3 .."
    )
    var header = BatchScoring.Header.first
    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("What separates fields: a character, tab or space.", valueName: "character"))
    var delimiter = ","
    @Option(
      parsing: .unconditional, help: ArgumentHelp("What encloses fields: a character, or none.", valueName: "character")
    )
    var quote = "\""
    @Option(parsing: .unconditional, help: ArgumentHelp("The decimal mark, . or ,", valueName: "character"))
    var decimal = "."

    /// Whether nothing is said that only files have.
    var isOfQuery: Bool {
      missing.isEmpty && ignore.isEmpty && header == .first && delimiter == "," && quote == "\"" && decimal == "."
    }
  }
}

/// `--iterations`, which several commands have.
enum IterationsOption {
  static let help =
    "Which iterations of a boosted model are scored: all, or up to the best that early stopping recorded"
}

/// `--unseen`, which several commands have.
enum UnseenOption {
  static let help =
    "What becomes of a category that the model does not have: what the training library does, missing, or error"
}

extension ReadingOptions.Iterations: ExpressibleByArgument {}
extension BatchScoring.Kind: ExpressibleByArgument {}
extension BatchScoring.Header: ExpressibleByArgument {}
extension ReadingOptions.Unseen: ExpressibleByArgument {}
