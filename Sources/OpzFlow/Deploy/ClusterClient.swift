public import OpzDeploy
public import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// kubectl, which knows the cluster, its certificates and its rules: opz speaks to no API server itself.
public struct ClusterClient: Sendable {
  /// What kubectl says where it is asked for a change.
  public struct Answer: Sendable {
    /// A line an object.
    public let lines: [String]
    public let warnings: [String]
    /// Nil where all of it was done.
    public let failure: FlowError?
    /// All that it wrote to standard error.
    let words: String
  }

  /// Who has a field by a server-side apply.
  public static let manager = "opz"
  /// Who holds a Deployment's number of pods while it goes from opz to an autoscaler or back.
  public static let handover = "opz-handover"

  private let program: String
  private let session: Session

  /// `OPZ_KUBECTL`, else `kubectl` on the PATH.
  public init(_ session: Session) {
    program = session.environment["OPZ_KUBECTL"].flatMap { $0.isEmpty ? nil : $0 } ?? "kubectl"
    self.session = session
  }

  /// Whether a cluster answers within three seconds.
  public func answers() async -> Bool {
    let result = try? await run(["get", "--raw", "/readyz", "--request-timeout", "3s"])
    return result?.status == 0
  }

  /// The address of the API server and the namespace of kubectl's context; the address is nil inside of a pod.
  /// - Throws: `FlowError` where there is no kubectl.
  public func context() async throws -> (cluster: String?, namespace: String) {
    let template = "jsonpath={.clusters[0].cluster.server}{\"\\n\"}{.contexts[0].context.namespace}"
    let result = try await run(["config", "view", "--minify", "-o", template])
    let lines = result.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard result.status == 0, let address = lines.first, !address.isEmpty else { return (nil, podNamespace) }
    return (ClusterClient.withoutUser(address), lines.count > 1 && !lines[1].isEmpty ? lines[1] : "default")
  }

  /// Where kubectl is in a pod: as client-go finds it (tools/clientcmd, inClusterClientConfig.Namespace).
  private var podNamespace: String {
    guard session.environment["KUBERNETES_SERVICE_HOST"]?.isEmpty == false else { return "default" }
    if let named = session.environment["POD_NAMESPACE"], !named.isEmpty { return named }
    let file = try? SmallFile.read("/var/run/secrets/kubernetes.io/serviceaccount/namespace", limit: 1 << 10)
    let name = String(decoding: file ?? [], as: UTF8.self).filter { !$0.isWhitespace }
    return name.isEmpty ? "default" : name
  }

  /// An event keeps the address, and it is nobody's place for a password.
  static func withoutUser(_ address: String) -> String {
    guard let start = address.firstRange(of: "://")?.upperBound else { return address }
    let host = address[start...].prefix { $0 != "/" }
    guard let at = host.lastIndex(of: "@") else { return address }
    return String(address[..<start] + address[address.index(after: at)...])
  }

  /// What the cluster would change, as `kubectl diff` says it; empty where it would change nothing.
  /// - Throws: `FlowError` where kubectl fails.
  public func difference(_ stream: String) async throws -> String {
    let result = try await run(["diff", "--server-side", "--field-manager", ClusterClient.manager, "-f", "-"], stream)
    // 1 says that there are differences.
    guard result.status <= 1 else { throw ClusterFailure.error("kubectl diff", result) }
    return result.text
  }

  /// The objects that the cluster has, of these. A kind that it does not know has none.
  /// - Throws: `FlowError` where kubectl fails.
  public func live(_ documents: [ManifestDocument]) async throws -> [ClusterObject] {
    var asked = documents
    // Each turn takes away at least a kind.
    while !asked.isEmpty {
      let arguments = ["get", "--ignore-not-found", "--show-managed-fields", "-o", "json", "-f", "-"]
      let result = try await run(arguments, asked.map(\.head).joined())
      guard result.status != 0 else { return try ClusterObject.read(result.output) }
      let known = asked.filter { document in !ClusterFailure.missesKind(result.errorText, document) }
      guard known.count < asked.count else { throw ClusterFailure.error("kubectl get", result) }
      asked = known
    }
    return []
  }

  /// Applies objects (server-side apply, so that other managers' fields stay theirs). Where it fails for one of them, kubectl goes on with the next.
  /// - Parameters:
  ///   - manager: who has the fields then.
  ///   - force: takes fields that others have.
  ///   - isDry: asks the cluster, its webhooks too, and changes nothing.
  public func apply(
    _ stream: String, as manager: String = ClusterClient.manager, force: Bool = false, isDry: Bool = false
  ) async throws -> Answer {
    var arguments = ["apply", "--server-side", "--field-manager", manager, "-f", "-"]
    if force { arguments.append("--force-conflicts") }
    // Older kubectls would miss what the whole object must have.
    if manager == ClusterClient.handover { arguments.append("--validate=false") }
    if isDry { arguments.append("--dry-run=server") }
    return answer("kubectl apply", try await run(arguments, stream))
  }

  /// Deletes objects by their names, what uses another before it; one that is not there is no failure.
  /// - Parameter waits: until they are gone, a minute at most.
  public func delete(_ documents: [ManifestDocument], waits: Bool = false) async throws -> Answer {
    guard !documents.isEmpty else { return Answer(lines: [], warnings: [], failure: nil, words: "") }
    let stream = documents.reversed().map(\.head).joined()
    let end = waits ? ["--wait=true", "--timeout=60s"] : ["--wait=false"]
    return answer("kubectl delete", try await run(["delete", "--ignore-not-found"] + end + ["-f", "-"], stream))
  }

  /// Waits until the pods of a Deployment are those of its newest template, and available.
  /// - Parameter seconds: after which it gives up.
  /// - Returns: nil where they are; else why not.
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
