import OpzYAML

/// What holds for a container: its own security context, else the pod's.
struct ContainerSecurity: Sendable {
  private let own: YAMLNode?
  private let pod: YAMLNode?

  init(_ container: LintContainer, _ workload: Workload) {
    own = container.node["securityContext"]
    pod = workload.pod["securityContext"]
  }

  subscript(_ path: String) -> YAMLNode? { own?[path] ?? pod?[path] }

  /// Of the container alone: capabilities, privileged, allowPrivilegeEscalation, readOnlyRootFilesystem.
  func own(_ key: String) -> YAMLNode? { own?[key] }

  var place: YAMLNode? { own }

  /// The containers of all workloads that the Pod Security Standards look at.
  static func all(_ set: ObjectSet) -> [(workload: Workload, container: LintContainer, security: ContainerSecurity)] {
    set.workloads.filter { ($0.pod["os", "name"]?.text ?? "linux") != "windows" }.flatMap { workload in
      workload.containers.map { (workload, $0, ContainerSecurity($0, workload)) }
    }
  }
}
