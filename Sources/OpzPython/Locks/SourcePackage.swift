/// A package of a lock that is source code, whose wheel uv has to build: a directory, a commit of a git repository, or
/// a source distribution on this machine.
public struct SourcePackage: Sendable, Hashable {
  /// Where its source is.
  public enum Place: Sendable, Hashable {
    /// Relative to the lock's directory, or absolute.
    case directory(String)
    /// A commit, by its full hash.
    case git(url: String, commit: String)
    /// A source distribution; relative to the lock's directory, or absolute.
    case archive(String)
  }

  /// As the lock spells it.
  public let name: String
  public let place: Place
  /// The directory of the package inside its source; nil for the top.
  public let subdirectory: String?
  /// When the package is needed; nil for always.
  public let marker: String?

  /// - Parameter place: where its source is.
  public init(_ name: String, at place: Place, subdirectory: String? = nil, marker: String? = nil) {
    self.name = name
    self.place = place
    self.subdirectory = subdirectory
    self.marker = marker
  }
}

extension SourcePackage: CustomStringConvertible {
  /// `dep from https://example.org/dep at d86bfc81ec4a`
  public var description: String {
    switch place {
    case .directory(let path), .archive(let path): "\(name) from \(path)"
    case .git(let url, let commit): "\(name) from \(UvCompile.masked(url)) at \(commit.prefix(12))"
    }
  }
}
