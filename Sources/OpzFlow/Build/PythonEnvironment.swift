import OpzArchive
import OpzHTTP
import OpzIO
import OpzOCI
import OpzPackage
import OpzProject
import OpzPython
import OpzRegistry
import SystemPackage

/// The packages of a project that are not in its base, planned as layers.
struct PackageEnvironment: Sendable {
  var layers: [PlannedLayer] = []
  var packages: [VersionRecord.Package] = []
  /// The version of the base's Python, `3.11`; nil without one.
  var python: String?
}

/// The wheels of a project's locks: fetched, checked and planned as layers.
enum PythonEnvironment {
  /// The number of concurrent downloads.
  private static let parallel = 4

  /// - Parameters:
  ///   - bases: the images that the packages are put on.
  ///   - fetching: false to plan from the locks alone, without downloading wheels.
  static func load(
    _ project: PythonProject, on bases: BaseImages, fetching: Bool = true, _ registry: Registry, session: Session
  ) async throws -> PackageEnvironment {
    guard let base = project.config.base else { throw missingBase }
    guard let recorded = try ProjectLock.read(in: project.directory), let facts = recorded.facts?[base] else {
      throw FlowError(
        .notFound, project.directory.appending(ProjectLock.fileName).string,
        reason: "the Python versions and libraries of \(base) are not locked",
        hint: "opz lock \(project.directory)")
    }
    var environment = PackageEnvironment()
    let (targets, requirements, inputs) = try await blocking {
      let targets = try project.targets(facts)
      let requirements = try project.requirements()
      let inputs = try project.inputs(requirements, targets)
      let isKnown = try project.requireCurrent(recorded, inputs)
      if !isKnown, try project.source() != nil {
        session.progress.report(
          .note(
            "warning: opz.lock does not record what the packages were resolved from, so changes cannot be noticed; opz lock records it"
          ))
      }
      return (targets, requirements, inputs)
    }
    for platform in project.config.platforms {
      guard let target = targets[platform] else { continue }
      let version = "3.\(target.minor)"
      if let other = environment.python, other != version {
        throw FlowError(
          .failed, "platforms", reason: "the base has Python \(other) for one platform and \(version) for another",
          hint: "write python: \"\(version)\" below runtime, or package each platform on its own")
      }
      environment.python = version
      let lock = project.lock(for: platform)
      let rules = requirements.flatMap { HashRules($0, for: target) }
      let locked = try await blocking { try PythonLock.read(lock).select(for: target, allowing: rules) }
      try project.requireAll(requirements, in: locked, target, lock: lock, inputs: inputs)
      try project.requireMLflow(in: locked, lock)
      let local: [LocalWheel]
      if fetching {
        local = try await fetch(locked, beside: lock.removingLastComponent(), registry, session: session)
        try await check(locked, local, rules: rules, subject: lock.string)
        try await check(local, target, facts: facts, lock: lock, registry: registry)
      } else {
        local = locked.map { LocalWheel(name: $0.name, file: "", digest: $0.digest, size: $0.size ?? 0) }
      }
      let layout = try project.layout(target)
      let interpreter = bases.bases.first { $0.platform == platform }.map { own in
        let survey = BaseSurvey(
          image: own.image, base: base, origin: bases.origin, registry: registry, session: session)
        return PythonInterpreter(
          facts: facts, base: BaseInterpreter(survey: survey, platform: platform), registry: registry, session: session)
      }
      let bytecode =
        fetching
        ? try await interpreter?.compile(local, in: layout, for: project.config, python: version)
        : try await blocking { try interpreter?.expected(for: project.config, python: version) }
      environment.layers += WheelLayers.plan(
        local, layout: layout, bytecode: bytecode, compression: project.config.compression, platform: platform)
      let sizes = fetching ? try await blocking { try PythonEnvironment.unpacked(local) } : [:]
      environment.packages += locked.map {
        VersionRecord.Package(
          name: $0.name.normalizedDistribution, version: $0.version, wheel: $0.name.description, digest: $0.digest,
          platform: platform.description, unpacked: sizes[$0.digest])
      }
    }
    return environment
  }

