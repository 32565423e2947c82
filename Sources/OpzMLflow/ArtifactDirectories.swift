import OpzIO
public import SystemPackage

/// The directories on this machine from which artifacts may be read.
///
/// The database names the location of a version's artifacts, and whoever wrote it may have named any file on this
/// machine. So artifacts are read only from below the database's directory and from directories that the user named.
public struct ArtifactDirectories: Sendable {
  private let base: FilePath
  private let roots: [FilePath]
  /// A location prefix, and the directory that replaces it.
  private let replacements: [(prefix: String, directory: FilePath)]

  /// Creates the list of allowed directories.
  /// - Parameters:
  ///   - database: the database's directory, which is always allowed and is the base of relative locations.
  ///   - named: `DIR`, or `PREFIX=DIR` for locations that start with PREFIX: `s3://bucket/mlflow=/mnt/copy`.
  ///   - directory: the base of relative paths in `named`.
  public init(database: FilePath, named: [String], in directory: FilePath) throws {
    let parent = database.removingLastComponent()
    base = parent.isEmpty ? "." : parent
    var roots = [base]
    var replacements: [(String, FilePath)] = []
    for text in named {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let path = directory.pushing(FilePath(parts[parts.count - 1]))
      guard try FileStatus.find(path)?.kind == .directory else {
        throw MLflowError(
          .noArtifacts, path.string, reason: "no such directory", hint: "write --artifacts [PREFIX=]DIR")
      }
      roots.append(path)
      replacements += parts.count == 2 ? [(parts[0], path)] : [("mlflow-artifacts:/", path)]
    }
    self.roots = roots.compactMap(RealPath.of)
    // The longest prefix is the most specific.
    self.replacements = replacements.sorted { $0.0.utf8.count > $1.0.utf8.count }
  }

  /// The file or directory of a location, with symbolic links resolved.
  public func find(_ location: String) throws -> FilePath {
    let path = try path(location)
    guard let real = RealPath.of(path) else {
      throw MLflowError(
        .noArtifacts, location, reason: "\(path) does not exist",
        hint: "if the files were moved, --artifacts PREFIX=DIR replaces PREFIX at the beginning of their paths")
    }
    guard roots.contains(where: { real.starts(with: $0) }) else {
      throw MLflowError(
        .noArtifacts, location, reason: "it is not below the database's directory, and a database can name any file",
        hint: "--artifacts DIR allows files below DIR")
    }
    return real
  }

  private func path(_ location: String) throws -> FilePath {
    for (prefix, directory) in replacements {
      guard let rest = location.afterPrefix(prefix) else { continue }
      // A server's name between two slashes and the path: mlflow-artifacts://host:port/1/2.
      let isServer = prefix == "mlflow-artifacts:/" && rest.hasPrefix("/")
      let below = isServer ? rest.drop { $0 == "/" }.drop { $0 != "/" } : rest[...]
      return directory.pushing(FilePath(String(below.drop { $0 == "/" })))
    }
    if let rest = location.afterPrefix("file:") {
      let path = rest.afterPrefix("//").map { String($0.drop { $0 != "/" }) } ?? rest
      return FilePath(PercentCoding.decodeLossy(path))
    }
    if let end = location.firstRange(of: ":/"), end.lowerBound != location.startIndex {
      let scheme = location[..<end.lowerBound]
      throw MLflowError(
        .noArtifacts, location, reason: "opz reads artifacts from files, not from \(scheme)",
        hint:
          "copy them to this machine, then use --artifacts '\(location.prefix(40))..=DIR' with the prefix that DIR replaces"
      )
    }
    guard !location.isEmpty else { throw MLflowError(.noArtifacts, "the version", reason: "it names no artifacts") }
    return base.pushing(FilePath(location))
  }
}
