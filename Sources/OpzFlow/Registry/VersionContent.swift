import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// The content of a version wherever it is: in the registry, or in the container registry that has its base's layers.
struct VersionContent: ContentReader {
  let registry: Registry
  let record: VersionRecord
  let session: Session

  func contains(_ descriptor: Descriptor) async throws -> Bool {
    if try registry.store.has(descriptor) { return true }
    return try !places(of: descriptor).isEmpty
  }

  /// Whether one of the container registries that are said to have a blob has it.
  func isElsewhere(_ descriptor: Descriptor) async throws -> Bool {
    for place in try places(of: descriptor) {
      if try await session.repository(place).contains(descriptor) { return true }
    }
    return false
  }

  func blob(_ descriptor: Descriptor) async throws -> any Blob {
    if try registry.store.has(descriptor) { return try registry.store.file(descriptor) }
    for place in try places(of: descriptor) {
      let repository = try session.repository(place)
      if try await repository.contains(descriptor) { return try await repository.blob(descriptor) }
    }
    return try registry.store.file(descriptor)
  }

  /// Fetches what is elsewhere, for those who need files.
  func fetchAll() async throws {
    for descriptor in try elsewhere {
      try await registry.store.put(descriptor, from: try await blob(descriptor))
    }
  }

  /// Layers that the registry does not have.
  var elsewhere: [Descriptor] {
    get throws {
      try record.layers.map(\.descriptor).filter { try !registry.store.has($0) }
    }
  }

  /// Where a blob was last seen whole: a base's own repository, then where the version was pushed to, the latest first.
  private func places(of descriptor: Descriptor) throws -> [Reference] {
    let origin = record.layers.first { $0.descriptor.digest == descriptor.digest && $0.origin != nil }?.origin
    var known: [String] = []
    if let version = SemanticVersion(record.version) {
      known = try registry.state(ModelName(record.name)).places[version] ?? []
    }
    return ([origin].compactMap { $0 } + known.reversed()).compactMap { try? Reference(parsing: $0) }
  }
}
