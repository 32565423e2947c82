import OpzDistribution
public import OpzIO
import OpzOCI
import OpzPackage
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
    let config = try ConfigReader.read(project.appending("opz.yaml"), overrides: overrides)
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
    if lock != old { try lock.write(in: project) }
    return pins
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
