import OpzKubernetes
public import OpzYAML

/// A container in a pod template.
public struct LintContainer: Sendable {
  /// When a container runs: as long as the pod (`main`, and `sidecar`, an init container with `restartPolicy: Always`),
  /// or once before the others (`setup`).
  public enum Role: Sendable { case main, sidecar, setup }

  /// The container as it is written.
  public let node: YAMLNode
  public let role: Role

  /// The container's name, or a phrase for messages where it has none.
  public var name: String { node["name"]?.text ?? "the container" }
  /// Whether the container runs for as long as the pod does.
  public var runs: Bool { role != .setup }

  /// The limit of a resource: `cpu`, `memory`, `nvidia.com/gpu`.
  func limit(_ resource: String) -> Amount? { Amount(node["resources", "limits", resource]) }

  /// The request of a resource. Without one, the API server uses the limit.
  func request(_ resource: String) -> Amount? { Amount(node["resources", "requests", resource]) ?? limit(resource) }

  /// The values of the environment variables that are written in the manifest, by name.
  var environment: [String: YAMLNode] {
    Dictionary(
      (node["env"]?.list ?? []).compactMap { entry in
        guard let name = entry["name"]?.text, let value = entry["value"] else { return nil }
        return (name, value)
      }
    ) { _, last in last }
  }

  /// The words of command and arguments; a shell script is split at white space.
  var words: [Substring] {
    ((node["command"]?.list ?? []) + (node["args"]?.list ?? [])).compactMap(\.text).flatMap {
      $0.split(whereSeparator: \.isWhitespace)
    }
  }
}
