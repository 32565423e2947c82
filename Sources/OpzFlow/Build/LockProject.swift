import OpzArchive
import OpzDistribution
public import OpzIO
import OpzOCI
import OpzPackage
import OpzProject
import OpzPython
import OpzRegistry
import OpzStore
public import SystemPackage

/// `opz lock`: pins the mutable names that a project uses, its base image and its packages.
public struct LockProject: Sendable {
  /// A base image and the digest that `opz.lock` pins it to.
  public struct Pin: Sendable {
    /// As `opz.yaml` names it.
    public let base: String
    public let digest: Digest
    /// The digest that the lock had before, if it was a different one.
    public let previous: Digest?
  }

  /// Which locked names may be resolved again.
  public enum Update: Sendable, Hashable {
    /// Only what no longer matches the project.
    case needed
    /// These packages as well.
    case packages([String])
    /// The base and all packages.
    case all
  }

  /// Whether the text is a valid name of a Python package.
  public static func isPackageName(_ text: String) -> Bool { RequirementsFile.isName(text) }

  private let project: FilePath
  private let overrides: [String]
  private let update: Update
  private let session: Session
  /// Where uv takes PyTorch from, as its option `--torch-backend`: `cpu`, `cu126`.
  public var torchBackend: String?

  /// Prepares the locking of a project.
  ///
  /// - Parameters:
  ///   - project: the directory that holds `opz.yaml`.
  ///   - overrides: `KEY=VALUE` settings that replace those of `opz.yaml`.
  ///   - update: which locked names are resolved again.
  public init(_ project: FilePath, overrides: [String] = [], update: Update = .needed, in session: Session) {
    self.project = project
    self.overrides = overrides
    self.update = update
    self.session = session
  }

  /// - Parameter update: whether to resolve everything again that is already locked.
  public init(_ project: FilePath, overrides: [String] = [], update: Bool, in session: Session) {
    self.init(project, overrides: overrides, update: update ? .all : .needed, in: session)
  }

  /// Resolves everything first and writes afterwards, so a failed lock changes no file.
  public func run() async throws -> [Pin] {
    let config = try LoadedProject.configuration(
      project, MLflowModel(in: project), overrides: overrides, formats: session.formats)
    // An unreadable lock is an error, unless it is replaced entirely.
    let old = update == .all ? (try? ProjectLock.read(in: project)) ?? nil : try ProjectLock.read(in: project)
    var lock = ProjectLock()
    var pins: [Pin] = []
    if let base = config.base, base != "scratch" {
      let known = old?.bases[base]
      let digest =
        if let known, update != .all { known } else {
          try await BaseFailure.naming(base) { try await resolve(base, config.platforms) }
        }
      lock.bases[base] = digest
      pins.append(Pin(base: base, digest: digest, previous: known == digest ? nil : known))
    }
    var packages = LockPackages.Result()
    if config.runtime.kind == .r, config.runtime.packages != nil {
      guard let pin = pins.first else { throw RProject.missingBase }
      try refuseBackend(config)
      let debian = try await lockDebian(config, on: pin, old: old)
      lock.inputs = debian.inputs
      if let text = debian.text {
        packages.texts = [(RProject(config: config, directory: project).lock, text)]
      }
    } else if config.runtime.kind == .python {
      guard let pin = pins.first else { throw PythonEnvironment.missingBase }
      let known = pin.previous == nil && update != .all ? old?.facts?[pin.base] : nil
      // An earlier opz did not look for whole versions of Python.
      let facts = if let known, known.releases != nil { known } else { try await facts(pin, config.platforms[0]) }
      lock.facts = [pin.base: facts]
      packages = try await LockPackages(
        project: PythonProject(config: config, directory: project), facts: facts, update: update, old: old,
        session: session, torchBackend: torchBackend
      ).run()
      lock.inputs = packages.inputs
    } else if torchBackend != nil {
      try refuseBackend(config)
    } else if case .packages(let names) = update {
      throw FlowError(
        .usage, "--update \(names[0])", reason: "a \(config.runtime.kind.rawValue) runtime has no packages to lock")
    }
    let (changed, final) = (packages, lock)
    try await blocking {
      for (path, source) in changed.wheels { try SourceWheels.write(source, to: path) }
      // `opz.lock` describes the other locks, so it is written last.
      for (path, text) in changed.texts { try OutputFile.write(Array(text.utf8), to: path) }
      if final != old { try final.write(in: project) }
    }
    return pins
  }

  private func refuseBackend(_ config: ProjectConfig) throws {
    guard let torchBackend else { return }
    throw FlowError(
      .usage, "--torch-backend \(torchBackend)",
      reason: "a \(config.runtime.kind.rawValue) runtime has no packages of Python to lock")
  }

