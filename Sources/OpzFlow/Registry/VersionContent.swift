import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// A version's content, read from the local registry or else from the container registries that have it.
struct VersionContent: ContentReader {
  let registry: Registry
  let record: VersionRecord
  let session: Session

  func contains(_ descriptor: Descriptor) async throws -> Bool {
    if try registry.store.has(descriptor) { return true }
    return try !places(of: descriptor).isEmpty
  }

  /// Whether a container registry that should have a blob actually has it.
  func isElsewhere(_ descriptor: Descriptor) async throws -> Bool {
    for place in try places(of: descriptor) {
      if try await session.repository(place).contains(descriptor) { return true }
    }
    return false
  }

  func blob(_ descriptor: Descriptor) async throws -> any Blob {
    if try registry.store.has(descriptor) { return try registry.store.file(descriptor) }
    for place in try places(of: descriptor) {
      let repository = try session.pullSource(place, byDigest: true)
      if try await repository.contains(descriptor) { return try await repository.blob(descriptor) }
    }
    return try registry.store.file(descriptor)
  }

  /// Fetches the layers that the registry does not have, for callers that need files.
  func fetchAll() async throws {
    for descriptor in try elsewhere {
      try await registry.store.put(descriptor, from: try await blob(descriptor))
    }
  }

  /// The layers that the registry does not have.
  var elsewhere: [Descriptor] {
    get throws {
      try record.layers.map(\.descriptor).filter { try !registry.store.has($0) }
    }
  }

  /// Where a blob should be: the base's own repository, then those that the version was pushed to, latest first.
  private func places(of descriptor: Descriptor) throws -> [Reference] {
    let origin = record.layers.first { $0.descriptor.digest == descriptor.digest && $0.origin != nil }?.origin
    var known: [String] = []
    if let version = SemanticVersion(record.version) {
      known = try registry.state(ModelName(record.name)).places[version] ?? []
    }
    return ([origin].compactMap { $0 } + known.reversed()).compactMap { try? Reference(parsing: $0) }
  }
}
