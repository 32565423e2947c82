public import OpzIO
public import SystemPackage

/// A file, directory or link of the project that goes into the image.
public struct SourceFile: Sendable {
  public enum Kind: Sendable, Hashable {
    case file(size: UInt64)
    case directory
    /// The target's bytes, as they are.
    case symlink(target: [UInt8])
  }

  public struct Owner: Sendable, Hashable {
    public var uid: UInt32
    public var gid: UInt32

    public init(uid: UInt32, gid: UInt32) {
      self.uid = uid
      self.gid = gid
    }

    public static let root = Owner(uid: 0, gid: 0)
  }

  public let role: LayerRole
  /// Where it is now.
  public let source: FilePath
  /// Where it goes, without a leading slash: `models/model.json`.
  public let destination: FilePath
  public let kind: Kind
  /// 0755 or 0644 unless opz.yaml says: only the executable bit of the source counts, so that umask and checkout do not matter.
  public let mode: UInt32
  /// 0:0 unless opz.yaml says.
  public var owner = Owner.root
  /// What stat(2) said when the file was found; the reader checks that it is still so.
  public let status: FileStatus

  /// Bytes of content; 0 for what is not a file.
  public var size: UInt64 {
    if case .file(let size) = kind { size } else { 0 }
  }
}
