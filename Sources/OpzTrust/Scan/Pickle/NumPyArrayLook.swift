import OpzIO

/// NumPy's own format: a header in Python's notation, then bytes, or a pickle where the elements are objects (NEP 1).
struct NumPyArrayLook: FormatLook {
  let name = "NumPy arrays"

  static func hasMark(_ head: [UInt8]) -> Bool { head.starts(with: [0x93] + Array("NUMPY".utf8)) }

  func recognizes(_ file: ScannedFile) -> Bool { NumPyArrayLook.hasMark(file.head) }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) throws {
    let head = file.head
    guard head.count >= 12 else { return scanner.add(.pickleBroken, .error, file, at: 0, "an array without a header") }
    let wide = head[6] >= 2
    let length = wide ? head[8..<12].reversed().reduce(0) { $0 << 8 | Int($1) } : Int(head[8]) | Int(head[9]) << 8
    let start = (wide ? 12 : 10) + length
    guard length <= 1 << 20, UInt64(start) <= file.blob.size else {
      return scanner.add(.pickleBroken, .error, file, at: 0, "the header of the array is cut short")
    }
    var bytes = try PickleBytes(file.blob, at: UInt64(start - length))
    let header = try bytes.bytes(length) ?? []
    if String(decoding: header, as: UTF8.self).contains("O") && header.contains(text: "descr") {
      let text = String(decoding: header, as: UTF8.self)
      // 'fortran_order' is of small letters; a capital O stands in a dtype only.
      if text.replacing("fortran_order", with: "").contains("O") {
        try PickleLook.follow(file, at: UInt64(start), &scanner)
      }
    }
  }
}
