public import OpzDeploy
import OpzIO
public import OpzOCI

/// What an apply is going to do, found out before anything is changed.
public struct ApplyPlan: Sendable {
  /// A Deployment's number of pods that somebody must hold while its owner changes.
  struct Hold: Sendable {
    let deployment: ManifestDocument
    let replicas: Int
    /// Takes the number from whoever has it.
    let force: Bool
  }

  let model: ModelName
  let stream: ManifestStream
  /// Of the context: where objects are that name none.
  let namespace: String
  /// Autoscalers that are deleted before the Deployment has a number of its own.
  private(set) var scalers: [ManifestDocument] = []
  /// Before the objects are applied.
  private(set) var holds: [Hold] = []
  /// After them: Deployments that are new and get all requests at once.
  private(set) var starts: [Hold] = []
  /// Objects of earlier deploys that the cluster still has and that are no longer written.
  public private(set) var leftOver: [ManifestDocument] = []
  /// Of those, the ones that are another model's or nobody's now, and whose.
  public private(set) var foreign: [(document: ManifestDocument, owner: String)] = []
  private var live: [ManifestDocument.Identity: ClusterObject] = [:]

  /// Looks at what the cluster has.
  /// - Parameters:
  ///   - earlier: what was applied for the model in this place before.
  ///   - prunes: what is left over will be deleted.
  /// - Throws: `FlowError.conflict` where an object is another model's, or where an autoscaler would fight the Deployment's own number.
  public init(
    _ model: ModelName, _ stream: ManifestStream, earlier: [ManifestDocument], prunes: Bool, namespace: String,
    _ cluster: ClusterClient
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
      if let owner = owner(object, document) ?? (object.isManaged ? nil : "somebody else") {
        foreign.append((document, owner))
      } else {
        leftOver.append(document)
      }
    }
    for document in stream.documents where document.kind == "Deployment" { try plan(document, prunes) }
  }

  /// The parts that share the requests: they are applied last.
  var routes: [ManifestDocument] { stream.documents.filter { $0.kind == "HTTPRoute" } }

  /// A namespace that is not there, and that the stream has.
  func isInNewNamespace(_ document: ManifestDocument) -> Bool {
    stream.documents.contains {
      $0.kind == "Namespace" && $0.identity.name == document.identity.namespace && self[$0] == nil
    }
  }

  /// What the dry run asks: a number of pods that somebody else still has would be a conflict, and is taken before.
  func asked(_ document: ManifestDocument) -> ManifestDocument {
    holds.contains { $0.deployment.identity == document.identity && $0.force } ? document.withoutReplicas : document
  }

  func isLive(_ document: ManifestDocument) -> Bool { self[document] != nil }

  /// The place that an object has which names no namespace.
  static func settled(_ identity: ManifestDocument.Identity, _ namespace: String) -> ManifestDocument.Identity {
    var identity = identity
    if identity.namespace == nil, !["Namespace", "CustomResourceDefinition"].contains(identity.kind) {
      identity.namespace = namespace
    }
    return identity
  }

  // MARK: Whose it is

  private subscript(_ document: ManifestDocument) -> ClusterObject? {
    live[ApplyPlan.settled(document.identity, namespace)]
  }

  /// Another model that the object is of; nil where it is ours, or nobody says.
  private func owner(_ object: ClusterObject, _ document: ManifestDocument) -> String? {
    // All that are in it share a Namespace.
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
        .conflict, document.name, "it is of the model \(other), whose name becomes the same one in Kubernetes",
        hint: "deploy one of the two into another namespace: --namespace NAME")
    }
  }

  // MARK: The number of pods

  private mutating func plan(_ deployment: ManifestDocument, _ prunes: Bool) throws {
    let rivals = leftOver.filter { $0.scales == deployment.identity.name }
    guard let object = self[deployment] else {
      let replaces = !routes.isEmpty || leftOver.contains { $0.kind == "Deployment" }
      if replaces, deployment.replicas == nil { start(deployment) }
      return
    }
    guard let wanted = deployment.replicas else {
      // Given up by its only owner, the field would get Kubernetes' default: one pod.
      if !object.replicaOwners.isEmpty, object.replicaOwners.allSatisfy(ApplyPlan.givesUp),
        let replicas = object.replicas
      {
        holds.append(Hold(deployment: deployment, replicas: replicas, force: true))
      }
      return
    }
    if let rival = rivals.first, !prunes {
      throw FlowError(
        .conflict, rival.name,
        "it scales \(deployment.name), which has \(wanted) replicas of its own now: the two would fight",
        hint: "--prune deletes it first")
    }
    scalers += rivals
    let others = object.replicaOwners.filter { $0.manager != ClusterClient.manager }
    if !rivals.isEmpty || !others.isEmpty && others.allSatisfy(ApplyPlan.isAutoscaler) {
      holds.append(Hold(deployment: deployment, replicas: wanted, force: true))
    }
  }

  /// Who gives the number up with this apply: opz, and kubectl's client-side apply, whose fields a server-side one takes over.
  private static func givesUp(_ owner: ClusterObject.Owner) -> Bool {
    owner.manager == ClusterClient.manager || owner.subresource == nil && owner.manager.hasPrefix("kubectl")
  }

  /// A person who scales by kubectl is no autoscaler.
  private static func isAutoscaler(_ owner: ClusterObject.Owner) -> Bool {
    owner.manager == ClusterClient.handover || owner.subresource == "scale" && !owner.manager.hasPrefix("kubectl")
  }

  /// As many pods as served before, within the autoscaler's limits: it would begin with one.
  private mutating func start(_ deployment: ManifestDocument) {
    guard let scaler = stream.documents.first(where: { $0.scales == deployment.identity.name }),
      let least = scaler.number("minReplicas") ?? scaler.number("minReplicaCount"),
      let most = scaler.number("maxReplicas") ?? scaler.number("maxReplicaCount")
    else { return }
    let served = leftOver.filter { $0.kind == "Deployment" }.compactMap { self[$0]?.replicas }.max() ?? 0
    let number = min(max(least, served), max(least, most))
    if number > 1 { starts.append(Hold(deployment: deployment, replicas: number, force: false)) }
  }
}
