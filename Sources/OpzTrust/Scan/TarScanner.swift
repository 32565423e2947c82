import OpzArchive
import OpzIO

/// Tar archives, including `.nemo`: each member is scanned.
struct TarScanner: FormatScanner {
  let name = "tar archives"

  /// Whether the first header has the POSIX magic, or a checksum that is right by either convention (signed or unsigned
  /// bytes).
  func recognizes(_ file: ScannedFile) -> Bool {
    guard file.head.count >= 512 else { return false }
    let header = file.head[..<512]
    if header[257..<262].elementsEqual("ustar".utf8) { return true }
    guard header.contains(where: { $0 != 0 }), let stated = TarScanner.number(header[148..<156]) else { return false }
    var (unsigned, signed) = (8 * 32, 8 * 32)
    for (index, byte) in header.enumerated() where !(148..<156).contains(index) {
      unsigned += Int(byte)
      signed += Int(Int8(bitPattern: byte))
    }
    return stated == unsigned || stated == signed
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    do {
      let reader = TarReader(try file.blob.open(at: 0), name: file.path)
      while let header = try reader.next() {
        guard header.kind == .file, header.size > 0 else { continue }
        guard let content = BlobSlice(file.blob, from: reader.offset, size: header.size) else {
          return scanner.add(.archive, .error, file: file, text: "the tar is cut short")
        }
        scanner.scanMember(of: file, at: String(decoding: header.path.string.utf8, as: UTF8.self), content)
      }
    } catch let error as ArchiveError {
      scanner.add(.archive, .error, file: file, text: error.reason)
    }
  }

  /// The checksum field as Python's tarfile reads it: octal in the syntax of `int`, or base 256.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if let first = field.first, first == 0x80 || first == 0xFF {
      let value = field.dropFirst().suffix(7).reduce(0) { $0 << 8 | Int($1) }
      return value
    }
    let text = field.prefix { $0 != 0 }
    guard let number = PythonNumber(text, base: 8) else { return nil }
    return number.value.map { Int(clamping: $0) }
  }
}
