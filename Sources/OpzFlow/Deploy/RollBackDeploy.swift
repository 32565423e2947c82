public import OpzDeploy
import OpzIO
public import OpzOCI
public import OpzRegistry

/// `opz rollback --deploy`: restores the manifests of the deploy before the last one.
public struct RollBackDeploy: Sendable {
  /// The deploy that a rollback restores, and the one that it replaces.
  public struct Result: Sendable {
    public let version: Registry.Version
    public let last: ModelState.Deploy
    public let restored: ModelState.Deploy
    public let stream: String
    /// Objects of the last deploy that the restored one does not have.
    public let gone: [ManifestDocument]
  }

  private let name: ModelName
  private let session: Session

  /// Prepares a rollback of a model's last deploy. Nothing is read before `find(_:place:applies:)`.
  public init(_ name: ModelName, in session: Session) {
    self.name = name
    self.session = session
  }

  /// Finds the deploy and reads its manifests.
  /// - Parameters:
  ///   - place: `scoring`, `scoring/batch` or `-`; nil uses the place of the last deploy.
  ///   - applies: whether it will be applied to the cluster of kubectl's context; then deploys to other clusters are
  ///     ignored.
  /// - Throws: `FlowError` of category `notFound` if there is no earlier deploy, `RegistryError` if its version or
  ///   manifests are gone.
  public func find(_ registry: Registry, place: String? = nil, applies: Bool = false) async throws -> Result {
    let context = applies ? try await ClusterClient(session).context() : nil
    return try await blocking { [name] in
      let state = try registry.state(name)
      let last = state.deploys.last { deploy in
        context?.cluster == nil || deploy.place.cluster == nil || deploy.place.cluster == context?.cluster
      }
      var wanted = place.map { DeployPlace($0) } ?? last?.place
      if let cluster = context?.cluster { wanted?.cluster = cluster }
      guard let wanted, let (last, before) = state.previousDeploy(in: wanted, context: context?.namespace) else {
        let places = Set(state.deploys.map(\.place.text)).sorted().joined(separator: ", ")
        throw FlowError(
          .notFound, name.description, reason: "there is no earlier successful deploy with other manifests",
          hint: places.isEmpty ? "opz deploy records one" : "it was deployed in \(places); --place selects one")
      }
      let version = try registry.find(LocalReference(name, .version(before.version)), in: state)
      let stream = String(decoding: try registry.manifests(of: before), as: UTF8.self)
      let now = ManifestStream(String(decoding: try registry.manifests(of: last), as: UTF8.self))
      return Result(
        version: version, last: last, restored: before, stream: stream,
        gone: now.gone(in: ManifestStream(stream)))
    }
  }

  /// Records that the manifests were restored.
  public func record(_ result: Result, _ registry: Registry) async throws {
    try await blocking { [session] in
      try registry.deployed(
        result.version, Array(result.stream.utf8), place: result.restored.place, restores: result.original,
        details: [:], by: session.author)
    }
  }

  /// Applies the manifests, and records the outcome.
  /// - Parameters: see `DeployVersion.apply`.
  /// - Throws: `FlowError` if the deploy failed.
  @discardableResult
  public func apply(
    _ result: Result, _ registry: Registry, prunes: Bool = false, seconds: Int? = nil,
    note: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> ApplyDeploy.Result {
    var apply = ApplyDeploy(result.version, result.stream, place: result.restored.place, in: session)
    (apply.restores, apply.prunes, apply.seconds) = (result.original, prunes, seconds)
    return try await apply.run(registry, note: note)
  }
}

extension RollBackDeploy.Result {
  /// The hash of the deploy whose manifests these are.
  fileprivate var original: String { restored.restores ?? restored.hash }
}
