import OpzDebian
import OpzIO
import OpzOCI
import OpzPackage
import OpzProject
import OpzRegistry
import SystemPackage

/// The Debian packages of a project's lock: fetched, checked and planned as layers.
enum DebianEnvironment {
  /// - Parameters:
  ///   - bases: the images that the packages are put on.
  ///   - fetching: false to plan from the lock alone, without downloading packages.
  static func load(
    _ project: RProject, on bases: BaseImages, fetching: Bool, _ registry: Registry, session: Session
  ) async throws -> PackageEnvironment {
    let lock = try await blocking {
      try project.requireCurrent(ProjectLock.read(in: project.directory))
      return try DebianLock(SmallFile.read(project.lock, limit: DebianLock.limit), subject: project.lock.string)
    }
    var environment = PackageEnvironment()
    for platform in project.config.platforms {
      let locked = lock.packages(for: "\(platform)")
      var sizes: [Digest: UInt64] = [:]
      var local = locked.map { LocalDeb($0, file: "") }
      if fetching {
        local = try await DebianFiles(registry: registry, session: session).fetch(locked)
        sizes = try await blocking { [local] in try installedSizes(local) }
      }
      environment.layers += DebLayers.plan(local, compression: project.config.compression, platform: platform)
      environment.packages += locked.map {
        VersionRecord.Package(
          name: $0.name, version: $0.version, wheel: $0.file, digest: $0.digest, platform: "\(platform)",
          unpacked: sizes[$0.digest], distribution: lock.distribution)
      }
    }
    return environment
  }

  /// The bytes that each package takes, as it says itself. What cannot become a layer is refused here.
  static func installedSizes(_ packages: [LocalDeb]) throws -> [Digest: UInt64] {
    try packages.reduce(into: [:]) { sizes, deb in
      let kibibytes = try deb.open().control["Installed-Size"].flatMap { UInt64($0) }
      sizes[deb.package.digest] = kibibytes.map { $0.multipliedReportingOverflow(by: 1024) }.flatMap {
        $0.overflow ? nil : $0.partialValue
      }
    }
  }
}
