import OpzDistribution
import OpzFormats
import OpzIO
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore

/// The base images that a project's image is built on, one per platform, with their documents in the registry.
struct BaseImages: Sendable {
  var bases: [ImagePlan.Base]
  /// As `opz.yaml` names it, or `opz-runtime`; nil for `scratch`.
  var name: String?
  /// The digest of the base's manifest or index.
  var digest: Digest?
  /// The `HOST/REPO` that has the layers, if they were not fetched.
  var origin: String?

  /// The layers of all platforms' images, without duplicates.
  var layers: [Layer] {
    var seen: Set<Digest> = []
    return bases.flatMap(\.image.layers).filter { seen.insert($0.descriptor.digest).inserted }
  }

  /// The layers in the form that a version's record stores.
  var records: [VersionRecord.Layer] {
    layers.map {
      VersionRecord.Layer(
        role: "runtime", descriptor: $0.descriptor.withoutAnnotations, diffID: $0.diffID, compressor: nil,
        origin: origin)
    }
  }

  /// Finds a layer that the registry does not have: in the base's own repository.
  func fetch(_ registry: Registry, _ session: Session) -> @Sendable (Descriptor) async throws -> any Blob {
    let origin = origin
    return { descriptor in
      guard let origin, let reference = try? Reference(parsing: origin) else {
        return try registry.store.file(descriptor)
      }
      return try await session.pullSource(reference, byDigest: true).blob(descriptor)
    }
  }

  /// Resolves where files end up on one of the images, whose links can redirect them.
  func placement(on image: Image, _ registry: Registry, _ session: Session) async throws -> BasePlacement {
    let base = name ?? "the base"
    let names = BasePaths(registry: registry, session: session, base: base, origin: origin)
    return BasePlacement(try await names.table(of: image), base: base)
  }

  static func scratch(_ platforms: [Platform]) throws -> BaseImages {
    BaseImages(
      bases: try platforms.map { ImagePlan.Base(platform: $0, image: try Image.scratch($0)) }, name: nil, digest: nil)
  }

  static func native(_ platforms: [Platform], _ registry: Registry, session: Session) async throws -> BaseImages {
    var bases: [ImagePlan.Base] = []
    for platform in platforms {
      let image = try await RuntimeImport.ensure(platform, registry: registry, session: session)
      bases.append(ImagePlan.Base(platform: platform, image: image))
    }
    return BaseImages(bases: bases, name: "opz-runtime", digest: bases.first?.image.manifest.descriptor.digest)
  }

  /// Checks that the native runtime of each platform serves a model.
  /// - Parameters:
  ///   - format: the name of the model's format.
  ///   - graph: the version of the model graph that it needs.
  /// - Throws: `FlowError` of category `conflict` for a runtime that does not.
  func requireReading(_ format: String, graph: Int, options: ReadingOptions, in session: Session) throws {
    for base in bases {
      let own = base.platform.isSameProcessor(as: .host) ? InstalledProgram.server.find(session.environment) : nil
      let server = own?.string ?? "PATH-OF-OPZ-SERVER"
      let mark = RuntimeMark(labels: base.image.config.config?.labels ?? [:])
      guard let reason = mark.objection(to: format, graph: graph, options: options) else { continue }
      throw FlowError(
        .conflict, "opz-runtime for \(base.platform)",
        reason: "the pinned runtime does not serve this model: \(reason)",
        hint: "opz runtime import \(server) pins another; versions that exist keep theirs")
    }
  }

  /// Checks that the native runtime of each platform keeps a contract.
  /// - Throws: `FlowError` of category `conflict` for a runtime that does not, whose server would not start.
  func requireContract(in session: Session) throws {
    for base in bases where RuntimeMark(labels: base.image.config.config?.labels ?? [:]).contract < 1 {
      let own = base.platform.isSameProcessor(as: .host) ? InstalledProgram.server.find(session.environment) : nil
      throw FlowError(
        .conflict, "opz-runtime for \(base.platform)", reason: "the pinned runtime is older than contracts",
        hint: "opz runtime import \(own?.string ?? "PATH-OF-OPZ-SERVER") pins another; versions that exist keep theirs")
    }
  }

  /// Resolves a base that opz did not make.
  /// - Parameters:
  ///   - base: `scratch`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE` or `HOST/REPO[:TAG|@DIGEST]`.
  ///   - pinned: the digest that `opz.lock` pins the name to.
  static func custom(
    _ base: String, pinned: Digest?, _ platforms: [Platform], registry: Registry, session: Session, project: Session
  ) async throws -> BaseImages {
    try await BaseFailure.naming(base) { () async throws -> BaseImages in
      if base == "scratch" { return try scratch(platforms) }
      return try await named(base, pinned: pinned, platforms, registry: registry, session: session, project: project)
    }
  }

