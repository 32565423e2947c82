import OpzDistribution
import OpzIO
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore

/// The images that a project's image stands on, with their blobs in the registry.
struct BaseImages: Sendable {
  var bases: [ImagePlan.Base]
  /// As opz.yaml names it, or `opz-runtime`.
  var name: String?
  /// Of the base's manifest or index.
  var digest: Digest?

  static func scratch(_ platforms: [Platform]) throws -> BaseImages {
    BaseImages(
      bases: try platforms.map { ImagePlan.Base(platform: $0, image: try Image.scratch($0)) }, name: nil, digest: nil)
  }

  static func native(_ platforms: [Platform], _ registry: Registry, _ session: Session) async throws -> BaseImages {
    var bases: [ImagePlan.Base] = []
    for platform in platforms {
      let image = try await RuntimeImport.ensure(platform, registry: registry, session: session)
      bases.append(ImagePlan.Base(platform: platform, image: image))
    }
    return BaseImages(bases: bases, name: "opz-runtime", digest: bases.first?.image.manifest.descriptor.digest)
  }

  /// `scratch`, `oci:DIR[:TAG]` or `HOST/REPO[:TAG|@DIGEST]`.
  static func custom(
    _ base: String, _ platforms: [Platform], _ registry: Registry, _ session: Session, project: Session
  )
    async throws -> BaseImages
  {
    if base == "scratch" { return try scratch(platforms) }
    if base.hasPrefix("oci:") {
      let (directory, tag) = Transport.layout(base)
      let layout = try LayoutStore.open(project.path(directory))
      return try await gather(
        base, from: layout, try await layout.resolve(tagOrOnly: tag), platforms, registry, session)
    }
    let reference = try Reference(parsing: base)
    let remote = try session.repository(reference)
    let top = try await remote.resolve(reference.digest?.description ?? reference.tag ?? "latest")
    return try await gather(base, from: remote, top, platforms, registry, session)
  }

  private static func gather(
    _ name: String, from source: some ContentReader, _ top: Descriptor, _ platforms: [Platform], _ registry: Registry,
    _ session: Session
  ) async throws -> BaseImages {
    var bases: [ImagePlan.Base] = []
    for platform in platforms {
      let image = try await source.image(top, platform: platform)
      guard image.config.os == platform.os, image.config.architecture == platform.architecture else {
        throw FlowError(
          .notFound, name, "the base is for \(image.config.platform), and \(platform) is wanted",
          hint: "name another base, or set platforms in opz.yaml")
      }
      _ = try await copy(image.manifest.descriptor, from: source, to: registry.store, progress: session.progress)
      bases.append(ImagePlan.Base(platform: platform, image: image))
    }
    return BaseImages(bases: bases, name: name, digest: top.digest)
  }
}
