import OpzIO

/// Programs, whose behavior people have to judge. Source code can be reviewed; what cannot be read is reported.
struct ProgramScanner: FormatScanner {
  let name = "programs, which were not judged"

  private static let sources: Set<Substring> = [
    "py", "pyi", "pyw", "pyx", "r", "sh", "bash", "jl", "lua", "js", "mjs", "ts", "scala", "java", "rb", "pl", "c",
    "cc", "cpp", "h",
    "cu", "go", "rs", "swift", "ps1", "bat", "sql",
  ]
  private static let compiled: [([UInt8], String)] = [
    ([0x7F, 0x45, 0x4C, 0x46], "a program or library (ELF)"), ([0x4D, 0x5A], "a Windows program or library"),
    ([0xCF, 0xFA, 0xED, 0xFE], "a macOS program or library"), ([0xCA, 0xFE, 0xBA, 0xBE], "a Java class"),
    ([0x00, 0x61, 0x73, 0x6D], "WebAssembly"), ([0x42, 0x43, 0xC0, 0xDE], "LLVM bitcode"),
  ]

  func recognizes(_ file: ScannedFile) -> Bool {
    ProgramScanner.sources.contains(file.suffix) || file.head.starts(with: Array("#!".utf8)) || kind(file) != nil
  }

  private func kind(_ file: ScannedFile) -> String? {
    // A pyc file begins with a magic number that ends with a line break, and flags.
    if file.suffix == "pyc"
      || file.head.count > 16 && file.head[2] == 0x0D && file.head[3] == 0x0A && file.head[4] <= 3
        && file.head[5] == 0 && file.head[6] == 0 && file.head[7] == 0 && file.head[1] <= 0x0F
    {
      return "compiled Python code"
    }
    let found = ProgramScanner.compiled.first { file.head.starts(with: $0.0) }?.1
    return file.head.count >= 64 ? found : nil
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) {
    guard let kind = kind(file) else { return }
    scanner.add(.modelCode, .note, file: file, text: "\(kind), which was not scanned")
  }
}
