public import OpzFormats
import OpzIO
public import OpzModel
import OpzScoring
public import SystemPackage

/// The options of `opz-server score`: flags first, then the environment, then the defaults.
public struct ScoreOptions: Sendable {
  /// A model file, or a directory with one.
  public var model: FilePath = "/models"
  /// How the model is read: which iterations count, and which format its file has to have.
  public var reading = ReadingOptions()
  public var input: FilePath = ""
  public var output: FilePath = ""
  /// A directory for rows that cannot be scored; nil to fail at the first one.
  public var rejects: FilePath?
  /// The index of the shard, from 0.
  public var shard = 0
  public var shards = 1
  public var batch = BatchScoring.Options()
  private var delimiter = ","
  private var quote = "\""
  private var decimal = "."

  /// - Parameter arguments: without the program's name and without `score`.
  /// - Throws: `ServeError`; `ModelError.badOption` for a dialect that cannot be.
  public init(arguments: some Collection<String>, environment: [String: String]) throws {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let text = value("OPZ_MODEL") { model = FilePath(text) }
    reading = try ReadingOptions(environment: environment)
    if let text = value("OPZ_SHARDS") { shards = try ScoreOptions.number(text, "OPZ_SHARDS", range: 1...10_000) }
    let index = value("JOB_COMPLETION_INDEX")
    if let index { shard = try ScoreOptions.number(index, "JOB_COMPLETION_INDEX", range: 0...9999) }
    var rest = Array(arguments)[...]
    while let argument = rest.popFirst() { try read(argument, &rest) }
    batch.dialect = try CSVDialect(delimiter: delimiter, quote: quote, decimal: decimal)
    for (flag, path) in [("--input", input), ("--output", output)] where path.isEmpty {
      throw ScoreOptions.wrong(flag, "is missing")
    }
    guard shard < shards else {
      throw ScoreOptions.wrong("--shard", "\(shard) is not one of \(shards), counted from 0")
    }
  }

  private mutating func read(_ argument: String, _ rest: inout ArraySlice<String>) throws {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let flag = parts.first ?? ""
    func value() throws -> String {
      if parts.count == 2 { return parts[1] }
      guard let next = rest.popFirst() else { throw ScoreOptions.wrong(flag, "has no value") }
      return next
    }
    switch flag {
    case "--model": model = FilePath(try value())
    case "--iterations": reading.iterations = try ScoreOptions.choice(try value(), flag)
    case "--format": reading.format = try value()
    case "--input": input = FilePath(try value())
    case "--output": output = FilePath(try value())
    case "--shard": shard = try ScoreOptions.number(try value(), flag, range: 0...9999)
    case "--shards": shards = try ScoreOptions.number(try value(), flag, range: 1...10_000)
    case "--rejects": rejects = FilePath(try value())
    case "--missing": batch.missing.append(try value())
    case "--columns": batch.columns.append(try value())
    case "--delimiter": delimiter = try value()
    case "--quote": quote = try value()
    case "--decimal": decimal = try value()
    case "--header": batch.header = try ScoreOptions.choice(try value(), flag)
    case "--unseen": reading.unseen = try ScoreOptions.choice(try value(), flag)
    case "--kind": batch.kind = try ScoreOptions.choice(try value(), flag)
    case "--keep": batch.keep.append(try value())
    case "--ignore": batch.ignore.append(try value())
    default: throw ScoreOptions.wrong(argument, "is not an option of score")
    }
  }

  /// A value of a closed list.
  private static func choice<Choice: RawRepresentable & CaseIterable>(
    _ text: String, _ flag: String
  ) throws -> Choice where Choice.RawValue == String {
    guard let choice = Choice(rawValue: text) else {
      let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw wrong(flag, "'\(text)' is not one of \(all)")
    }
    return choice
  }

  private static func number(_ text: String, _ what: String, range: ClosedRange<Int>) throws -> Int {
    guard let value = Int(text), range.contains(value) else {
      throw wrong(what, "'\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  private static func wrong(_ subject: String, _ reason: String) -> ServeError {
    ServeError(.badOption, subject, reason: reason, hint: "opz-server --help lists the options")
  }

  /// Scores the input and returns a message with the number of rows.
  func run(_ formats: ModelFormats) throws -> String {
    let scoring = try ShardScoring(
      BatchScoring(Scorer.compiled(formats.load(model, options: reading).model), batch), index: shard, of: shards)
    HeapLimits.keepFreedArrays()
    let result = try scoring.run(input, to: output, rejects: rejects)
    let rejected = rejects == nil ? "" : ", \(result.rejected) rejected"
    return "shard \(shard) of \(shards): \(result.rows) rows of \(result.files) files\(rejected)"
  }
}
