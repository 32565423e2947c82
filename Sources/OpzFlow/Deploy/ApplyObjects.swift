public import OpzDeploy
public import OpzIO

/// Applies objects to a cluster in an order that keeps traffic served.
///
/// The cluster is asked about all of them first, by a server-side dry run. Then it holds the replica count of
/// Deployments whose owner changes between opz and an autoscaler, applies everything but routes, waits for pods that
/// are about to receive all traffic, applies the routes, and deletes what is left over.
public struct ApplyObjects: Sendable {
  /// What was changed in the cluster, and the failure that stopped the apply.
  public struct Report: Sendable {
    /// Names as kubectl prints them: `deployment.apps/churn`.
    public internal(set) var applied: [String] = []
    public internal(set) var deleted: [String] = []
    /// Nil if everything succeeded.
    public internal(set) var failure: FlowError?
  }

  private let plan: ApplyPlan
  private let cluster: ClusterClient
  private let prunes: Bool
  private let seconds: Int?
  private let note: @Sendable (String) -> Void
  private var report = Report()

  /// - Parameters:
  ///   - seconds: how long to wait for pods; nil uses the Deployments' own deadlines.
  ///   - note: called with progress messages, one line each.
  public init(
    _ plan: ApplyPlan, _ cluster: ClusterClient, prunes: Bool, seconds: Int?,
    note: @escaping @Sendable (String) -> Void
  ) {
    self.plan = plan
    self.cluster = cluster
    self.prunes = prunes
    self.seconds = seconds
    self.note = note
  }

  // MARK: Dry run

  /// Runs a server-side dry run, which includes the cluster's webhooks and changes nothing.
  /// - Throws: `FlowError` if one of the objects would be refused.
  public func rehearse() async throws {
    let defined = Set(plan.stream.documents.compactMap(\.definedKind))
    func isInDryRun(_ document: ManifestDocument) -> Bool {
      !plan.isInNewNamespace(document) && !defined.contains(document.kind)
    }
    let documents = plan.stream.documents
    say("not in the dry run, because this apply creates their namespace or kind", documents.filter { !isInDryRun($0) })
    let asked = documents.filter(isInDryRun).map(plan.asked)
    guard !asked.isEmpty else { return }
    let all = try await cluster.apply(ManifestStream(asked).text, isDry: true)
    guard all.failure != nil else { return }
    // Repeat it for each object, because kubectl does not say which one an error is about.
    var refused: [(ManifestDocument, FlowError)] = []
    var silent: [ManifestDocument] = []
    for document in asked {
      let answer = try await cluster.apply(ManifestStream([document]).text, isDry: true)
      guard let failure = answer.failure else { continue }
      if ClusterFailure.refusesDryRun(answer.words) {
        silent.append(document)
      } else {
        refused.append((document, failure))
      }
      // A failed login or connection would fail the same way for every object.
      if failure.category == .network { break }
    }
    say("not in the dry run, because a webhook of the cluster does not support it", silent)
    guard let (document, failure) = refused.first else { return }
    let names = refused.dropFirst().map(\.0.name).joined(separator: ", ")
    throw FlowError(
      failure.category, document.name,
      reason: "the cluster would refuse it, so nothing was applied: \(failure.reason)"
        + (names.isEmpty ? "" : "\nand \(names)"),
      hint: failure.hint)
  }

  private func say(_ reason: String, _ documents: [ManifestDocument]) {
    if !documents.isEmpty { note("\(reason): \(documents.map(\.name).joined(separator: ", "))") }
  }

  // MARK: Steps

  /// Applies the objects, stopping at the first step that fails.
  public func run() async -> Report {
    var steps = self
    do { try await steps.all() } catch let error as FlowError {
      steps.report.failure = error
    } catch {
      steps.report.failure = FlowError(.failed, "kubectl", reason: "\(error)")
    }
    return steps.report
  }

  private mutating func all() async throws {
    try await delete(plan.scalers, waits: true)
    for hold in plan.holds { try await take(hold) }
    let routes = plan.routes
    try await apply(plan.stream.documents.filter { !routes.contains($0) })
    for hold in plan.starts {
      // This fails if the autoscaler has already set the number; then the autoscaler's is right.
      _ = try await cluster.apply(hold.deployment.head(replicas: hold.replicas), as: ClusterClient.handover)
    }
    try await release()
    let leftOver = plan.leftOver.filter { !plan.scalers.contains($0) }
    let deleted = prunes ? DeployVersion.deletable(leftOver) : []
    if !routes.isEmpty || deleted.contains(where: { $0.kind == "Deployment" }) { try await wait(routes) }
    try await apply(routes)
    try await delete(deleted)
    let kept = leftOver.filter { !deleted.contains($0) }
    for document in kept.prefix(20) { note("no longer in the manifests, and not deleted: \(document.name)") }
    if kept.count > 20 { note("no longer in the manifests, and not deleted: \(kept.count - 20) more") }
    for (document, owner) in plan.foreign {
      note("no longer in the manifests, and owned by \(owner) now: \(document.name)")
    }
  }

