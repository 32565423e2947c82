import OpzIO
public import SystemPackage

/// Scores one of N shards of the input into files: every Nth table of a directory, or the shard's records of a single
/// table. Each file is written atomically, so a shard can be run again.
public struct ShardScoring: Sendable {
  /// How many files were written, how many rows are in them, and how many are not.
  public struct Result: Sendable, Equatable {
    public var files = 0
    public var rows = 0
    /// Rows that were left out.
    public var rejected = 0
  }

  private let batch: BatchScoring
  private let index: Int
  private let count: Int

  /// - Parameter index: from 0.
  /// - Throws: `ModelError` if `index` is not below `count`.
  public init(_ batch: BatchScoring, index: Int, of count: Int) throws {
    guard count >= 1, (0..<count).contains(index) else {
      throw ModelError(.badRows, "shard \(index)", reason: "there are \(count), counted from 0")
    }
    self.batch = batch
    self.index = index
    self.count = count
  }

  /// Scores the shard.
  /// - Parameters:
  ///   - input: a table, or a directory with files whose names end with `.csv`.
  ///   - output: a directory; the files are named like the tables, or `NAME-00003-of-00008.csv`.
  ///   - rejects: a directory for the bad rows, in files of the same names; nil to fail at the first bad row.
  /// - Throws: `ModelError` with the file and shard.
  public func run(_ input: FilePath, to output: FilePath, rejects: FilePath? = nil) throws -> Result {
    try Durable.makeDirectory(output)
    if let rejects { try Durable.makeDirectory(rejects) }
    var result = Result()
    guard try FileStatus.of(input).kind == .directory else {
      let shard = try TableShard(
        input, index: index, of: count, dialect: batch.options.dialect, header: batch.options.header)
      let stem = input.stem ?? "scores"
      let name = count == 1 ? "\(stem).csv" : "\(stem)-\(digits(index))-of-\(digits(count)).csv"
      try score(shard, input, output: output.appending(name), rejects: rejects?.appending(name), result: &result)
      return result
    }
    let tables = try Directory.entries(input).filter { $0.extension == "csv" && !$0.string.hasPrefix(".") }
    guard !tables.isEmpty else {
      throw ModelError(
        .badRows, input.string, reason: "no file ends with .csv", hint: "name a table, or a directory of tables")
    }
    for (number, table) in tables.enumerated() where number % count == index {
      let file = input.appending(table)
      let shard = try TableShard(
        file, index: 0, of: 1, dialect: batch.options.dialect, header: batch.options.header)
      try score(shard, file, output: output.appending(table), rejects: rejects?.appending(table), result: &result)
    }
    return result
  }

  private func score(
    _ shard: TableShard, _ input: FilePath, output: FilePath, rejects: FilePath?, result: inout Result
  ) throws {
    var sink = try OutputFile(output)
    do {
      let summary: BatchScoring.Summary
      if let rejects {
        var file = try OutputFile(rejects)
        summary = try batch.run(shard.open(), to: &sink, rejects: &file)
        try file.finish()
      } else {
        summary = try batch.run(shard.open(), to: &sink)
      }
      try sink.finish()
      result.files += 1
      result.rows += summary.rows
      result.rejected += summary.rejected
    } catch {
      guard let error = error as? ModelError else { throw error }
      let part = count == 1 ? "" : " of the part that begins at byte \(shard.range.lowerBound)"
      throw ModelError(error.code, "\(input), \(error.subject)\(part)", reason: error.reason, hint: error.hint)
    }
  }

  private func digits(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 5 - text.utf8.count)) + text
  }
}
