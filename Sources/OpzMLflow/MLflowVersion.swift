public import OpzJSON
import OpzOCI

/// A version of a registered model, as stored by MLflow.
public struct MLflowVersion: Sendable, Hashable {
  public let model: String
  /// 1, 2, ..
  public let number: UInt64
  /// Milliseconds since 1970.
  public let created: Int64?
  public let description: String?
  /// `Production`, `Staging` or `Archived`; nil if there is none. MLflow 2.9 replaced stages with aliases.
  public let stage: String?
  /// `READY`, or the reason why there may be no artifacts.
  public let status: String?
  /// The artifacts' location according to MLflow: a path or a URI.
  public let location: String
  public let tags: [String: String]
  public let run: Run?

  /// The run that logged the model.
  public struct Run: Sendable, Hashable {
    public let id: String
    public let metrics: [String: JSONValue]
    public let parameters: [String: String]
    public let tags: [String: String]
  }
}
