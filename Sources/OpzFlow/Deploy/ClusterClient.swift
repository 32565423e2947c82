public import OpzDeploy
public import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// A client for Kubernetes that runs kubectl, which handles contexts, certificates and authentication.
public struct ClusterClient: Sendable {
  /// The result of a kubectl command that changes objects.
  public struct Answer: Sendable {
    /// One line per object.
    public let lines: [String]
    public let warnings: [String]
    /// Nil if everything succeeded.
    public let failure: FlowError?
    /// Everything that kubectl wrote to standard error.
    let words: String
  }

  /// The field manager of opz's server-side apply.
  public static let manager = "opz"
  /// The field manager that holds a replica count while its owner changes between opz and an autoscaler.
  public static let handover = "opz-handover"

  private let program: String
  private let session: Session

  /// Uses `OPZ_KUBECTL`, or else `kubectl` on the PATH.
  public init(_ session: Session) {
    program = session.environment["OPZ_KUBECTL"].flatMap { $0.isEmpty ? nil : $0 } ?? "kubectl"
    self.session = session
  }

  /// Whether a cluster answers within three seconds.
  public func answers() async -> Bool {
    let result = try? await run(["get", "--raw", "/readyz", "--request-timeout", "3s"])
    return result?.status == 0
  }

  /// The API server's address and the namespace of kubectl's context; the address is nil inside a pod.
  /// - Throws: `IOFailure` if kubectl cannot be run.
  public func context() async throws -> (cluster: String?, namespace: String) {
    let template = "jsonpath={.clusters[0].cluster.server}{\"\\n\"}{.contexts[0].context.namespace}"
    let result = try await run(["config", "view", "--minify", "-o", template])
    let lines = result.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard result.status == 0, let address = lines.first, !address.isEmpty else { return (nil, podNamespace) }
    return (ClusterClient.withoutUser(address), lines.count > 1 && !lines[1].isEmpty ? lines[1] : "default")
  }

  /// The namespace of the pod that kubectl runs in, found like client-go does (tools/clientcmd,
  /// inClusterClientConfig.Namespace).
  private var podNamespace: String {
    guard session.environment["KUBERNETES_SERVICE_HOST"]?.isEmpty == false else { return "default" }
    if let named = session.environment["POD_NAMESPACE"], !named.isEmpty { return named }
    let file = try? SmallFile.read("/var/run/secrets/kubernetes.io/serviceaccount/namespace", limit: 1 << 10)
    let name = String(decoding: file ?? [], as: UTF8.self).filter { !$0.isWhitespace }
    return name.isEmpty ? "default" : name
  }

  /// Removes user and password from an address, because it is stored in events.
  static func withoutUser(_ address: String) -> String {
    guard let start = address.firstRange(of: "://")?.upperBound else { return address }
    let host = address[start...].prefix { $0 != "/" }
    guard let at = host.lastIndex(of: "@") else { return address }
    return String(address[..<start] + address[address.index(after: at)...])
  }

  /// What an apply would change, as printed by `kubectl diff`; empty if nothing would change.
  /// - Throws: `FlowError` if kubectl fails, `IOFailure` if it cannot be run.
  public func difference(_ stream: String) async throws -> String {
    let result = try await run(["diff", "--server-side", "--field-manager", ClusterClient.manager, "-f", "-"], stream)
    // Exit code 1 means that there are differences.
    guard result.status <= 1 else { throw ClusterFailure.error("kubectl diff", result) }
    return result.text
  }

  /// The given objects as the cluster has them, without those that it does not have. An unknown kind counts as missing.
  /// - Throws: `FlowError` if kubectl fails, `IOFailure` if it cannot be run.
  public func live(_ documents: [ManifestDocument]) async throws -> [ClusterObject] {
    var asked = documents
    // Each iteration drops at least one unknown kind.
    while !asked.isEmpty {
      let arguments = ["get", "--ignore-not-found", "--show-managed-fields", "-o", "json", "-f", "-"]
      let result = try await run(arguments, asked.map(\.head).joined())
      guard result.status != 0 else { return try ClusterObject.read(result.output) }
      let known = asked.filter { document in !ClusterFailure.isUnknownKind(result.errorText, document) }
      guard known.count < asked.count else { throw ClusterFailure.error("kubectl get", result) }
      asked = known
    }
    return []
  }

  /// Applies objects by server-side apply, which leaves other managers' fields alone. If one fails, kubectl continues
  /// with the next.
  /// - Parameters:
  ///   - manager: the field manager.
  ///   - force: whether to take over fields that others own.
  ///   - isDry: whether to only ask the cluster, including its webhooks, and change nothing.
  public func apply(
    _ stream: String, as manager: String = ClusterClient.manager, force: Bool = false, isDry: Bool = false
  ) async throws -> Answer {
    var arguments = ["apply", "--server-side", "--field-manager", manager, "-f", "-"]
    if force { arguments.append("--force-conflicts") }
    // Client-side validation would reject the incomplete object of a handover.
    if manager == ClusterClient.handover { arguments.append("--validate=false") }
    if isDry { arguments.append("--dry-run=server") }
    return answer("kubectl apply", try await run(arguments, stream))
  }

  /// Deletes objects by name, dependents first; a missing object is not an error.
  /// - Parameter waits: whether to wait until they are gone, for at most a minute.
  public func delete(_ documents: [ManifestDocument], waits: Bool = false) async throws -> Answer {
    guard !documents.isEmpty else { return Answer(lines: [], warnings: [], failure: nil, words: "") }
    let stream = documents.reversed().map(\.head).joined()
    let end = waits ? ["--wait=true", "--timeout=60s"] : ["--wait=false"]
    return answer("kubectl delete", try await run(["delete", "--ignore-not-found"] + end + ["-f", "-"], stream))
  }

  /// Waits until a Deployment's pods match its newest template and are available.
  /// - Parameter seconds: the timeout.
  /// - Returns: nil on success, or else the reason.
  public func rollout(_ deployment: ManifestDocument, seconds: Int) async throws -> String? {
    let place = deployment.identity.namespace.map { ["--namespace", $0] } ?? []
    let result = try await run(
      ["rollout", "status", "deployment/\(deployment.identity.name)", "--timeout", "\(max(1, seconds))s"] + place)
    guard result.status != 0 else { return nil }
    let lines = (result.text.split(separator: "\n").suffix(1) + result.errorText.split(separator: "\n").suffix(3))
    return lines.joined(separator: "; ")
  }

  private func answer(_ command: String, _ result: ChildProcess.Output) -> Answer {
    let lines = result.text.split(separator: "\n").map(String.init)
    let warnings = result.errorText.split(separator: "\n").filter { $0.hasPrefix("Warning: ") }.map(String.init)
    return Answer(
      lines: lines, warnings: warnings,
      failure: result.status == 0 ? nil : ClusterFailure.error(command, result), words: result.errorText)
  }

  private func run(_ arguments: [String], _ input: String = "") async throws -> ChildProcess.Output {
    try await blocking { [program, session] in
      try ChildProcess.run(
        [program] + arguments, input: Array(input.utf8), environment: session.environmentList,
        directory: session.directory)
    }
  }
}
