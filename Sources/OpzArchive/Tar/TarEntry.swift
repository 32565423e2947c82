public import OpzIO
public import SystemPackage

/// One entry of an archive to write. It has no times: they are always written as 0, so that the same content always
/// gives the same bytes.
public struct TarEntry: Sendable {
  /// What the entry is.
  public enum Kind: Sendable {
    case file(any Blob)
    case directory
    /// The target's raw bytes.
    case symlink(target: [UInt8])
  }

  /// The path relative to the archive's root: `models/model.json`.
  public var path: FilePath
  public var kind: Kind
  /// The 12 permission bits.
  public var mode: UInt32
  public var uid: UInt32
  public var gid: UInt32

  /// Makes an entry; names and modes are checked when it is written.
  public init(_ path: FilePath, _ kind: Kind, mode: UInt32, uid: UInt32 = 0, gid: UInt32 = 0) {
    self.path = path
    self.kind = kind
    self.mode = mode
    self.uid = uid
    self.gid = gid
  }

  /// A file owned by 0:0.
  public static func file(_ path: FilePath, _ content: any Blob, mode: UInt32 = 0o644) -> TarEntry {
    TarEntry(path, .file(content), mode: mode)
  }

  /// A directory owned by 0:0.
  public static func directory(_ path: FilePath, mode: UInt32 = 0o755) -> TarEntry {
    TarEntry(path, .directory, mode: mode)
  }

  /// A symbolic link owned by 0:0, with mode 0777.
  public static func symlink(_ path: FilePath, to target: [UInt8]) -> TarEntry {
    TarEntry(path, .symlink(target: target), mode: 0o777)
  }

  /// Returns the bytes that the entry takes in a tar: headers, content, padding. The content is not read.
  /// - Throws: `ArchiveError` with code `badEntry` for an entry that cannot be written.
  public func archivedSize() throws -> UInt64 {
    let headers = UInt64(try TarHeaderEncoder.encode(self).count)
    return headers + contentSize + UInt64(TarFormat.padding(contentSize))
  }

  /// The content's size in bytes; 0 for everything but files.
  var contentSize: UInt64 {
    if case .file(let blob) = kind { return blob.size }
    return 0
  }
}
