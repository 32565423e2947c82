public import OpzIO
import OpzSQL

/// How a database's scores compare with the scorer's.
public struct SQLReport: Sendable, Encodable {
  /// The comparison of one kind of score.
  public struct Check: Sendable, Encodable {
    /// `leaf`, `margin`, `probability` ..
    public let kind: String
    /// `exact`, or how much numbers may differ: `1e-05`.
    public let promise: String
    public let values: Int
    /// Values that are the same to the last bit.
    public let equal: Int
    /// Labels that differ where two have almost the same score.
    public let ties: Int
    /// Values that differ by more than was promised.
    public let differing: Int
    public let largestDifference: Double
    /// The first values that differ, as people read them.
    public let examples: [String]
    /// Why it was not compared: the database ended the query. Nil if it was.
    public var problem: String?

    var passed: Bool { differing == 0 && problem == nil }
  }

  /// The comparison over some rows.
  public struct Part: Sendable, Encodable {
    /// `boundary rows`, or the table's name.
    public let name: String
    public var rows = 0
    public var checks: [Check] = []
    /// Kinds that SQL has nothing for, with the reason.
    public var left: [String] = []
  }

  /// `postgresql`.
  public let engine: String
  /// What the database says it is.
  public let engineVersion: String
  /// The database, without a password.
  public let database: String
  /// The model: `churn@1.0.0, image sha256:..`.
  public let model: String
  /// The splits of the model's trees, and those that rows were made for.
  public var splits = 0
  public var reachedSplits = 0
  public var parts: [Part] = []
  /// When the comparison ended; nil before.
  public var ended: Timestamp?

  /// Whether each score is as was promised.
  public var passed: Bool { parts.allSatisfy { $0.checks.allSatisfy(\.passed) } }

  private enum CodingKeys: String, CodingKey {
    case engine, engineVersion, database, model, splits, reachedSplits, parts, passed, ended
  }

  /// Writes the properties, and `passed`.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(engine, forKey: .engine)
    try members.encode(engineVersion, forKey: .engineVersion)
    try members.encode(database, forKey: .database)
    try members.encode(model, forKey: .model)
    try members.encode(splits, forKey: .splits)
    try members.encode(reachedSplits, forKey: .reachedSplits)
    try members.encode(parts, forKey: .parts)
    try members.encode(passed, forKey: .passed)
    try members.encodeIfPresent(ended?.seconds, forKey: .ended)
  }

  /// What is said of a version in a statement: counts. Hosts, tables and values of the database stay where they are,
  /// since a statement travels with its version.
  var published: SQLReport {
    var report = SQLReport(engine: engine, engineVersion: engineVersion, database: "", model: model)
    (report.splits, report.reachedSplits, report.ended) = (splits, reachedSplits, ended)
    report.parts = parts.enumerated().map { index, part in
      var shown = Part(name: index == 0 ? part.name : "a table", rows: part.rows, left: part.left)
      shown.checks = part.checks.map { $0.withoutExamples }
      return shown
    }
    return report
  }

  /// - Throws: `FlowError` of category `verification` with the first difference.
  public func requireSuccess() throws {
    for part in parts {
      guard let check = part.checks.first(where: { !$0.passed }) else { continue }
      let detail = String((check.problem ?? check.examples.first ?? "").suffix(300))
      throw FlowError(
        .verification, "\(check.kind), \(part.name)",
        reason: check.problem == nil
          ? "\(check.differing) of \(check.values) values are not the model's: \(detail)"
          : "it was not computed: \(detail)",
        hint: "do not use the statement in \(database); opz score has the model's own scores")
    }
  }

  /// A line for each comparison.
  public var lines: [String] {
    var lines = ["\(engine) \(engineVersion), \(database)"]
    if splits > 0 { lines.append("rows at \(reachedSplits) of \(splits) splits") }
    for part in parts {
      for check in part.checks {
        let result: String =
          if let problem = check.problem {
            "not computed: \(problem)"
          } else if check.differing > 0 {
            "\(check.differing) of \(check.values) values differ"
          } else if check.equal == check.values {
            "\(check.values) values, all equal to the last bit"
          } else if check.ties > 0 {
            "\(check.values) values, \(check.ties) differ where two labels have almost the same score"
          } else {
            "\(check.values) values, \(check.equal) equal to the last bit, largest difference "
              + "\(Float(check.largestDifference)), \(check.promise) was promised"
          }
        lines.append("\(part.name), \(part.rows) rows: \(check.kind): \(result)")
        lines += check.examples.map { "  \($0)" }
      }
      lines += part.left.map { "\(part.name): not compared: \($0)" }
    }
    return lines
  }
}

extension SQLReport.Check {
  /// - Parameter row: what to call a row, by its number.
  init(_ comparison: ScoreComparison, row: (Int) -> String) {
    kind = comparison.kind.rawValue
    promise =
      switch comparison.promise {
      case .exact: "exact"
      case .within(let limit): "\(limit)"
      }
    (values, equal, differing) = (comparison.values, comparison.equal, comparison.differing)
    ties = comparison.ties
    largestDifference = comparison.largestDifference
    examples = comparison.examples.map {
      "\(row($0.row))\($0.column > 0 ? ", column \($0.column)" : ""): \($0.database), the model has \($0.model)"
    }
  }

  fileprivate var withoutExamples: SQLReport.Check {
    SQLReport.Check(
      kind: kind, promise: promise, values: values, equal: equal, ties: ties, differing: differing,
      largestDifference: largestDifference, examples: [], problem: problem == nil ? nil : "the database ended the query"
    )
  }
}
