import OpzArchive
import OpzIO

/// Archives in zip's form: each member is looked into. Whatever two readers of zip files would read differently is an error.
struct ZipLook: FormatLook {
  let name = "zip archives"

  func recognizes(_ file: ScannedFile) throws -> Bool {
    try file.head.starts(with: [0x50, 0x4B, 3, 4]) || file.head.starts(with: [0x50, 0x4B, 5, 6])
      || ZipLook.endRecord(of: file) != nil
  }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) throws {
    do {
      let zip = try ZipArchive(file.blob, name: file.path)
      for entry in zip.entries where !entry.isDirectory {
        scanner.look(in: file, at: String(decoding: entry.path, as: UTF8.self), zip.content(entry))
      }
    } catch let error as ArchiveError {
      scanner.add(.archive, .error, file, at: try ZipLook.endRecord(of: file), error.reason)
    }
  }

  /// A zip file may have anything before it, and its readers begin at the end: where the record is whose comment reaches to the end of the file.
  private static func endRecord(of file: ScannedFile) throws -> UInt64? {
    let size = file.blob.size
    guard size >= 22 else { return nil }
    let start = size - min(size, 22 + 65_535)
    var bytes = try PickleBytes(file.blob, at: start)
    guard let end = try bytes.bytes(Int(size - start)) else { return nil }
    for index in stride(from: end.count - 22, through: 0, by: -1)
    where end[index] == 0x50 && end[index + 1] == 0x4B && end[index + 2] == 5 && end[index + 3] == 6 {
      guard Int(end[index + 20]) | Int(end[index + 21]) << 8 == end.count - index - 22 else { continue }
      let members = Int(end[index + 10]) | Int(end[index + 11]) << 8
      if members > 0 { return start + UInt64(index) }
    }
    return nil
  }
}
