public import OpzDeploy
import OpzIO
public import OpzOCI
public import OpzRegistry

/// `opz rollback --deploy`: the manifests of the deploy before the last, as they were.
public struct RollBackDeploy: Sendable {
  public struct Result: Sendable {
    public let version: Registry.Version
    public let last: ModelState.Deploy
    public let restored: ModelState.Deploy
    public let stream: String
    /// Objects that the last deploy had and that this one has not.
    public let gone: [ManifestStream.Document]
  }

  private let name: ModelName
  private let session: Session

  public init(_ name: ModelName, in session: Session) {
    self.name = name
    self.session = session
  }

  /// Finds the deploy and reads its manifests.
  /// - Parameter place: `kubernetes/scoring/prod`; where the last deploy went, if nil.
  /// - Throws: `FlowError.notFound` where there is none before the last, `RegistryError` where its version or manifests are gone.
  public func find(_ registry: Registry, place: String? = nil) async throws -> Result {
    try await blocking { [name] in
      let state = try registry.state(name)
      guard let (last, before) = state.previousDeploy(in: place) else {
        let places = Set(state.deploys.map(\.place)).sorted().joined(separator: ", ")
        throw FlowError(
          .notFound, name.description, "no deploy before the last has other manifests",
          hint: places.isEmpty ? "opz deploy records one" : "it was deployed in \(places); --place names one")
      }
      let version = try registry.find(LocalReference(name, .version(before.version)), in: state)
      let stream = String(decoding: try registry.manifests(of: before), as: UTF8.self)
      let now = ManifestStream(String(decoding: try registry.manifests(of: last), as: UTF8.self))
      return Result(
        version: version, last: last, restored: before, stream: stream,
        gone: now.gone(in: ManifestStream(stream)))
    }
  }

  /// Records that the manifests are back.
  public func record(_ result: Result, _ registry: Registry) async throws {
    try await blocking { [session] in
      try registry.deployed(
        result.version, Array(result.stream.utf8), place: result.restored.place,
        restores: result.restored.restores ?? result.restored.hash, details: [:], by: session.author)
    }
  }
}
