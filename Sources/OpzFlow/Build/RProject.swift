import OpzDebian
import OpzIO
import OpzJSON
import OpzOCI
import OpzPackage
import OpzProject
import SystemPackage

/// The R part of a project: which packages its base may lack, and where their lock is.
struct RProject: Sendable {
  let config: ProjectConfig
  let directory: FilePath

  /// A package that renv.lock names.
  struct Recorded: Sendable, Hashable {
    let name: String
    let version: String
  }

  /// The name of renv's lock, which is beside opz.yaml.
  static let renvFile = "renv.lock"
  /// What the worker itself needs.
  static let needed = "jsonlite"
  /// Packages that come with every R, and renv itself, which only makes the library.
  private static let bundled: Set<String> = RPackages.base.union(["renv", "translations"])

  var lock: FilePath { directory.pushing(FilePath(config.runtime.lock ?? DebianLock.fileName)).withoutDots }

  /// The packages of renv.lock, sorted by name; nil without the file. Its Hash is of a description and no digest of a
  /// package, so that names and versions are all that counts.
  /// - Throws: `FlowError` for a file that is no lock of renv's.
  func recorded() throws -> [Recorded]? {
    let file = directory.appending(RProject.renvFile)
    guard try FileStatus.find(file) != nil else { return nil }
    let json = try CanonicalJSON.decode(
      JSONValue.self, from: SmallFile.read(file, limit: 16 << 20), subject: file.string)
    guard case .object(let packages)? = json["Packages"] else {
      throw FlowError(.failed, file.string, reason: "it has no Packages", hint: "write it again with renv::snapshot()")
    }
    return try packages.filter { !RProject.bundled.contains($0.key) }.map { name, package in
      guard PackageName.isR(name), let version = package["Version"]?.string else {
        throw FlowError(
          .failed, file.string, reason: "\"\(PrintableText.brief(name))\" is no package with a version",
          hint: "write it again with renv::snapshot()")
      }
      return Recorded(name: name, version: version)
    }.sorted { $0.name < $1.name }
  }

  /// The names of all packages that are asked for, in order: of opz.yaml, of renv.lock, and what the worker needs.
  func wanted() throws -> [String] {
    let names = try (config.runtime.packages ?? []) + (recorded() ?? []).map(\.name)
    let own = config.runtime.hasWorkers ? [RProject.needed] : []
    return Set(names + own).subtracting(RProject.bundled).sorted()
  }

  /// What the choice of packages depends on.
  /// - Parameters:
  ///   - base: the digest that the base is pinned to.
  ///   - lock: the text of debian.lock that is yet to be written; nil reads it.
  func inputs(base: Digest, lock text: String? = nil) throws -> ProjectLock.Inputs {
    func digest(_ path: FilePath) throws -> Digest? {
      guard try FileStatus.find(path) != nil else { return nil }
      return Digest.of(try SmallFile.read(path, limit: DebianLock.limit))
    }
    var files: [String: Digest] = [:]
    files[RProject.renvFile] = try digest(directory.appending(RProject.renvFile))
    files[config.runtime.lock ?? DebianLock.fileName] = try text.map { Digest.of(Array($0.utf8)) } ?? digest(lock)
    let archive = config.runtime.archive.isEmpty ? "" : " from \(config.runtime.archive.joined(separator: ", "))"
    let target = try "\(wanted().joined(separator: ", ")) on the base \(base.short)\(archive)"
    return ProjectLock.Inputs(
      files: files, targets: Dictionary(config.platforms.map { ("\($0)", target) }, uniquingKeysWith: { one, _ in one })
    )
  }

  /// - Throws: `FlowError` of category `conflict` for a lock of other inputs, `notFound` for none.
  func requireCurrent(_ recorded: ProjectLock?) throws {
    let hint = "opz lock \(directory)"
    guard let base = config.base, let pinned = recorded?.bases[base], let then = recorded?.inputs else {
      throw FlowError(
        .notFound, directory.appending(ProjectLock.fileName).string,
        reason: "the R packages for \(config.base ?? "the base") are not locked", hint: hint)
    }
    guard let change = try inputs(base: pinned).change(since: then) else { return }
    let subject = change.subject == "opz.yaml" ? change.subject : directory.appending(change.subject).string
    throw FlowError(
      .conflict, subject, reason: "\(change.reason), so the locked packages may not be the ones that are needed",
      hint: hint)
  }

  /// Debian's name of a processor.
  static func architecture(_ platform: Platform) -> String {
    switch (platform.architecture, platform.variant) {
    case ("386", _): "i386"
    case ("arm", "v5"), ("arm", "v6"): "armel"
    case ("arm", _): "armhf"
    case ("ppc64le", _): "ppc64el"
    case ("mips64le", _): "mips64el"
    default: platform.architecture
    }
  }

  static var missingBase: FlowError {
    FlowError(
      .failed, "runtime.base", reason: "R packages are added to a base with R, but none is given",
      hint: "set runtime.base in opz.yaml, or use --set runtime.base=\(RuntimeSection.debianR)")
  }
}
