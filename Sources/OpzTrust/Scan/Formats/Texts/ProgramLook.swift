import OpzIO

/// Programs: what they do is for people to judge. Source counts as looked at by those who read it; what nobody can read is said.
struct ProgramLook: FormatLook {
  let name = "programs, which were not judged"

  private static let sources: Set<Substring> = [
    "py", "pyi", "pyw", "pyx", "r", "sh", "bash", "jl", "lua", "js", "mjs", "ts", "scala", "java", "rb", "pl", "c",
    "cc", "cpp", "h",
    "cu", "go", "rs", "swift", "ps1", "bat", "sql",
  ]
  private static let compiled: [([UInt8], String)] = [
    ([0x7F, 0x45, 0x4C, 0x46], "a program or library (ELF)"), ([0x4D, 0x5A], "a program or library of Windows"),
    ([0xCF, 0xFA, 0xED, 0xFE], "a program or library of macOS"), ([0xCA, 0xFE, 0xBA, 0xBE], "a class of Java"),
    ([0x00, 0x61, 0x73, 0x6D], "WebAssembly"), ([0x42, 0x43, 0xC0, 0xDE], "LLVM's bitcode"),
  ]

  func recognizes(_ file: ScannedFile) -> Bool {
    ProgramLook.sources.contains(file.suffix) || file.head.starts(with: Array("#!".utf8)) || kind(file) != nil
  }

  private func kind(_ file: ScannedFile) -> String? {
    // A magic number whose last two bytes are the end of a line, and flags.
    if file.suffix == "pyc"
      || file.head.count > 16 && file.head[2] == 0x0D && file.head[3] == 0x0A && file.head[4] <= 3
        && file.head[5] == 0 && file.head[6] == 0 && file.head[7] == 0 && file.head[1] <= 0x0F
    {
      return "Python's compiled code"
    }
    let found = ProgramLook.compiled.first { file.head.starts(with: $0.0) }?.1
    return file.head.count >= 64 ? found : nil
  }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) {
    guard let kind = kind(file) else { return }
    scanner.add(.ownCode, .note, file, "\(kind), which was not looked into")
  }
}
