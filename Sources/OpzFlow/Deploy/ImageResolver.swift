import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// Resolves image names to digests: versions through the local registry, tags through the container registry.
struct ImageResolver: Sendable {
  typealias Answer = Result<Reference, FlowError>

  private let session: Session

  init(_ session: Session) { self.session = session }

  /// Resolves the names concurrently; duplicates are resolved once.
  func resolve(_ names: [String]) async -> [String: Answer] {
    let answers = await concurrently(names) { name in (name, await answer(name)) }
    return Dictionary(answers, uniquingKeysWith: { _, last in last })
  }

  private func answer(_ name: String) async -> Answer {
    do {
      return .success(try await name.hasPrefix("opz://") ? version(String(name.dropFirst(6))) : remote(name))
    } catch let error as FlowError {
      return .failure(error)
    } catch let error as any ExplainedError {
      return .failure(FlowError(error.category, error.subject, reason: error.reason, hint: error.hint))
    } catch {
      return .failure(FlowError(.failed, name, reason: "\(error)"))
    }
  }

  /// The repository that the version was last pushed to; a push verifies that everything is there.
  private func version(_ name: String) async throws -> Reference {
    try await blocking { [session] in
      let registry = try session.openRegistry()
      let reference = try LocalReference(parsing: name)
      let version = try registry.find(reference)
      let places = try registry.state(reference.name).places[version.version] ?? []
      guard let place = places.last(where: { (try? Reference(parsing: $0)) != nil }) else {
        throw FlowError(
          .notFound, name, reason: "\(version.record.reference) was not pushed anywhere that a cluster could pull from",
          hint: "opz push \(version.record.reference) HOST/REPO")
      }
      let pushed = try Reference(parsing: place)
      let tag = pushed.tag ?? TagMapping.tag(of: version.version)
      return try Reference(
        host: pushed.host, repository: pushed.repository, tag: tag, digest: version.record.image.digest)
    }
  }

  private func remote(_ name: String) async throws -> Reference {
    guard let slash = name.firstIndex(of: "/"), Reference.namesHost(name[..<slash]) else {
      throw FlowError(
        .failed, name, reason: "it names no registry, and opz does not guess one",
        hint: "write HOST/REPO:TAG; for Docker Hub docker.io/library/NAME:TAG")
    }
    let reference = try Reference(parsing: name)
    let found = try await session.pullSource(reference).resolve(reference.tag ?? "latest")
    return try Reference(
      host: reference.host, repository: reference.repository, tag: reference.tag, digest: found.digest)
  }
}