  /// The bytes of each wheel's files, by its digest.
  private static func unpacked(_ wheels: [LocalWheel]) throws -> [Digest: UInt64] {
    try wheels.reduce(into: [:]) { sizes, wheel in
      let archive = try ZipArchive(FileBlob(wheel.file, size: wheel.size), name: wheel.name.description)
      sizes[wheel.digest] = archive.entries.reduce(UInt64(0)) { $0 &+ $1.size }
    }
  }

  static var missingBase: FlowError {
    FlowError(
      .failed, "runtime.base", reason: "a python runtime requires a base with Python, but none is given",
      hint: "set runtime.base in opz.yaml, or use --set runtime.base=HOST/REPO:TAG")
  }

  /// Hashes the wheels again if the lock or the requirements have digests other than SHA-256.
  static func check(
    _ locked: [LockedWheel], _ local: [LocalWheel], rules: HashRules?, subject: String
  ) async throws {
    let files = Dictionary(local.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
    try await blocking {
      for wheel in locked {
        guard let file = files[wheel.name] else { continue }
        let blob = FileBlob(file.file, size: file.size)
        try wheel.check(blob, subject: subject)
        try rules?.check(wheel, blob, subject: subject)
      }
    }
  }

  /// Downloads the wheels that are not in the cache, where each is named by its digest.
  static func fetch(
    _ wheels: [LockedWheel], beside directory: FilePath, _ registry: Registry, session: Session
  ) async throws -> [LocalWheel] {
    let cache = registry.cacheDirectory.appending("wheels")
    let download = try FileDownload(
      environment: session.environment,
      logins: IndexLogins(
        environment: session.environment,
        indexes: UvIndexes.read(in: directory, environment: session.environment)
      ).logins.map {
        ($0.url, FileDownload.Login(user: $0.user, password: $0.password))
      }, userAgent: session.tool.replacing(" ", with: "/"), progress: session.progress, insecure: session.insecure)
    return try await concurrently(wheels, limit: parallel) { wheel in
      let path = cache.appending("\(wheel.digest.hex).whl")
      switch wheel.location {
      case .url(let url):
        try await download.fetch(
          FileDownload.Item(name: wheel.name.description, url: url, digest: wheel.digest, size: wheel.size), to: path)
      case .path(let relative):
        let place = directory.pushing(FilePath(relative)).withoutDots
        try await blocking {
          try LocalCopy(
            place, digest: wheel.digest, noun: "wheel",
            missing: "the lock lists this wheel, but the file does not exist",
            hint: "commit it together with the lock; opz lock --update locks without it"
          ).take(to: path)
        }
      }
      RecentUse.mark(path)
      return LocalWheel(name: wheel.name, file: path, digest: wheel.digest, size: try FileStatus.of(path).size)
    }
  }

  /// Reads the wheels' metadata and reports incompatible packages. A set that passed once is not checked again.
  private static func check(
    _ wheels: [LocalWheel], _ target: PythonTarget, facts: BaseFacts, lock: FilePath, registry: Registry
  ) async throws {
    let text = wheels.map(\.digest.description).sorted().joined(separator: "\n") + "\n\(target)\n\(facts.cuda ?? "")"
    let marker = registry.cacheDirectory.appending("checks").appending(Digest.of(Array(text.utf8)).hex)
    try await blocking {
      if try FileStatus.find(marker) != nil { return }
      let metadata = try wheels.map { wheel in
        let archive = try ZipArchive(FileBlob(wheel.file, size: wheel.size), name: wheel.name.description)
        return try Wheel(archive, name: wheel.name).metadata
      }
      let problems = EnvironmentCheck.conflicts(metadata, for: target, cuda: facts.cuda)
      guard problems.isEmpty else {
        let shown = problems.prefix(10).map(\.description).joined(separator: "; ")
        throw FlowError(
          .failed, lock.string, reason: "the packages are incompatible: \(shown)",
          hint: "fix the requirements, then run opz lock --update")
      }
      try Durable.makeDirectory(marker.removingLastComponent())
      try Durable.replace(marker, with: [])
    }
  }
}
