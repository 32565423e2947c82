public import OpzIO
public import SystemPackage

/// A file, directory or symbolic link of the project that goes into the image.
///
/// A class, because a project may have 100,000 of them and each is in several lists.
public final class SourceFile: Sendable {
  /// The kind of a file system entry; other kinds are not packaged.
  public enum Kind: Sendable, Hashable {
    case file(size: UInt64)
    case directory
    /// The target's bytes, unchanged.
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
  /// The source directory; one value is shared by all its files.
  private let directory: FilePath
  /// Its name there; nil if the destination has the same name.
  private let name: FilePath.Component?
  /// The path in the image, without a leading slash: `models/model.json`.
  public let destination: FilePath
  public let kind: Kind
  /// 0755 or 0644 unless set in opz.yaml: only the executable bit of the source counts, so that umask and checkout do
  /// not matter.
  public let mode: UInt32
  /// 0:0 unless set in opz.yaml.
  public let owner: Owner
  /// The stat(2) result when the file was found; the reader checks that it is unchanged.
  public let status: FileStatus

  /// - Parameter directory: the source directory of the file `name`.
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

  /// The same file with another destination.
  func moved(to destination: FilePath) -> SourceFile {
    SourceFile(
      role: role, in: directory, name: source.lastComponent, destination: destination, kind: kind, mode: mode,
      owner: owner, status: status)
  }

  /// The same link with another target.
  func led(to target: [UInt8]) -> SourceFile {
    SourceFile(
      role: role, in: directory, name: source.lastComponent, destination: destination, kind: .symlink(target: target),
      mode: mode, owner: owner, status: status)
  }

  /// The source path.
  public var source: FilePath {
    guard let name = name ?? destination.lastComponent else { return directory }
    return directory.appending(name)
  }

  /// Bytes of content; 0 if it is not a file.
  public var size: UInt64 {
    if case .file(let size) = kind { size } else { 0 }
  }
}