  private static func named(
    _ base: String, pinned: Digest?, _ platforms: [Platform], registry: Registry, session: Session, project: Session
  ) async throws -> BaseImages {
    if let (file, tag) = Transport.ociArchive(base) {
      let path = project.path(file)
      let archive = try await blocking { try OCIArchiveContent(path) }
      let top = try archive.index.resolve(tagOrOnly: tag, in: base).descriptor
      try check(top, base, pinned: pinned)
      return try await stored(base, from: archive, top, platforms: platforms, registry: registry, session: session)
    }
    if base.hasPrefix("oci:") {
      let (directory, tag) = Transport.layout(base)
      let layout = try LayoutStore.open(project.path(directory))
      let top = try await layout.resolve(tagOrOnly: tag)
      try check(top, base, pinned: pinned)
      return try await stored(base, from: layout, top, platforms: platforms, registry: registry, session: session)
    }
    if base.hasPrefix("docker-archive:") {
      return try await archive(base, pinned: pinned, platforms, registry: registry, project: project)
    }
    let reference = try Reference(parsing: base)
    let wanted = reference.digest ?? pinned
    let remote = try session.pullSource(reference, byDigest: wanted != nil)
    let top = try await remote.resolve(wanted?.description ?? reference.tag ?? "latest")
    var images = try await gather(base, from: remote, top, platforms: platforms, registry: registry)
    images.origin = reference.name
    return images
  }

  /// Copies the images into the registry, since files can be moved or changed.
  private static func stored(
    _ base: String, from source: some ContentReader, _ top: Descriptor, platforms: [Platform], registry: Registry,
    session: Session
  ) async throws -> BaseImages {
    let images = try await gather(base, from: source, top, platforms: platforms, registry: registry)
    for image in images.bases {
      _ = try await copy(image.image.manifest.descriptor, from: source, to: registry.store, progress: session.progress)
    }
    return images
  }

  private static func archive(
    _ base: String, pinned: Digest?, _ platforms: [Platform], registry: Registry, project: Session
  ) async throws -> BaseImages {
    let path = project.path(String(base.dropFirst("docker-archive:".count)))
    let image = try await blocking { try DockerArchiveBase.store(path, in: registry.store) }
    let top = image.manifest.descriptor
    try check(top, base, pinned: pinned)
    return try await gather(base, from: registry.store, top, platforms: platforms, registry: registry)
  }

  /// A layout or archive can be overwritten after it was locked.
  private static func check(_ top: Descriptor, _ base: String, pinned: Digest?) throws {
    guard let pinned, pinned != top.digest else { return }
    throw FlowError(
      .verification, base, reason: "the base is \(top.digest), but opz.lock pins \(pinned)",
      hint: "opz lock --update pins the new one")
  }

  /// Stores the images' manifests and configs; the layers stay in the source.
  private static func gather(
    _ name: String, from source: some ContentReader, _ top: Descriptor, platforms: [Platform], registry: Registry
  ) async throws -> BaseImages {
    var bases: [ImagePlan.Base] = []
    for platform in platforms {
      let image = try await source.image(top, platform: platform)
      let own = image.config.platform
      guard top.mediaType.isIndex ? platform.isSameProcessor(as: own) : platform.accepts(own) else {
        throw FlowError(
          .notFound, name, reason: "the base is for \(image.config.platform), but \(platform) is required",
          hint: "name another base, or set platforms in opz.yaml")
      }
      try await requireLayers(of: image, name, in: source)
      try registry.store.put(image.manifest.raw, image.manifest.descriptor.mediaType)
      try registry.store.put(image.configBytes, image.manifest.content.config.mediaType)
      bases.append(ImagePlan.Base(platform: platform, image: image))
    }
    return BaseImages(bases: bases, name: name, digest: top.digest)
  }

  /// A layer that is found only at its urls would be missing when files are placed on the base, and in its copies.
  private static func requireLayers(of image: Image, _ name: String, in source: some ContentReader) async throws {
    for layer in image.layers where layer.descriptor.isNonDistributable {
      guard try await !source.contains(layer.descriptor) else { continue }
      throw FlowError(
        .failed, name,
        reason:
          "its layer \(layer.descriptor.digest) may not be distributed: it is only at \(PrintableText.brief(layer.descriptor.urls?.first ?? ""))",
        hint: "push the base with this layer to a registry of your own, and name it there")
    }
  }
}
