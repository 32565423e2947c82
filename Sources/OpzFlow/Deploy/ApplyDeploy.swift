public import OpzDeploy
import OpzIO
public import OpzJSON
public import OpzOCI
public import OpzRegistry

/// Applies manifests and records that it was tried and how it ended, so that a roll-back knows what was whole.
public struct ApplyDeploy: Sendable {
  /// A deploy that was whole.
  public struct Result: Sendable {
    public let place: DeployPlace
    /// As kubectl names them: `deployment.apps/churn`.
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
  /// The objects.
  public let stream: String
  /// Its cluster and the namespace of objects that name none are kubectl's to say.
  public let place: DeployPlace
  /// The hash of the deploy whose manifests these are.
  public var restores: String?
  /// What the event says beside the objects.
  public var details: [String: JSONValue] = [:]
  /// Deletes what earlier deploys of the place left over.
  public var prunes = false
  /// How long pods are waited for; nil for as long as the Deployments say.
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

  /// - Parameter note: is told what happens, a line at a time.
  /// - Throws: `FlowError` where it was not whole; where the cluster refused it before anything was changed, nothing is recorded.
  @discardableResult
  public func run(_ registry: Registry, note: @escaping @Sendable (String) -> Void) async throws -> Result {
    let cluster = ClusterClient(session)
    let context = try await cluster.context()
    var place = place.settled(in: context.namespace)
    place.cluster = context.cluster
    let earlier = try await ApplyDeploy.earlier(version.name, in: place, context: context.namespace, registry)
    let plan = try await ApplyPlan(
      version.name, ManifestStream(stream), earlier: earlier, prunes: prunes, namespace: context.namespace, cluster)
    let steps = ApplyObjects(plan, cluster, prunes: prunes, seconds: seconds, note: note)
    try await steps.rehearse()
    let attempt = try await begin(registry, place)
    let report = await steps.run()
    try await end(registry, attempt, report)
    if let failure = report.failure { throw explained(failure, report) }
    return Result(place: place, applied: report.applied, deleted: report.deleted)
  }

  /// All objects that opz wrote for the model in a place, the newest text of each.
  /// - Parameter context: the namespace of objects that name none.
  static func earlier(
    _ model: ModelName, in place: DeployPlace, context: String, _ registry: Registry
  ) async throws -> [ManifestDocument] {
    try await blocking {
      var streams: Set<Digest> = []
      var known: Set<ManifestDocument.Identity> = []
      var found: [ManifestDocument] = []
      for deploy in try registry.state(model).deploys(in: place, context: context).reversed()
      where streams.insert(deploy.manifests.digest).inserted {
        // Of a version that was deleted, the manifests may have been collected.
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

  private func end(_ registry: Registry, _ attempt: String, _ report: ApplyObjects.Report) async throws {
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
      report.applied.isEmpty ? "nothing was applied" : "applied were \(report.applied.joined(separator: ", "))"
    let deleted = report.deleted.isEmpty ? "" : "; deleted were \(report.deleted.joined(separator: ", "))"
    let ways =
      "the same command again goes on; opz rollback \(version.name) --deploy --apply brings back the last deploy that was whole"
    return FlowError(
      failure.category, failure.subject, "\(failure.reason)\n\(done)\(deleted)",
      hint: failure.hint.map { hint in
        hint.contains("opz rollback") ? hint : "\(hint); \(ways)"
      } ?? ways)
  }
}
