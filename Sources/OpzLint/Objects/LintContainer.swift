import OpzKubernetes
public import OpzYAML

/// A container in a pod template.
public struct LintContainer: Sendable {
  /// When a container runs: as long as the pod (`main`, and `sidecar`, an init container with `restartPolicy: Always`),
  /// or once before the others (`initializer`).
  public enum Role: Sendable { case main, sidecar, initializer }

  /// The container as it is written.
  public let node: YAMLNode
  public let role: Role

  /// The container's name, or a phrase for messages where it has none.
  public var name: String { node["name"]?.text ?? "the container" }
  /// Whether the container runs for as long as the pod does.
  public var runs: Bool { role != .initializer }

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

/// The effective security settings of a container: its own security context, otherwise the pod's.
struct ContainerSecurity: Sendable {
  private let own: YAMLNode?
  private let pod: YAMLNode?

  init(_ container: LintContainer, _ workload: Workload) {
    own = container.node["securityContext"]
    pod = workload.pod["securityContext"]
  }

  subscript(_ path: String) -> YAMLNode? { own?[path] ?? pod?[path] }

  /// A setting that only containers have: capabilities, privileged, allowPrivilegeEscalation, readOnlyRootFilesystem.
  func own(_ key: String) -> YAMLNode? { own?[key] }

  var place: YAMLNode? { own }

  /// All containers to which the Pod Security Standards apply.
  static func all(_ set: ObjectSet) -> [(workload: Workload, container: LintContainer, security: ContainerSecurity)] {
    set.workloads.filter { ($0.pod["os", "name"]?.text ?? "linux") != "windows" }.flatMap { workload in
      workload.containers.map { (workload, $0, ContainerSecurity($0, workload)) }
    }
  }
}

/// Resources of device plugins. They are whole numbers, and the request must equal the limit.
enum GPU {
  static func isGPU(_ resource: String) -> Bool {
    resource == "nvidia.com/gpu" || resource == "amd.com/gpu" || resource == "gpu.intel.com/i915"
      || resource == "habana.ai/gaudi" || resource == "google.com/tpu" || resource == "aws.amazon.com/neuron"
      || resource.hasPrefix("nvidia.com/mig-")
  }

  static func resources(of container: LintContainer) -> [String] {
    let named = ["limits", "requests"].flatMap { container.node["resources", $0]?.members ?? [] }.map(\.key)
    return Set(named.filter(isGPU)).sorted()
  }
}
