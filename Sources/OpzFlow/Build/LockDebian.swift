import OpzDebian
import OpzIO
import OpzOCI
import OpzPackage
import OpzProject
import OpzRegistry
import OpzStore
import SystemPackage

/// The R part of `opz lock`: chooses the Debian packages that the base lacks, if the inputs of the lock changed. It
/// writes nothing.
struct LockDebian: Sendable {
  let project: RProject
  /// The base, whose manifests are in the registry.
  let bases: BaseImages
  /// The digest that opz.lock pins the base to.
  let base: Digest
  let update: LockProject.Update
  /// `opz.lock` before this run.
  let old: ProjectLock?
  let registry: Registry
  let session: Session

  /// What is to be written.
  struct Result: Sendable {
    /// Nil where the lock stays as it is.
    var text: String?
    var inputs: ProjectLock.Inputs
  }

  func run() async throws -> Result {
    let now = try await blocking { try project.inputs(base: base) }
    if update == .needed, let then = old?.inputs, now.change(since: then) == nil, now == then {
      return Result(text: nil, inputs: now)
    }
    let known = try await blocking { try former() }
    try checkUpdate(known)
    var packages: [DebianLock.Package] = []
    var distribution = "debian"
    for image in bases.bases {
      let survey = BaseSurvey(
        image: image.image, base: name, origin: bases.origin, registry: registry, session: session)
      let debian = try await survey.debian()
      distribution = debian.distribution ?? distribution
      let chosen = try await choose(debian, for: image.platform, keeping: known)
      let size = chosen.reduce(UInt64(0)) { $0 &+ $1.size }
      session.progress.report(
        .note(
          "\(project.lock.lastComponent?.string ?? "the lock") has \(chosen.count) package\(chosen.count == 1 ? "" : "s") of \(ByteCount.text(size)) for \(image.platform)"
        ))
      packages += chosen
    }
    let lock = DebianLock(packages, of: distribution)
    // What cannot become a layer is said here, and not when an image is built. They are needed there anyway.
    let debs = try await DebianFiles(registry: registry, session: session).fetch(lock.packages)
    _ = try await blocking { try DebianEnvironment.installedSizes(debs) }
    return Result(text: lock.text, inputs: try await blocking { try project.inputs(base: base, lock: lock.text) })
  }

  private var name: String { project.config.base ?? "the base" }

  /// The lock before this run. What cannot be read is an error, unless it is replaced entirely.
  private func former() throws -> DebianLock? {
    guard try FileStatus.find(project.lock)?.kind == .file else { return nil }
    do {
      return try DebianLock(SmallFile.read(project.lock, limit: DebianLock.limit), subject: project.lock.string)
    } catch let error as DebianError {
      guard update == .all, error.code == .malformed, project.config.runtime.lock == nil else { throw error }
      return nil
    }
  }

  private func checkUpdate(_ known: DebianLock?) throws {
    guard case .packages(let names) = update else { return }
    for name in names where !(known?.packages.contains { isNamed($0, name) } ?? false) {
      throw FlowError(
        .notFound, "--update \(name)", reason: "\(project.lock.lastComponent?.string ?? "the lock") has no such package"
      )
    }
  }

  private func isNamed(_ package: DebianLock.Package, _ name: String) -> Bool {
    package.name == name || PackageName.debian(ofR: name).contains(package.name)
  }

  /// The versions of the former lock that are kept where they can be.
  private func preferred(_ known: DebianLock?, _ platform: Platform) -> [String: DebianVersion] {
    guard update != .all, let known else { return [:] }
    let kept = known.packages(for: "\(platform)").filter { package in
      if case .packages(let names) = update { return !names.contains { isNamed(package, $0) } }
      return true
    }
    return Dictionary(
      kept.compactMap { package in DebianVersion(package.version).map { (package.name, $0) } },
      uniquingKeysWith: { one, _ in one })
  }

