/// Characters that make a person see another text than a program reads, or that end a line for some readers only.
enum YAMLCharacters {
  /// - Throws: `YAMLProblem` for direction controls (U+202A to U+202E, U+2066 to U+2069: Unicode TR 36, "Trojan
  ///   Source"), for line breaks that exist in YAML 1.1 but not in YAML 1.2 (NEL, LS, PS), and for a byte order mark,
  ///   which libyaml takes for a part of the first key.
  static func check(_ bytes: UnsafeBufferPointer<UInt8>) throws(YAMLProblem) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      throw YAMLProblem(
        Place(line: 1, column: 1), "the text begins with a byte order mark",
        hint: "save the file as UTF-8 without a byte order mark")
    }
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0xc2 || byte == 0xe2, let code = found(bytes, index) {
        let isBreak = code == 0x85 || code == 0x2028 || code == 0x2029
        throw YAMLProblem(
          YAMLStream.place(of: index, in: Array(bytes)),
          isBreak
            ? "the character U+\(hex(code)) ends a line for some readers of YAML and not for others"
            : "the character U+\(hex(code)) changes the writing direction, so people see other text than programs read",
          hint: "remove it, or write \"\\u\(hex(code))\" in quotes")
      }
      index += 1
    }
  }

  private static func found(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> UInt32? {
    func at(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }
    switch (at(0), at(1), at(2)) {
    case (0xc2, 0x85, _): return 0x85
    case (0xe2, 0x80, let last) where (0xa8...0xae).contains(last): return 0x2000 + UInt32(last & 0x3f)
    case (0xe2, 0x81, let last) where (0xa6...0xa9).contains(last): return 0x2040 + UInt32(last & 0x3f)
    default: return nil
    }
  }

  private static func hex(_ code: UInt32) -> String {
    let digits = String(code, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