  /// The Debian packages of an R project.
  private func lockDebian(
    _ config: ProjectConfig, on pin: Pin, old: ProjectLock?
  ) async throws -> LockDebian.Result {
    let registry = try session.createRegistry()
    let bases = try await bases(pin, for: config.platforms, in: registry)
    return try await LockDebian(
      project: RProject(config: config, directory: project), bases: bases, base: pin.digest, update: update, old: old,
      registry: registry, session: session
    ).run()
  }

  private func bases(_ pin: Pin, for platforms: [Platform], in registry: Registry) async throws -> BaseImages {
    var inside = session
    inside.directory = project
    return try await BaseImages.custom(
      pin.base, pinned: pin.digest, platforms, registry: registry, session: session, project: inside)
  }

  /// Checks that the locks match the project: `opz lock --check`. Nothing is resolved or written.
  /// - Throws: `FlowError` of category `conflict` if they do not match, `notFound` if there are none.
  public func check() async throws {
    let config = try LoadedProject.configuration(
      project, MLflowModel(in: project), overrides: overrides, formats: session.formats)
    guard let base = config.base, base != "scratch" else { return }
    let hint = "opz lock \(project)"
    let file = project.appending(ProjectLock.fileName).string
    guard let lock = try ProjectLock.read(in: project) else {
      throw FlowError(.notFound, file, reason: "there is no lock", hint: hint)
    }
    guard lock.bases[base] != nil else {
      throw FlowError(.conflict, file, reason: "\(base) is not locked", hint: hint)
    }
    if config.runtime.kind == .r, config.runtime.packages != nil {
      let project = RProject(config: config, directory: project)
      return try await blocking { try project.requireCurrent(lock) }
    }
    guard config.runtime.kind == .python else { return }
    guard let facts = lock.facts?[base] else {
      throw FlowError(
        .conflict, file, reason: "the Python versions and libraries of \(base) are not locked", hint: hint)
    }
    let python = PythonProject(config: config, directory: project)
    try await blocking {
      let (targets, requirements) = (try python.targets(facts), try python.requirements())
      guard try python.requireCurrent(lock, python.inputs(requirements, targets)) else {
        throw FlowError(.conflict, file, reason: "it does not record what the packages were resolved from", hint: hint)
      }
      for (platform, target) in targets {
        let path = python.lock(for: platform)
        let wheels = try PythonLock.read(path).select(
          for: target, allowing: requirements.flatMap { HashRules($0, for: target) })
        try python.requireAll(
          requirements, in: wheels, target, lock: path, inputs: python.inputs(requirements, targets))
      }
    }
  }

  private func facts(_ pin: Pin, _ platform: Platform) async throws -> BaseFacts {
    let registry = try session.createRegistry()
    let bases = try await bases(pin, for: [platform], in: registry)
    let image = bases.bases[0].image
    let environment = image.config.config?.env ?? []
    if let active = environment.first(where: { $0.hasPrefix("VIRTUAL_ENV=") }) {
      throw FlowError(
        .failed, pin.base, reason: "its \(active) keeps Python from finding packages elsewhere",
        hint: "name a base without a virtual environment")
    }
    return try await BaseSurvey(
      image: image, base: pin.base, origin: bases.origin, registry: registry, session: session
    )
    .facts()
  }

  /// The base's digest, after checking that it has an image for each platform.
  private func resolve(_ base: String, _ platforms: [Platform]) async throws -> Digest {
    if base.hasPrefix("oci:") {
      var inside = session
      inside.directory = project
      let (directory, tag) = Transport.layout(base)
      let layout = try LayoutStore.open(inside.path(directory))
      return try await check(layout.resolve(tagOrOnly: tag), in: layout, platforms)
    }
    if let (file, tag) = Transport.ociArchive(base) {
      let path = project.pushing(FilePath(file)).withoutDots
      let archive = try await blocking { try OCIArchiveContent(path) }
      return try await check(archive.index.resolve(tagOrOnly: tag, in: base).descriptor, in: archive, platforms)
    }
    if base.hasPrefix("docker-archive:") {
      let path = project.pushing(FilePath(String(base.dropFirst("docker-archive:".count))))
      let registry = try session.createRegistry()
      return try await blocking { try DockerArchiveBase.store(path, in: registry.store).manifest.descriptor.digest }
    }
    let reference = try Reference(parsing: base)
    let remote = try session.pullSource(reference)
    let top = try await remote.resolve(reference.tagOrDigest)
    return try await check(top, in: remote, platforms)
  }

  private func check(_ top: Descriptor, in source: some ContentReader, _ platforms: [Platform]) async throws -> Digest {
    for platform in platforms { _ = try await source.image(top, platform: platform) }
    return top.digest
  }
}
