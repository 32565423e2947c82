import OpzArchive
import OpzIO

/// Zip archives: each member is scanned. Anything that two zip readers would read differently is an error.
struct ZipScanner: FormatScanner {
  let name = "zip archives"

  func recognizes(_ file: ScannedFile) throws -> Bool {
    try ZipScanner.hasSignature(file.head) || ZipScanner.endRecord(of: file) != nil
  }

  static func hasSignature(_ head: [UInt8]) -> Bool {
    head.starts(with: [0x50, 0x4B, 3, 4]) || head.starts(with: [0x50, 0x4B, 5, 6])
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    do {
      var limits = ZipLimits()
      limits.allowsStoredBeforeDescriptor = true
      let zip = try ZipArchive(file.blob, name: file.path, limits: limits)
      for entry in zip.entries where !entry.isDirectory && entry.size > 0 {
        let name = String(decoding: entry.path, as: UTF8.self)
        if let stored = zip.stored(entry) {
          scanner.scanMember(of: file, at: name, stored)
        } else {
          try scanner.unpack(in: file, at: name, try zip.content(entry).open(at: 0), orElse: .archive)
        }
      }
    } catch let error as ArchiveError {
      scanner.add(.archive, .error, file: file, at: try ZipScanner.endRecord(of: file), text: error.reason)
    }
  }

  /// The offset of the last end record that follows a central directory. A zip file may have anything before it,
  /// because its readers start at the end; like Python's reader, this allows as many bytes after the record as a
  /// comment may have.
  private static func endRecord(of file: ScannedFile) throws -> UInt64? {
    let size = file.blob.size
    guard size >= 22 else { return nil }
    // The record, the longest comment after it, and the zip64 locator before it.
    let start = size - min(size, 20 + 22 + 65_535)
    var bytes = try PickleBytes(file.blob, at: start)
    guard let end = try bytes.bytes(Int(size - start)) else { return nil }
    for index in stride(from: end.count - 22, through: 0, by: -1)
    where end[index] == 0x50 && end[index + 1] == 0x4B && end[index + 2] == 5 && end[index + 3] == 6 {
      let place = start + UInt64(index)
      let hasLocator = index >= 20 && end[(index - 20)...].starts(with: [0x50, 0x4B, 6, 7])
      let length = end[(index + 12)..<(index + 16)].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      guard !hasLocator else { return place }
      guard length > 0, length <= place else { continue }
      var directory = try PickleBytes(file.blob, at: place - length)
      if try directory.bytes(4) == [0x50, 0x4B, 1, 2] { return place }
    }
    return nil
  }
}
