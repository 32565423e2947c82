import OpzIO
public import OpzSQL

/// What an install did to a name.
public struct InstallReport: Sendable, Encodable {
  /// How it ended.
  public enum Outcome: String, Sendable, Encodable {
    case installed
    /// The name means this version already.
    case unchanged
    /// Of a dry run: all was done, and undone.
    case rehearsed
    /// The scores change by more than was allowed: nothing was changed.
    case refused
  }

  /// The scores, beside those that the name had before.
  public struct Difference: Sendable, Encodable {
    /// `probability`.
    public let kind: String
    /// Rows of the table, as many as were asked for.
    public let rows: Int
    /// Whether the table has more rows.
    public let isCut: Bool
    /// Rows that had scores before.
    public let compared: Int
    public let equal: Int
    /// Rows that had no score and have one, and the other way round.
    public let appeared: Int
    public let vanished: Int
    /// Rows with another label; nil where labels cannot be told.
    public let flips: Int?
    public let meanChange: Double?
    public let largestChange: Double
    public let quantiles: [ScoreDifference.Quantile]
    public let largest: [ScoreDifference.Change]
  }

  /// The database, without a password.
  public let database: String
  /// The stable name.
  public let name: String
  /// The version's view.
  public var view = ""
  /// `churn@1.2.0`, or a file's name.
  public let model: String
  /// What the name meant before; nil if it meant nothing.
  public var previous: String?
  public var outcome = Outcome.unchanged
  public var difference: Difference?
  /// Why the scores change by too much.
  public var refusal: String?
  /// Of a dry run: the statements.
  public var statements: [String] = []

  /// - Throws: `FlowError` of category `refused`, if the scores change by too much.
  public func requireSuccess() throws {
    guard let refusal else { return }
    throw FlowError(
      .refused, name, reason: "it stays as it was: \(refusal)",
      hint: "a higher limit installs it; --dry-run shows the differences alone")
  }

  /// For people.
  public var lines: [String] {
    let change = previous.map { "\($0) -> \(model)" } ?? model
    let result =
      switch outcome {
      case .installed: "\(change), view \(view)"
      case .unchanged: "\(model) already, view \(view)"
      case .rehearsed: "\(change), view \(view) (dry run: nothing was changed)"
      case .refused: "stays \(previous ?? "as it was")"
      }
    return (difference?.lines ?? []) + ["\(name) in \(database): \(result)"]
  }
}

extension InstallReport.Difference {
  init(_ difference: ScoreDifference, columns: Int, isCut: Bool) {
    kind = difference.kind.rawValue
    (rows, self.isCut, compared, equal) = (difference.rows, isCut, difference.compared, difference.equal)
    (appeared, vanished) = (difference.appeared, difference.vanished)
    flips = difference.tellsLabels(columns: columns) && difference.compared > 0 ? difference.flips : nil
    meanChange = difference.meanChange
    largestChange = difference.largestChange
    quantiles = difference.quantiles
    largest = difference.largest
  }

  /// For people.
  var lines: [String] {
    let more = isCut ? " (the first; the table has more)" : ""
    guard compared > 0 else { return ["\(rows) rows\(more), none with a score before"] + table }
    var parts = ["\(compared) compared", "\(equal) equal"]
    if let flips {
      parts.append("\(flips) with another label (\(InstallReport.Difference.percent(flips, of: compared)))")
    }
    if appeared > 0 { parts.append("\(appeared) that had no score") }
    if vanished > 0 { parts.append("\(vanished) that have none now") }
    var lines = ["\(rows) rows\(more): \(parts.joined(separator: ", "))"]
    if let meanChange {
      lines.append("mean change \(Float(meanChange)), largest \(Float(largestChange))")
    }
    return lines + table
      + largest.prefix(5).map { "  \($0.key.joined(separator: ", ")): \($0.before) -> \($0.after)" }
  }

  private var table: [String] {
    quantiles.map { point in
      let values = [("before", point.before), ("after", point.after), ("change", point.change)].compactMap {
        name, value in value.map { "\(name) \(Float($0))" }
      }
      return "  \(Int(point.at * 100))%: \(values.joined(separator: ", "))"
    }
  }

  private static func percent(_ part: Int, of whole: Int) -> String {
    "\(Float((Double(part) / Double(whole) * 1e5).rounded() / 1e3))%"
  }
}
