public import OpzDeploy
import OpzIO
public import OpzOCI

/// What an apply is going to do, determined before anything is changed.
public struct ApplyPlan: Sendable {
  /// A Deployment's replica count that must be held while its owner changes.
  struct ReplicaHold: Sendable {
    let deployment: ManifestDocument
    let replicas: Int
    /// Whether to take the field from its current owner.
    let force: Bool
  }

  let model: ModelName
  let stream: ManifestStream
  /// The namespace of kubectl's context, for objects that do not name one.
  let namespace: String
  /// Autoscalers to delete before a Deployment sets its own replica count.
  private(set) var scalers: [ManifestDocument] = []
  /// Holds to take before the objects are applied.
  private(set) var holds: [ReplicaHold] = []
  /// Holds to take afterwards, for new Deployments that receive all traffic at once.
  private(set) var starts: [ReplicaHold] = []
  /// Objects of earlier deploys that are still in the cluster, but not in the stream.
  public private(set) var leftOver: [ManifestDocument] = []
  /// Objects like `leftOver` that now belong to another model or to no one known, with the owner.
  public private(set) var foreign: [(document: ManifestDocument, owner: String)] = []
  private var live: [ManifestDocument.Identity: ClusterObject] = [:]

  /// Compares the stream with what the cluster has.
  /// - Parameters:
  ///   - earlier: the objects that were applied for the model in this place before.
  ///   - prunes: whether left-over objects will be deleted.
  /// - Throws: `FlowError` of category `conflict` if an object belongs to another model, or if an autoscaler would
  ///   overwrite the Deployment's own replica count.
  public init(
    _ model: ModelName, _ stream: ManifestStream, earlier: [ManifestDocument], prunes: Bool, namespace: String,
    cluster: ClusterClient
  ) async throws {
    self.model = model
    self.stream = stream
    self.namespace = namespace
    let written = Set(stream.documents.map { ApplyPlan.settled($0.identity, namespace) })
    let others = earlier.filter { !written.contains(ApplyPlan.settled($0.identity, namespace)) }
    for object in try await cluster.live(stream.documents + others) {
      live[ApplyPlan.settled(object.identity, namespace)] = object
    }
    try requireOwn()
    for document in others {
      guard let object = self[document] else { continue }
      if let owner = owner(object, document) ?? (object.isManaged ? nil : "someone else") {
        foreign.append((document, owner))
      } else {
        leftOver.append(document)
      }
    }
    for document in stream.documents where document.kind == "Deployment" { try plan(document, prunes) }
  }

  /// The objects that shift traffic; they are applied last.
  var routes: [ManifestDocument] { stream.documents.filter { $0.kind == "HTTPRoute" } }

  /// Whether the object's namespace does not exist yet, but is created by the stream.
  func isInNewNamespace(_ document: ManifestDocument) -> Bool {
    stream.documents.contains {
      $0.kind == "Namespace" && $0.identity.name == document.identity.namespace && self[$0] == nil
    }
  }

  /// The object for the dry run. A replica count that someone else owns would conflict there, but is taken over before
  /// the actual apply.
  func asked(_ document: ManifestDocument) -> ManifestDocument {
    holds.contains { $0.deployment.identity == document.identity && $0.force } ? document.withoutReplicas : document
  }

  func isLive(_ document: ManifestDocument) -> Bool { self[document] != nil }

  /// The identity with the namespace filled in, for objects that do not name one.
  static func settled(_ identity: ManifestDocument.Identity, _ namespace: String) -> ManifestDocument.Identity {
    var identity = identity
    if identity.namespace == nil, !["Namespace", "CustomResourceDefinition"].contains(identity.kind) {
      identity.namespace = namespace
    }
    return identity
  }

  // MARK: Ownership

  private subscript(_ document: ManifestDocument) -> ClusterObject? {
    live[ApplyPlan.settled(document.identity, namespace)]
  }

  /// The name of the other model that owns the object; nil if this model does, or if it is unknown.
  private func owner(_ object: ClusterObject, _ document: ManifestDocument) -> String? {
    // Models may share a Namespace.
    guard document.kind != "Namespace" else { return nil }
    if let named = object.model { return named == model.description ? nil : named }
    let key = "app.kubernetes.io/name"
    guard object.isManaged, let name = object.labels[key], let own = document.label(key) else { return nil }
    return name == own ? nil : name
  }

  private func requireOwn() throws {
    for document in stream.documents {
      guard let object = self[document], let other = owner(object, document) else { continue }
      throw FlowError(
        .conflict, document.name,
        reason: "it belongs to the model \(other), whose name becomes the same one in Kubernetes",
        hint: "deploy one of the two into another namespace: --namespace NAME")
    }
  }

  // MARK: Replica counts

  private mutating func plan(_ deployment: ManifestDocument, _ prunes: Bool) throws {
    let rivals = leftOver.filter { $0.scales == deployment.identity.name }
    guard let object = self[deployment] else {
      let replaces = !routes.isEmpty || leftOver.contains { $0.kind == "Deployment" }
      if replaces, deployment.replicas == nil { start(deployment) }
      return
    }
    guard let wanted = deployment.replicas else {
      // If its only owner drops the field, Kubernetes resets it to its default, 1.
      if !object.replicaOwners.isEmpty, object.replicaOwners.allSatisfy(ApplyPlan.dropsReplicas),
        let replicas = object.replicas
      {
        holds.append(ReplicaHold(deployment: deployment, replicas: replicas, force: true))
      }
      return
    }
    if let rival = rivals.first, !prunes {
      throw FlowError(
        .conflict, rival.name,
        reason: "it scales \(deployment.name), which sets \(wanted) replicas itself now, so the two would conflict",
        hint: "--prune deletes it first")
    }
    scalers += rivals
    let others = object.replicaOwners.filter { $0.manager != ClusterClient.manager }
    if !rivals.isEmpty || !others.isEmpty && others.allSatisfy(ApplyPlan.isAutoscaler) {
      holds.append(ReplicaHold(deployment: deployment, replicas: wanted, force: true))
    }
  }

  /// Whether the owner drops the field with this apply: opz itself, or kubectl's client-side apply, whose fields a
  /// server-side apply takes over.
  private static func dropsReplicas(_ owner: ClusterObject.Owner) -> Bool {
    owner.manager == ClusterClient.manager || owner.subresource == nil && owner.manager.hasPrefix("kubectl")
  }

  /// A person who runs `kubectl scale` is not an autoscaler.
  private static func isAutoscaler(_ owner: ClusterObject.Owner) -> Bool {
    owner.manager == ClusterClient.handover || owner.subresource == "scale" && !owner.manager.hasPrefix("kubectl")
  }

  /// Starts with as many pods as served before, within the autoscaler's limits; it would start with one.
  private mutating func start(_ deployment: ManifestDocument) {
    guard let scaler = stream.documents.first(where: { $0.scales == deployment.identity.name }),
      let (minimum, maximum) = scaler.replicaRange
    else { return }
    let served = leftOver.filter { $0.kind == "Deployment" }.compactMap { self[$0]?.replicas }.max() ?? 0
    let number = min(max(minimum, served), max(minimum, maximum))
    if number > 1 { starts.append(ReplicaHold(deployment: deployment, replicas: number, force: false)) }
  }
}
