public import OpzJSON
import OpzOCI

/// A version of a registered model, as MLflow's store has it.
public struct MLflowVersion: Sendable, Hashable {
  public let model: String
  /// 1, 2, ..
  public let number: UInt64
  /// Milliseconds since 1970.
  public let created: Int64?
  public let description: String?
  /// `Production`, `Staging`, `Archived`; nil where there is none. MLflow has aliases instead since 2.9.
  public let stage: String?
  /// `READY`, or why there may be no artifacts.
  public let status: String?
  /// Where MLflow says that the artifacts are: a path or a URI.
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
