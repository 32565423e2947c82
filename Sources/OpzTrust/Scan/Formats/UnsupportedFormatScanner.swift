import OpzIO

/// Reports formats that may contain code and that opz does not read.
struct UnsupportedFormatScanner: FormatScanner {
  let name = "files of forms that opz does not read"

  private struct Form {
    let head: [UInt8]
    var offset = 0
    let level: ScanReport.Level
    let text: String
  }

  private static let forms: [Form] = [
    Form(head: [0xAC, 0xED, 0x00, 0x05], level: .error, text: "Java objects, which run code when they are read"),
    Form(head: [0x04, 0x08, 0x6F, 0x3A], level: .error, text: "Ruby objects, which run code when they are read"),
    Form(head: Array("MATLAB 5.0 MAT-file".utf8), level: .note, text: "MATLAB data, which may contain functions"),
    Form(head: Array("ET12".utf8), offset: 4, level: .note, text: "an ExecuTorch program"),
    Form(head: Array("ORTM".utf8), offset: 4, level: .warning, text: "a model in ONNX Runtime's own format"),
    Form(head: Array("ptrt".utf8), level: .warning, text: "a TensorRT engine, code for a device"),
    Form(head: Array("ftrt".utf8), level: .warning, text: "a TensorRT engine, code for a device"),
    Form(head: Array("\u{1}BC!".utf8), level: .warning, text: "LLVM bitcode"),
  ]
  private static let names: [(Substring, ScanReport.Level, String)] = [
    ("t7", .error, "Lua objects of Torch, which may be functions"), ("rdb", .warning, "an R database of objects"),
    ("jls", .error, "Julia objects, which may be functions"), ("mlmodelc", .warning, "a compiled Core ML model"),
    ("engine", .warning, "a TensorRT engine, code for a device"),
    ("plan", .warning, "a TensorRT engine, code for a device"),
    ("cpb", .error, "a TensorFlow model in chunks"),
    ("mlmodel", .warning, "a Core ML model, which may have custom layers"),
    ("pdmodel", .warning, "a PaddlePaddle program"), ("qs", .warning, "R objects, which may be functions"),
    ("mojo", .note, "an H2O model"),
  ]

  private static func form(_ file: ScannedFile) -> (ScanReport.Level, String)? {
    for form in forms where file.head.dropFirst(form.offset).starts(with: form.head) { return (form.level, form.text) }
    let isText = !file.head.contains { $0 < 9 }
    return isText ? nil : names.first { $0.0 == file.suffix }.map { ($0.1, $0.2) }
  }

  func recognizes(_ file: ScannedFile) -> Bool { UnsupportedFormatScanner.form(file) != nil }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) {
    guard let (level, text) = UnsupportedFormatScanner.form(file) else { return }
    scanner.add(.unread, level, file: file, text: "\(text): it was not scanned")
  }
}

/// Archives in formats that opz cannot read: what was not read is not clean.
struct UnsupportedArchiveScanner: FormatScanner {
  let name = "archives that cannot be read"

  private static let marks: [([UInt8], String)] = [
    ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive"), (Array("Rar!".utf8) + [0x1A, 7], "a RAR archive"),
    (Array("MSCF".utf8) + [0, 0, 0, 0], "a cabinet archive"),
  ]

  func recognizes(_ file: ScannedFile) -> Bool { UnsupportedArchiveScanner.kind(file.head) != nil }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) {
    guard let kind = UnsupportedArchiveScanner.kind(file.head) else { return }
    scanner.add(.unread, .error, file: file, text: "it is \(kind), which opz cannot scan: package its content as files")
  }

  private static func kind(_ head: [UInt8]) -> String? { marks.first { head.starts(with: $0.0) }?.1 }
}
