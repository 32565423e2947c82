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

  public let role: LayerRole
  /// Where it is now.
  public let source: FilePath
  /// Where it goes, without a leading slash: `models/model.json`.
  public let destination: FilePath
  public let kind: Kind
  /// 0755 or 0644: only the executable bit of the source counts, so that umask and checkout do not matter.
  public let mode: UInt32
  /// What stat(2) said when the file was found; the reader checks that it is still so.
  public let status: FileStatus
}
