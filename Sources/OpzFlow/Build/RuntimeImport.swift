import OpzIO
public import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore
public import SystemPackage

/// Brings the native runtime into a registry.
public enum RuntimeImport {
  /// The runtime image that is now pinned for a platform.
  public struct Result: Sendable {
    public let platform: Platform
    public let image: Descriptor
    /// The pin that it took the place of.
    public let previous: Descriptor?
  }

  /// Makes the runtime image of a static `opz-server` and pins it.
  public static func program(_ server: FilePath, in session: Session) async throws -> Result {
    let registry = try session.createRegistry()
    let image = try await RuntimeImage.build(from: server, in: registry.store)
    let platform = image.config.platform
    let previous = try registry.runtime(for: platform)
    try registry.pin(image.manifest.descriptor, for: platform)
    return Result(platform: platform, image: image.manifest.descriptor, previous: previous)
  }

  /// Takes a runtime image from an OCI layout and pins it.
  public static func layout(_ root: FilePath, tag: String?, in session: Session) async throws -> [Result] {
    let registry = try session.createRegistry()
    let source = try LayoutStore.open(root)
    let top = try await source.resolve(tagOrOnly: tag)
    let manifests = top.mediaType.isIndex ? try await source.index(top).images : [top]
    var results: [Result] = []
    for manifest in manifests {
      let image = try await source.image(manifest)
      _ = try await copy(manifest.bare, from: source, to: registry.store, progress: session.progress)
      let previous = try registry.runtime(for: image.config.platform)
      try registry.pin(manifest, for: image.config.platform)
      results.append(Result(platform: image.config.platform, image: manifest.bare, previous: previous))
    }
    return results
  }

  /// The pinned runtime for a platform. Where there is none yet and it is this machine's platform, the `opz-server` that was
  /// installed with opz is imported.
  static func ensure(_ platform: Platform, registry: Registry, session: Session) async throws -> Image {
    if let pinned = try registry.runtime(for: platform) { return try await registry.store.image(pinned) }
    guard platform.isSameProcessor(as: .host), let server = InstalledProgram.server.find(session.environment) else {
      throw FlowError(
        .notFound, "opz-runtime for \(platform)", "this registry has no native runtime for the platform",
        hint: "opz runtime import PATH-OF-OPZ-SERVER (built for \(platform)), or opz runtime import oci:DIR")
    }
    let result = try await program(server, in: session)
    session.progress.report(.note("imported \(server) as the runtime for \(platform): \(result.image.digest)"))
    return try await registry.store.image(result.image)
  }
}
