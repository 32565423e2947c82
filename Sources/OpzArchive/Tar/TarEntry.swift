public import OpzIO
public import SystemPackage

/// One entry of an archive that is to be written. Times are not part of it: they are always 0, so that the same content
/// gives the same bytes on another day.
public struct TarEntry: Sendable {
  public enum Kind: Sendable {
    case file(any Blob)
    case directory
    /// The target's bytes, as they are.
    case symlink(target: [UInt8])
  }

  /// Relative to the archive's root: `models/model.json`.
  public var path: FilePath
  public var kind: Kind
  /// Permission bits, 12 of them.
  public var mode: UInt32
  public var uid: UInt32
  public var gid: UInt32

  public init(_ path: FilePath, _ kind: Kind, mode: UInt32, uid: UInt32 = 0, gid: UInt32 = 0) {
    self.path = path
    self.kind = kind
    self.mode = mode
    self.uid = uid
    self.gid = gid
  }

  public static func file(_ path: FilePath, _ content: any Blob, mode: UInt32 = 0o644) -> TarEntry {
    TarEntry(path, .file(content), mode: mode)
  }

  public static func directory(_ path: FilePath, mode: UInt32 = 0o755) -> TarEntry {
    TarEntry(path, .directory, mode: mode)
  }

  public static func symlink(_ path: FilePath, to target: [UInt8]) -> TarEntry {
    TarEntry(path, .symlink(target: target), mode: 0o777)
  }

  /// How many bytes the entry takes in a tar: headers, content, padding. The content is not read.
  /// - Throws: `ArchiveError` for an entry that cannot be written.
  public func archivedSize() throws -> UInt64 {
    let headers = UInt64(try TarHeaderEncoder.encode(self).count)
    return headers + contentSize + UInt64(TarFormat.padding(contentSize))
  }

  /// The content's bytes; 0 for what is not a file.
  var contentSize: UInt64 {
    if case .file(let blob) = kind { return blob.size }
    return 0
  }
}
