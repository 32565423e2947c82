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
    return origin(of: descriptor) != nil
  }

  func blob(_ descriptor: Descriptor) async throws -> any Blob {
    if try registry.store.has(descriptor) { return try registry.store.file(descriptor) }
    guard let origin = origin(of: descriptor) else { return try registry.store.file(descriptor) }
    return try await session.repository(try Reference(parsing: origin)).blob(descriptor)
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
      try record.layers.filter { $0.origin != nil }.map(\.descriptor).filter { try !registry.store.has($0) }
    }
  }

  private func origin(of descriptor: Descriptor) -> String? {
    record.layers.first { $0.descriptor.digest == descriptor.digest && $0.origin != nil }?.origin
  }
}
