import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Generated files: OCI tools read them, opz does not. Losing them loses nothing.
extension Registry {
  /// How many of the newest versions the top index lists.
  static let indexLimit = 1000

  /// Makes a version's directory an OCI layout of its own, its blobs linked to the registry's.
  func exportLayout(of version: Version) throws {
    let place = directory(version.name, version.version)
    try Durable.replace(place.appending("oci-layout"), with: Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
    try Durable.replace(
      place.appending("index.json"),
      with: try CanonicalJSON.encode(Index.Content(manifests: [entry(version, tag: version.version.description)])))
    let link = place.appending("blobs")
    if try FileStatus.find(link, followLinks: false) != nil { return }
    let up = String(repeating: "../", count: 3 + version.name.description.split(separator: "/").count)
    guard link.withPlatformString({ symlink(up + "blobs", $0) }) == 0 else { throw IOFailure.last("symlink", link) }
    try Durable.syncDirectory(place)
  }

  /// Adds a version to the top index.
  func exportIndex(adding version: Version) throws {
    let lock = try FileLock.take(directory: root)
    var content = (try? store.index()) ?? Index.Content(manifests: [])
    let tag = version.record.reference
    content.manifests.removeAll { $0.annotations?[LayoutStore.tagAnnotation] == tag }
    content.manifests.append(entry(version, tag: tag))
    content.manifests = content.manifests.suffix(Registry.indexLimit)
    try store.write(content)
    _ = consume lock
  }

  private func entry(_ version: Version, tag: String) -> Descriptor {
    var descriptor = version.record.image
    descriptor.annotations = [LayoutStore.tagAnnotation: tag]
    return descriptor
  }
}
