import OpzDistribution
import OpzOCI
import OpzRegistry

/// Finds repositories on the destination's host that have a blob, so that it can be mounted instead of uploaded.
enum MountCandidates {
  /// Each guess costs a request per blob that the repository does not have.
  private static let maximumGuesses = 2

  /// The repositories to mount a version's blobs from: the base's for its layers, then those that this version or other
  /// versions of the model were pushed to.
  static func origins(of version: Registry.Version, _ state: ModelState, for destination: Reference) -> MountOrigins {
    var origins = MountOrigins()
    for layer in version.record.layers {
      guard let repository = layer.origin.flatMap({ other($0, than: destination) }) else { continue }
      origins.known[layer.descriptor.digest] = [repository]
    }
    let own = (state.places[version.version] ?? []).reversed()
    let others = state.places.sorted { $0.key > $1.key }.flatMap(\.value)
    for place in own + others {
      guard origins.likely.count < maximumGuesses else { break }
      guard let repository = other(place, than: destination), !origins.likely.contains(repository) else { continue }
      origins.likely.append(repository)
    }
    return origins
  }

  /// The repository of `HOST/REPO..`, if it is a different one on the destination's host.
  private static func other(_ place: String, than destination: Reference) -> String? {
    guard let reference = try? Reference(parsing: place), reference.host == destination.host,
      reference.repository != destination.repository
    else { return nil }
    return reference.repository
  }
}
