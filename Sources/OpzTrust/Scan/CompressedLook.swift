/// Files that are compressed as a whole.
struct CompressedLook: FormatLook {
  let name = "compressed files"

  func recognizes(_ file: ScannedFile) -> Bool { CompressedLook.format(file.head) != nil }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) {
    guard let format = CompressedLook.format(file.head) else { return }
    // model.pkl.gz is one too.
    let isModel = file.suffixes.contains { $0 == "keras" || PickleLook.names.contains($0) }
    scanner.add(.unread, isModel ? .error : .note, file, "it is compressed by \(format) and was not looked into")
  }

  static func format(_ head: [UInt8]) -> String? {
    let known: [([UInt8], String)] = [
      ([0x1F, 0x8B], "gzip"), (Array("BZh".utf8), "bzip2"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"),
      ([0x28, 0xB5, 0x2F, 0xFD], "zstd"), ([0x04, 0x22, 0x4D, 0x18], "lz4"), ([0x78, 0x01], "zlib"),
      ([0x78, 0x5E], "zlib"), ([0x78, 0x9C], "zlib"), ([0x78, 0xDA], "zlib"), ([0x5D, 0x00, 0x00], "lzma"),
    ]
    return known.first { head.starts(with: $0.0) }?.1
  }
}
