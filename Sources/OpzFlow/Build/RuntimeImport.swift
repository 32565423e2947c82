public import OpzFormats
import OpzIO
public import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore
public import SystemPackage

/// Imports the native runtime into a registry.
public enum RuntimeImport {
  /// The runtime image that is now pinned for a platform.
  public struct Result: Sendable {
    public let platform: Platform
    public let image: Descriptor
    /// The image that was pinned before.
    public let previous: Descriptor?
  }

  /// Builds the runtime image from a static `opz-server` and pins it.
  public static func program(_ server: FilePath, in session: Session) async throws -> Result {
    let registry = try session.createRegistry()
    let mark = try await blocking { try RuntimeMark(program: server) }
    let image = try await RuntimeImage.build(from: server, labels: mark.labels, in: registry.store)
    let platform = image.config.platform
    let previous = try registry.runtime(for: platform)
    try registry.pin(image.manifest.descriptor, for: platform)
    return Result(platform: platform, image: image.manifest.descriptor, previous: previous)
  }

  /// Imports a runtime image from an OCI layout and pins it.
  public static func layout(_ root: FilePath, tag: String?, in session: Session) async throws -> [Result] {
    let registry = try session.createRegistry()
    let source = try LayoutStore.open(root)
    let top = try await source.resolve(tagOrOnly: tag)
    let manifests = top.mediaType.isIndex ? try await source.index(top).images : [top]
    var results: [Result] = []
    for manifest in manifests {
      let image = try await source.image(manifest)
      _ = try await copy(manifest.withoutAnnotations, from: source, to: registry.store, progress: session.progress)
      let previous = try registry.runtime(for: image.config.platform)
      try registry.pin(manifest, for: image.config.platform)
      results.append(Result(platform: image.config.platform, image: manifest.withoutAnnotations, previous: previous))
    }
    return results
  }

  /// A runtime that the registry pins, and what it reads.
  public struct Pinned: Sendable {
    public let platform: Platform
    public let image: Descriptor
    public let reads: RuntimeMark
  }

  /// The pinned runtimes.
  /// - Throws: `RegistryError`, and `StoreError` for an image that is missing or damaged.
  public static func pinned(in session: Session) async throws -> [Pinned] {
    let registry = try session.openRegistry()
    var all: [Pinned] = []
    for (platform, descriptor) in try registry.runtimes() {
      let image = try await registry.store.image(descriptor)
      all.append(
        Pinned(
          platform: platform, image: descriptor, reads: RuntimeMark(labels: image.config.config?.labels ?? [:])))
    }
    return all
  }

  /// The pinned runtime for a platform. If there is none and it is this machine's platform, imports the `opz-server`
  /// that was installed with opz.
  /// - Throws: `FlowError` of category `notFound` if there is no runtime for the platform.
  static func ensure(_ platform: Platform, registry: Registry, session: Session) async throws -> Image {
    if let pinned = try registry.runtime(for: platform) { return try await registry.store.image(pinned) }
    guard platform.isSameProcessor(as: .host), let server = InstalledProgram.server.find(session.environment) else {
      throw FlowError(
        .notFound, "opz-runtime for \(platform)", reason: "this registry has no native runtime for the platform",
        hint: "opz runtime import PATH-OF-OPZ-SERVER (built for \(platform)), or opz runtime import oci:DIR")
    }
    let result = try await program(server, in: session)
    session.progress.report(.note("imported \(server) as the runtime for \(platform): \(result.image.digest)"))
    return try await registry.store.image(result.image)
  }
}
