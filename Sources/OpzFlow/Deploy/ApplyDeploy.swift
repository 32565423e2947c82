public import OpzDeploy
import OpzIO
public import OpzJSON
public import OpzOCI
public import OpzRegistry

/// Applies manifests to a cluster, and records the attempt and its outcome, so that a rollback knows which deploys
/// succeeded.
public struct ApplyDeploy: Sendable {
  /// A deploy that succeeded.
  public struct Result: Sendable {
    public let place: DeployPlace
    /// Names as kubectl prints them: `deployment.apps/churn`.
    public let applied: [String]
    public let deleted: [String]

    /// Creates a result.
    ///
    /// - Parameters:
    ///   - applied: names of objects as kubectl prints them, such as `deployment.apps/churn`.
    ///   - deleted: names of the objects that were pruned, in the same form.
    public init(place: DeployPlace, applied: [String] = [], deleted: [String] = []) {
      self.place = place
      self.applied = applied
      self.deleted = deleted
    }
  }

  public let version: Registry.Version
  /// The objects, as YAML documents separated by `---`.
  public let stream: String
  /// Where the objects go. The cluster, and a namespace of nil, are filled in from kubectl's context.
  public let place: DeployPlace
  /// For a rollback, the hash of the deploy whose manifests are restored.
  public var restores: String?
  /// Further details for the event.
  public var details: [String: JSONValue] = [:]
  /// Whether to delete the objects that earlier deploys left in the place.
  public var prunes = false
  /// Seconds to wait for pods; nil uses the Deployments' own deadlines.
  public var seconds: Int?

  private let session: Session

  /// Prepares a deploy. Nothing is sent to the cluster before `run(_:note:)`.
  ///
  /// - Parameters:
  ///   - stream: the objects, as YAML documents separated by `---`.
  ///   - place: where the objects go; the cluster, and a namespace of nil, are filled in from kubectl's context.
  public init(_ version: Registry.Version, _ stream: String, place: DeployPlace, in session: Session) {
    self.version = version
    self.stream = stream
    self.place = place
    self.session = session
  }

  /// - Parameter note: called with progress messages, one line each.
  /// - Throws: `FlowError` if the deploy failed. If the cluster refused it before any change, nothing is recorded.
  @discardableResult
  public func run(_ registry: Registry, note: @escaping @Sendable (String) -> Void) async throws -> Result {
    let cluster = ClusterClient(session)
    let context = try await cluster.context()
    var place = place.settled(in: context.namespace)
    place.cluster = context.cluster
    let earlier = try await ApplyDeploy.earlier(version.name, in: place, context: context.namespace, registry)
    let plan = try await ApplyPlan(
      version.name, ManifestStream(stream), earlier: earlier, prunes: prunes, namespace: context.namespace,
      cluster: cluster)
    let steps = ApplyObjects(plan, cluster, prunes: prunes, seconds: seconds, note: note)
    try await steps.rehearse()
    let attempt = try await begin(registry, place)
    let report = await steps.run()
    try await end(registry, attempt, report: report)
    if let failure = report.failure { throw explained(failure, report) }
    return Result(place: place, applied: report.applied, deleted: report.deleted)
  }

  /// Every object that opz has applied for the model in a place, each as it was last applied.
  /// - Parameter context: the namespace of objects that do not name one.
  static func earlier(
    _ model: ModelName, in place: DeployPlace, context: String, _ registry: Registry
  ) async throws -> [ManifestDocument] {
    try await blocking {
      var streams: Set<Digest> = []
      var known: Set<ManifestDocument.Identity> = []
      var found: [ManifestDocument] = []
      for deploy in try registry.state(model).deploys(in: place, context: context).reversed()
      where streams.insert(deploy.manifests.digest).inserted {
        // The manifests of a deleted version may have been garbage-collected.
        guard let bytes = try? registry.manifests(of: deploy) else { continue }
        for document in ManifestStream(String(decoding: bytes, as: UTF8.self)).documents
        where known.insert(ApplyPlan.settled(document.identity, context)).inserted { found.append(document) }
      }
      return found
    }
  }

  private func begin(_ registry: Registry, _ place: DeployPlace) async throws -> String {
    try await blocking { [self] in
      try registry.deployed(
        version, Array(stream.utf8), place: place, restores: restores, isAttempt: true, details: details,
        by: session.author)
    }
  }

  private func end(_ registry: Registry, _ attempt: String, report: ApplyObjects.Report) async throws {
    var details: [String: JSONValue] = ["applied": .array(report.applied.map { .string($0) })]
    if !report.deleted.isEmpty { details["deleted"] = .array(report.deleted.map { .string($0) }) }
    details["reason"] = report.failure.map { .string("\($0.subject): \($0.reason)") }
    try await blocking { [self, details] in
      try registry.settle(
        attempt, of: version, isWhole: report.failure == nil, details: details, by: session.author)
    }
  }

  private func explained(_ failure: FlowError, _ report: ApplyObjects.Report) -> FlowError {
    let done =
      report.applied.isEmpty ? "nothing was applied" : "applied: \(report.applied.joined(separator: ", "))"
    let deleted = report.deleted.isEmpty ? "" : "; deleted: \(report.deleted.joined(separator: ", "))"
    let ways =
      "run the same command again to continue; opz rollback \(version.name) --deploy --apply restores the last successful deploy"
    return FlowError(
      failure.category, failure.subject, reason: "\(failure.reason)\n\(done)\(deleted)",
      hint: failure.hint.map { hint in
        hint.contains("opz rollback") ? hint : "\(hint); \(ways)"
      } ?? ways)
  }
}
