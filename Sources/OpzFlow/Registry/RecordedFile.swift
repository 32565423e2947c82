import OpzIO
import OpzPackage
import OpzRegistry
import SystemPackage

/// Describes a packaged file for a version's record.
enum RecordedFile {
  /// - Returns: nil for a directory, which a record does not list.
  static func make(_ file: SourceFile, digest: Digest?) -> VersionRecord.File? {
    let octal = String(file.mode, radix: 8)
    let mode = String(repeating: "0", count: max(0, 4 - octal.count)) + octal
    let (path, pathBytes) = text(FilePath("/").pushing(file.destination).bytes)
    var record = VersionRecord.File(role: file.role.rawValue, path: path, digest: nil, size: 0, mode: mode)
    record.pathBytes = pathBytes
    switch file.kind {
    case .directory: return nil
    case .file(let size):
      record.digest = digest
      record.size = size
    case .symlink(let target): (record.link, record.linkBytes) = text(target)
    }
    return record
  }

  /// A name as text, plus its bytes in hex if they are not UTF-8.
  private static func text(_ bytes: [UInt8]) -> (String, String?) {
    if let text = String(validating: bytes, as: UTF8.self) { return (text, nil) }
    return (String(decoding: bytes, as: UTF8.self), Hex.encode(bytes))
  }
}
