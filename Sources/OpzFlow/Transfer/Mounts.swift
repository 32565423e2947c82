import OpzDistribution
import OpzOCI
import OpzRegistry

/// Repositories of a destination's own host that have a blob, so that it need not be sent there.
enum Mounts {
  /// A repository that was never asked for a blob costs a request for each that it does not have.
  private static let likelyLimit = 2

  /// Those of a version: its base's for the base's layers, and where this version, else another one of its name, was pushed to.
  static func origins(of version: Registry.Version, _ state: ModelState, for destination: Reference) -> MountOrigins {
    var origins = MountOrigins()
    for layer in version.record.layers {
      guard let repository = layer.origin.flatMap({ other($0, than: destination) }) else { continue }
      origins.known[layer.descriptor.digest] = [repository]
    }
    let own = (state.places[version.version] ?? []).reversed()
    let others = state.places.sorted { $0.key > $1.key }.flatMap(\.value)
    for place in own + others {
      guard origins.likely.count < likelyLimit else { break }
      guard let repository = other(place, than: destination), !origins.likely.contains(repository) else { continue }
      origins.likely.append(repository)
    }
    return origins
  }

  /// The repository of `HOST/REPO..`, where it is another one of the destination's host.
  private static func other(_ place: String, than destination: Reference) -> String? {
    guard let reference = try? Reference(parsing: place), reference.host == destination.host,
      reference.repository != destination.repository
    else { return nil }
    return reference.repository
  }
}
