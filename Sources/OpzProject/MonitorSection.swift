import OpzYAML

/// The section `monitor` of opz.yaml: what the model is compared with while it serves.
public struct MonitorSection: Sendable, Hashable {
  /// The table that the model was trained with, CSV or Arrow, below the project. It does not go into the image; what its
  /// columns have does, as a part of the contract.
  public var data: String?

  /// The section's keys.
  public static let keys = ["data"]

  /// Creates a section.
  public init(data: String? = nil) { self.data = data }

  /// Reads the section of a document; nil if it has none. Problems are reported to the document's `KeyProblems`.
  /// - Parameter keepsContract: whether opz-server is in front of the model, which alone keeps a contract.
  static func read(_ top: YAMLScope, keepsContract: Bool) -> MonitorSection? {
    guard top.has("monitor") else { return nil }
    let scope = top.mapping("monitor", keys: keys)
    if scope.has("data"), !keepsContract {
      scope.fail(
        "data", "opz-server is not in front of this model, so nothing is compared with it",
        hint: "remove it, or write runtime: {kind: native}, python or r without a command")
    }
    return MonitorSection(data: scope.path("data"))
  }
}
