import OpzIO

/// How the columns of a table or query fit a model.
public struct FeatureReport: Sendable, Encodable {
  /// One input of the model.
  public struct Input: Sendable, Encodable {
    public let name: String
    /// The column that it is read from.
    public let column: String
    /// `number` or `text`.
    public let needs: String
    /// The column's type in the database; nil if it is not there or the database does not say.
    public var type: String?
    /// Rows without a value; nil if they were not counted.
    public var missing: Int?
    /// Rows without a value in the training data; nil if nobody said.
    public var trainingMissing: Int?
    /// Why the model cannot be trusted with it; nil if it fits.
    public var problem: String?
    /// What to do about the problem.
    public var hint: String?
    /// What is worth knowing: values that training did not have.
    public var notes: [String] = []
  }

  /// `postgresql`.
  public let engine: String
  /// What the database says it is.
  public let engineVersion: String
  /// The database, without a password.
  public let database: String
  /// The model: `churn@1.0.0, image sha256:..`.
  public let model: String
  /// The table, or `the features' query`.
  public let source: String
  /// Rows that were looked at.
  public var rows = 0
  public var inputs: [Input] = []

  /// Whether each input fits.
  public var passed: Bool { inputs.allSatisfy { $0.problem == nil } }

  private enum CodingKeys: String, CodingKey {
    case engine, engineVersion, database, model, source, rows, inputs, passed
  }

  /// Writes the properties, and `passed`.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(engine, forKey: .engine)
    try members.encode(engineVersion, forKey: .engineVersion)
    try members.encode(database, forKey: .database)
    try members.encode(model, forKey: .model)
    try members.encode(source, forKey: .source)
    try members.encode(rows, forKey: .rows)
    try members.encode(inputs, forKey: .inputs)
    try members.encode(passed, forKey: .passed)
  }

  /// - Throws: `FlowError` of category `verification` with what does not fit.
  public func requireSuccess() throws {
    let wrong = inputs.filter { $0.problem != nil }
    guard let first = wrong.first else { return }
    let more = wrong.count > 1 ? ", and \(wrong.count - 1) more" : ""
    throw FlowError(
      .verification, source, reason: "\(first.name): \(first.problem ?? "")\(more)", hint: first.hint)
  }
}
