import OpzArchive
import OpzDistribution
public import OpzIO
import OpzOCI
import OpzPackage
import OpzPython
import OpzStore
public import SystemPackage

/// `opz lock`: pins what a project names by names that move.
public struct LockProject: Sendable {
  public struct Pin: Sendable {
    /// As opz.yaml has it.
    public let base: String
    public let digest: Digest
    /// What the lock had before, where that is something else.
    public let previous: Digest?
  }

  private let project: FilePath
  private let overrides: [String]
  private let update: Bool
  private let session: Session

  /// - Parameter update: look again at what is locked already.
  public init(_ project: FilePath, overrides: [String] = [], update: Bool, in session: Session) {
    self.project = project
    self.overrides = overrides
    self.update = update
    self.session = session
  }

  public func run() async throws -> [Pin] {
    let config = try LoadedProject.configuration(project, MLflowModel(in: project), overrides)
    // A lock that cannot be read is in the way, unless it is to be made anew.
    let old = update ? (try? ProjectLock.read(in: project)) ?? nil : try ProjectLock.read(in: project)
    var lock = ProjectLock()
    var pins: [Pin] = []
    if let base = config.runtime.base, base != "scratch" {
      let known = old?.bases[base]
      let digest = if let known, !update { known } else { try await resolve(base, config.platforms) }
      lock.bases[base] = digest
      pins.append(Pin(base: base, digest: digest, previous: known == digest ? nil : known))
    }
    if config.runtime.kind == .python { lock.facts = try await lockPython(config, pins, old) }
    if lock != old { try lock.write(in: project) }
    return pins
  }

  /// Looks into the base, and locks the requirements for each platform. A lock without requirements is the user's own.
  private func lockPython(_ config: ProjectConfig, _ pins: [Pin], _ old: ProjectLock?) async throws -> [String:
    BaseFacts]
  {
    guard let pin = pins.first else { throw PythonEnvironment.missingBase }
    let python = PythonProject(config: config, directory: project)
    let known = pin.previous == nil && !update ? old?.facts?[pin.base] : nil
    let facts = if let known { known } else { try await facts(pin, config.platforms[0]) }
    for platform in config.platforms {
      let target = try python.target(for: platform, facts)
      let (path, environment, update) = (python.lock(for: platform), session.environment, update)
      let progress = session.progress
      let source = try python.source()
      try await blocking {
        let isThere = try FileStatus.find(path) != nil
        if let source, update || !isThere {
          if update { try Durable.remove(path) }
          try UvCompile(source, for: target, environment: environment).run(output: path)
        }
        let wheels = try PythonLock.read(path).select(for: target)
        if !facts.hasLibstdcxx, wheels.contains(where: { $0.name.tags.allSatisfy { $0.platform != "any" } }) {
          progress.report(
            .note(
              "\(pin.base) has no libstdc++.so.6, which most compiled wheels need: add Debian's libstdc++6, Alpine's libstdc++"
            ))
        }
      }
      session.progress.report(.note("\(path.lastComponent?.string ?? "the lock") is for \(target)"))
    }
    return [pin.base: facts]
  }

  private func facts(_ pin: Pin, _ platform: Platform) async throws -> BaseFacts {
    var inside = session
    inside.directory = project
    let registry = try session.createRegistry()
    let bases = try await BaseImages.custom(
      pin.base, pinned: pin.digest, [platform], registry, session, project: inside)
    let image = bases.bases[0].image
    let (repository, store) = (
      try bases.origin.map { try session.repository(try Reference(parsing: $0)) }, registry.store
    )
    var layers: [PackedLayer] = []
    for layer in image.layers {
      let isHere = try store.has(layer.descriptor)
      let blob: any Blob =
        if !isHere, let repository { try await repository.blob(layer.descriptor) } else {
          try store.file(layer.descriptor)
        }
      layers.append(try PackedLayer(layer.descriptor, blob, diffID: layer.diffID))
    }
    let stack = LayerStack(layers)
    let environment = image.config.config?.env ?? []
    if let active = environment.first(where: { $0.hasPrefix("VIRTUAL_ENV=") }) {
      throw FlowError(
        .failed, pin.base, "its \(active) makes Python look nowhere else for packages",
        hint: "name a base without a virtual environment")
    }
    return try await blocking { try BaseFacts.read(stack, environment: environment) }
  }

  /// The digest, after a look at whether the base is there for each platform.
  private func resolve(_ base: String, _ platforms: [Platform]) async throws -> Digest {
    if base.hasPrefix("oci:") {
      var inside = session
      inside.directory = project
      let (directory, tag) = Transport.layout(base)
      let layout = try LayoutStore.open(inside.path(directory))
      return try await check(layout.resolve(tagOrOnly: tag), in: layout, platforms)
    }
    if base.hasPrefix("docker-archive:") {
      let path = project.pushing(FilePath(String(base.dropFirst("docker-archive:".count))))
      let registry = try session.createRegistry()
      return try await blocking { try DockerArchiveBase.store(path, in: registry.store).manifest.descriptor.digest }
    }
    let reference = try Reference(parsing: base)
    let remote = try session.repository(reference)
    let top = try await remote.resolve(reference.digest?.description ?? reference.tag ?? "latest")
    return try await check(top, in: remote, platforms)
  }

  private func check(_ top: Descriptor, in source: some ContentReader, _ platforms: [Platform]) async throws -> Digest {
    for platform in platforms { _ = try await source.image(top, platform: platform) }
    return top.digest
  }
}
