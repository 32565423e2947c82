/// Archives in formats that opz cannot read: what was not read is not clean.
struct UnreadableLook: FormatLook {
  let name = "archives that cannot be read"

  private static let marks: [([UInt8], String)] = [
    ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive"), (Array("Rar!".utf8) + [0x1A, 7], "a RAR archive"),
    (Array("MSCF".utf8) + [0, 0, 0, 0], "a cabinet archive"),
  ]

  func recognizes(_ file: ScannedFile) -> Bool { UnreadableLook.kind(file.head) != nil }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) {
    guard let kind = UnreadableLook.kind(file.head) else { return }
    scanner.add(.unread, .error, file, "it is \(kind), which opz cannot scan: package its content as files")
  }

  private static func kind(_ head: [UInt8]) -> String? { marks.first { head.starts(with: $0.0) }?.1 }
}