  private func choose(
    _ debian: DebianBase, for platform: Platform, keeping known: DebianLock?
  ) async throws -> [DebianLock.Package] {
    let architecture = RProject.architecture(platform)
    let installed = try debian.installed(architecture)
    try require(debian, installed)
    let wanted = try await blocking { try project.wanted() }
    let open = wanted.filter { !debian.libraries.contains($0) && installed[$0] == nil }
    guard !open.isEmpty else { return [] }
    let archives = DebianArchives(
      base: debian, name: name, architecture: architecture, registry: registry, session: session)
    let indexes = try await archives.indexes(archives.sources(project.config.runtime.archive))
    let pool = PackagePool(indexes, preferring: preferred(known, platform))
    let base = name
    let chosen = try await blocking {
      let wants = try open.map { Resolver.Want($0, try dependency($0, on: installed, from: pool)) }
      return try Resolver(base: installed, pool: pool, name: base).resolve(wants)
    }
    try noteOtherVersions(chosen, installed)
    return try chosen.map { package in
      guard let digest = package.digest, let size = package.size, let url = package.url else {
        throw FlowError(.failed, "\(base): \(package.name)", reason: "its archive does not say where its file is")
      }
      return DebianLock.Package(
        name: package.name, version: package.version.description, architecture: package.architecture,
        platform: "\(platform)", size: size, digest: digest, url: url)
    }
  }

  /// - Throws: `FlowError` for a base whose R would not find Debian's packages.
  private func require(_ debian: DebianBase, _ installed: InstalledPackages) throws {
    let hint =
      "name a base with Debian's R: \(RuntimeSection.debianR), or a Debian image with apt-get install --no-install-recommends r-base-core"
    guard !installed.all.isEmpty else {
      throw FlowError(.failed, name, reason: "it has no dpkg, and R packages are Debian's", hint: hint)
    }
    let others = debian.r.filter { $0 != DebianBase.ownR }
    guard installed["r-base-core"] != nil else {
      let reason =
        others.first.map { "its R is in /\($0), which does not look for packages in /usr/lib/R/site-library" }
        ?? "it has no R"
      throw FlowError(
        .failed, name, reason: reason,
        hint: "\(hint); or remove packages from opz.yaml, if the base has them all")
    }
    guard let other = others.first(where: { $0.hasPrefix("usr/local/") }) else { return }
    throw FlowError(
      .failed, name, reason: "it has another R in /\(other), which runs before Debian's and does not see its packages",
      hint: hint)
  }

  /// The package that a name stands for: an R package's, or Debian's own.
  private func dependency(_ name: String, on installed: InstalledPackages, from pool: PackagePool) throws -> Dependency
  {
    let names = PackageName.isR(name) ? PackageName.debian(ofR: name) + [name] : [name]
    for known in names where try installed[known] != nil || pool.has(known) { return Dependency([Relation(known)]) }
    throw FlowError(
      .notFound, name,
      reason: PackageName.isR(name) && !PackageName.isDebianR(name)
        ? "no archive of \(self.name) has this R package, as r-cran-\(name.lowercased()) or otherwise"
        : "no archive of \(self.name) has this package",
      hint: "install it in the base, and leave it out of runtime.packages")
  }

  /// renv.lock's versions are wishes: Debian has one version.
  private func noteOtherVersions(_ chosen: [DebianPackage], _ installed: InstalledPackages) throws {
    guard let recorded = try project.recorded() else { return }
    let versions = Dictionary(
      (installed.all + chosen).map { ($0.name, $0.version) }, uniquingKeysWith: { $1 })
    let differing = recorded.compactMap { package -> String? in
      let names = PackageName.debian(ofR: package.name)
      guard let found = names.lazy.compactMap({ versions[$0] }).first else { return nil }
      guard found.ofR != package.version.replacing("-", with: ".") else { return nil }
      return "\(package.name) \(package.version), Debian \(found)"
    }
    guard !differing.isEmpty else { return }
    let more = differing.count > 8 ? "; and \(differing.count - 8) more" : ""
    session.progress.report(
      .note("\(RProject.renvFile) has other versions: \(differing.prefix(8).joined(separator: "; "))\(more)"))
  }
}
