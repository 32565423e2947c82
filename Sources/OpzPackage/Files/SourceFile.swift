public import OpzIO
public import SystemPackage

/// A file, directory or link of the project that goes into the image.
///
/// A reference, because a project may have 100,000 of them and each is in a few lists.
public final class SourceFile: Sendable {
  /// The kind of a file system entry; other kinds are not packaged.
  public enum Kind: Sendable, Hashable {
    case file(size: UInt64)
    case directory
    /// The target's bytes, as they are.
    case symlink(target: [UInt8])
  }

  /// The numeric user and group that own a file in the image.
  public struct Owner: Sendable, Hashable {
    public var uid: UInt32
    public var gid: UInt32

    /// Creates an owner from numeric IDs.
    public init(uid: UInt32, gid: UInt32) {
      self.uid = uid
      self.gid = gid
    }

    public static let root = Owner(uid: 0, gid: 0)
  }

  public let role: LayerRole
  /// The directory that it is in now; one value for all files of a directory.
  private let directory: FilePath
  /// Its name there; nil where it has the name of its destination.
  private let name: FilePath.Component?
  /// Where it goes, without a leading slash: `models/model.json`.
  public let destination: FilePath
  public let kind: Kind
  /// 0755 or 0644 unless opz.yaml says: only the executable bit of the source counts, so that umask and checkout do not matter.
  public let mode: UInt32
  /// 0:0 unless opz.yaml says.
  public let owner: Owner
  /// What stat(2) said when the file was found; the reader checks that it is still so.
  public let status: FileStatus

  /// - Parameter directory: where the file `name` is now.
  public init(
    role: LayerRole, in directory: FilePath, name: FilePath.Component?, destination: FilePath, kind: Kind, mode: UInt32,
    owner: Owner = .root, status: FileStatus
  ) {
    self.role = role
    self.directory = directory
    self.name = name == destination.lastComponent ? nil : name
    self.destination = destination
    self.kind = kind
    self.mode = mode
    self.owner = owner
    self.status = status
  }

  /// The same file, which comes to lie somewhere else.
  func moved(to destination: FilePath) -> SourceFile {
    SourceFile(
      role: role, in: directory, name: source.lastComponent, destination: destination, kind: kind, mode: mode,
      owner: owner, status: status)
  }

  /// Where it is now.
  public var source: FilePath {
    guard let name = name ?? destination.lastComponent else { return directory }
    return directory.appending(name)
  }

  /// Bytes of content; 0 for what is not a file.
  public var size: UInt64 {
    if case .file(let size) = kind { size } else { 0 }
  }
}