  private mutating func apply(_ documents: [ManifestDocument]) async throws {
    guard !documents.isEmpty else { return }
    let answer = try await cluster.apply(ManifestStream(documents).text)
    try take(answer, into: \.applied)
  }

  private mutating func delete(_ documents: [ManifestDocument], waits: Bool = false) async throws {
    try take(try await cluster.delete(documents, waits: waits), into: \.deleted)
  }

  private mutating func take(_ answer: ClusterClient.Answer, into names: WritableKeyPath<Report, [String]>) throws {
    for line in answer.warnings + answer.lines { note(line) }
    report[keyPath: names] += answer.lines.compactMap(ApplyObjects.name)
    if let failure = answer.failure { throw failure }
  }

  /// Parses `deployment.apps/churn serverside-applied` or `deployment.apps "churn" deleted from scoring namespace`.
  private static func name(_ line: String) -> String? {
    let words = line.split(separator: " ")
    guard let first = words.first else { return nil }
    guard words.count > 1, words[1].hasPrefix("\"") else { return String(first) }
    return "\(first)/\(words[1].filter { $0 != "\"" })"
  }

  // MARK: Replica counts

  private func take(_ hold: ApplyPlan.ReplicaHold) async throws {
    let answer = try await cluster.apply(
      hold.deployment.head(replicas: hold.replicas), as: ClusterClient.handover, force: hold.force)
    if let failure = answer.failure { throw failure }
    note("\(hold.deployment.name) keeps \(hold.replicas) replicas while the field's owner changes")
  }

  /// Releases held replica counts that now have another owner; releasing one without another owner would reset it to 1.
  /// An autoscaler takes ownership when it first changes the number.
  private func release() async throws {
    let held = plan.holds.map(\.deployment)
    guard !held.isEmpty else { return }
    for object in try await cluster.live(held) {
      guard object.replicaOwners.contains(where: { $0.manager == ClusterClient.handover }),
        object.replicaOwners.contains(where: { $0.manager != ClusterClient.handover }),
        let document = held.first(where: { $0.identity.name == object.identity.name })
      else { continue }
      let answer = try await cluster.apply(document.head, as: ClusterClient.handover)
      if let failure = answer.failure { throw failure }
    }
  }

  // MARK: Waiting for pods

  /// Kinds whose controllers create Deployments and Services themselves. Their names may clash with existing ones, so
  /// waiting for them before the old ones are deleted could take forever.
  private static let servers: Set = ["Service", "InferenceService"]

  private func wait(_ routes: [ManifestDocument]) async throws {
    let deployments = plan.stream.documents.filter { $0.kind == "Deployment" }
    guard !deployments.isEmpty else {
      let server = plan.stream.documents.last { ApplyObjects.servers.contains($0.kind) }
      return note("deleting the previous pods now, without waiting for those of \(server?.name ?? "the new objects")")
    }
    let own = deployments.compactMap { $0.number("progressDeadlineSeconds") }.max() ?? 600
    let limit = seconds ?? min(max(own, 0), 86_400) + 60
    let clock = ContinuousClock()
    let start = clock.now
    let end = start + .seconds(limit)
    for deployment in deployments {
      note("waiting up to \(limit) s for the pods of \(deployment.name)")
      let rest = Int(clamping: (end - clock.now).components.seconds)
      guard let reason = try await cluster.rollout(deployment, seconds: rest) else {
        note("the pods of \(deployment.name) are ready after \((clock.now - start).components.seconds) s")
        continue
      }
      throw late(deployment, routes, time: "within \(limit) s", reason: reason)
    }
  }

  private func late(
    _ deployment: ManifestDocument, _ routes: [ManifestDocument], time: String, reason: String
  ) -> FlowError {
    let route = routes.map(\.name).joined(separator: ", ")
    let nothing = route.isEmpty ? "nothing was deleted" : "\(route) was not switched and nothing was deleted"
    let name = deployment.label("app.kubernetes.io/name") ?? plan.model.description
    let ways = [
      "kubectl describe pods --selector app.kubernetes.io/name=\(name) shows why",
      "run the same command again to continue",
      "opz rollback \(plan.model) --deploy --apply --prune restores the previous deploy",
    ]
    return FlowError(
      .failed, deployment.name, reason: "its pods were not ready \(time), so \(nothing): \(reason)",
      hint: ways.joined(separator: "; "))
  }
}
