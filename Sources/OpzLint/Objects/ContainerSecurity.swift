import OpzYAML

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
