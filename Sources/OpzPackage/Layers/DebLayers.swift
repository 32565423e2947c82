public import OpzArchive
public import OpzDebian
public import OpzIO
public import OpzOCI
public import SystemPackage

/// Splits the Debian packages of an image into layers, as `PackageGroups` has it.
public enum DebLayers {
  /// - Parameter platform: the platform of the image.
  public static func plan(_ packages: [LocalDeb], compression: Compression, platform: Platform) -> [PlannedLayer] {
    PackageGroups.split(packages, name: \.package.name, size: \.package.size).map { packages in
      let source = LayerSource.PackageSource(
        .deb, names: packages.map(\.package.file).sorted(), root: FilePath(""),
        // The number is incremented when opz changes what it makes of a package.
        identity: ["layout 1"] + packages.map { "\($0.package.digest)" },
        size: packages.reduce(0) { $0 &+ $1.package.size }, entries: { try entries(packages) })
      return PlannedLayer(
        role: .environment, source: .packages(source), compression: compression, platform: platform)
    }
  }

  /// The files of all packages, and the directories that several of them have once.
  private static func entries(_ packages: [LocalDeb]) throws -> [TarEntry] {
    var found: [FilePath: (entry: TarEntry, owner: String)] = [:]
    for deb in packages {
      for entry in try deb.entries() {
        if let other = found[entry.path] {
          guard case (.directory, .directory) = (entry.kind, other.entry.kind) else {
            throw PackageError(
              .occupied, "/\(entry.path)", reason: "\(deb.package.name) and \(other.owner) both have it",
              hint: "install one of them in the base")
          }
          continue
        }
        found[entry.path] = (entry, deb.package.name)
      }
    }
    return found.values.map(\.entry)
  }
}

/// A local .deb whose digest matches the lock.
public struct LocalDeb: Sendable {
  public let package: DebianLock.Package
  /// Below the registry's cache; empty while nothing is fetched.
  public let file: FilePath

  /// Describes a package and where its file is.
  public init(_ package: DebianLock.Package, file: FilePath) {
    self.package = package
    self.file = file
  }

  /// Reads what dpkg is told of it. It blocks.
  /// - Throws: `DebianError` for a file of another package than the lock names, or of one whose scripts would have to
  ///   run.
  public func open() throws -> DebArchive {
    let name = package.file
    let archive = try DebArchive(FileBlob(file, size: package.size), name: name)
    let control = archive.control
    guard control["Package"] == package.name, control["Version"] == package.version,
      control["Architecture"] == package.architecture
    else {
      throw DebianError(
        .untrusted, name,
        reason: "it says of itself that it is \(control["Package"] ?? "?") \(control["Version"] ?? "?")",
        hint: "opz lock --update looks again")
    }
    for script in archive.scripts {
      guard let line = script.effect else { continue }
      throw DebianError(
        .unsuitable, "\(package.name) \(package.version)",
        reason: "its \(script.name) would have to run, and opz runs none: \(PrintableText.line(line, limit: 120))",
        hint: "install it in the base, with apt")
    }
    return archive
  }

  func entries() throws -> [TarEntry] {
    let archive = try open()
    let tar = FilePath(file.string + ".tar")
    if try FileStatus.find(tar) == nil { try archive.unpackData(to: tar) }
    RecentUse.mark(tar)
    return try archive.entries(in: tar)
  }
}
