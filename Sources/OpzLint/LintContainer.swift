import OpzDeploy
public import OpzYAML

/// A container of a pod's template.
public struct LintContainer: Sendable {
  public enum Role: Sendable { case main, sidecar, setup }

  public let node: YAMLNode
  public let role: Role

  public var name: String { node["name"]?.text ?? "the container" }
  /// It runs as long as the pod does.
  public var runs: Bool { role != .setup }

  /// - Parameter resource: `cpu`, `memory`, `nvidia.com/gpu`.
  func limit(_ resource: String) -> Amount? { Amount(node["resources", "limits", resource]) }

  /// Where there is a limit and no request, the API server takes the limit.
  func request(_ resource: String) -> Amount? { Amount(node["resources", "requests", resource]) ?? limit(resource) }

  /// Name to value, of what is written out.
  var environment: [String: YAMLNode] {
    Dictionary(
      (node["env"]?.list ?? []).compactMap { entry in
        guard let name = entry["name"]?.text, let value = entry["value"] else { return nil }
        return (name, value)
      }
    ) { _, last in last }
  }

  /// Command and arguments; a shell's script is cut into its words.
  var words: [Substring] {
    ((node["command"]?.list ?? []) + (node["args"]?.list ?? [])).compactMap(\.text).flatMap {
      $0.split(whereSeparator: \.isWhitespace)
    }
  }
}
