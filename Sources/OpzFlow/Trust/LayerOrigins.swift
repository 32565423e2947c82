import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// Where the layers of a version's image come from, as far as this registry can prove it: an imported record can claim
/// that any layer is its base's, but a record that was packaged here is reliable.
struct LayerOrigins {
  /// Layers of bases that versions were packaged on here, and of pinned runtimes.
  private(set) var base: Set<Digest> = []
  /// Layers of wheels, each pinned by its digest.
  private(set) var wheels: Set<Digest> = []

  /// The most other versions of the model to look at, newest first.
  private static let most = 200

  static func of(_ version: Registry.Version, _ registry: Registry) throws -> LayerOrigins {
    var origins = LayerOrigins()
    let state = try registry.state(version.name)
    try origins.add(version, registry.origin(of: version, in: state))
    for (_, image) in try registry.runtimes() where try registry.store.has(image) {
      guard let facts = try? ImageFacts(image, in: registry.store) else { continue }
      origins.base.formUnion(facts.layers.map(\.descriptor.digest))
    }
    let open = Set(
      version.record.layers.filter { ["runtime", "environment"].contains($0.role) }.map(\.descriptor.digest))
    for entry in state.live.reversed().prefix(most) {
      if open.isSubset(of: origins.base.union(origins.wheels)) { break }
      guard entry.artifact.digest != version.artifact.digest,
        let other = try? registry.find(LocalReference(version.name, .version(entry.version)), in: state)
      else { continue }
      try origins.add(other, registry.origin(of: other, in: state))
    }
    return origins
  }

  private mutating func add(_ version: Registry.Version, _ origin: Registry.VersionOrigin) {
    guard origin != .elsewhere else { return }
    func layers(_ role: String) -> [Digest] {
      version.record.layers.filter { $0.role == role }.map(\.descriptor.digest)
    }
    base.formUnion(layers("runtime"))
    // A rebase copies its layers and their roles from the other version's record.
    if origin == .packaged { wheels.formUnion(layers("environment")) }
  }
}
