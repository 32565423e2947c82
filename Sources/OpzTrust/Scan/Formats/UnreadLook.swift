import OpzIO

/// Forms that may carry code and that opz does not read: it says so.
struct UnreadLook: FormatLook {
  let name = "files of forms that opz does not read"

  private struct Form {
    let head: [UInt8]
    var offset = 0
    let level: ScanReport.Level
    let text: String
  }

  private static let forms: [Form] = [
    Form(head: [0xAC, 0xED, 0x00, 0x05], level: .error, text: "objects of Java, which run code when they are read"),
    Form(head: [0x04, 0x08, 0x6F, 0x3A], level: .error, text: "objects of Ruby, which run code when they are read"),
    Form(head: Array("MATLAB 5.0 MAT-file".utf8), level: .note, text: "MATLAB's data, which may have functions"),
    Form(head: Array("ET12".utf8), offset: 4, level: .note, text: "a program of ExecuTorch"),
    Form(head: Array("ORTM".utf8), offset: 4, level: .warning, text: "ONNX Runtime's own form of a model"),
    Form(head: Array("ptrt".utf8), level: .warning, text: "TensorRT's engine, code for a device"),
    Form(head: Array("ftrt".utf8), level: .warning, text: "TensorRT's engine, code for a device"),
    Form(head: Array("\u{1}BC!".utf8), level: .warning, text: "LLVM's code"),
  ]
  private static let names: [(Substring, ScanReport.Level, String)] = [
    ("t7", .error, "Torch's objects of Lua, which may be functions"), ("rdb", .warning, "R's database of objects"),
    ("jls", .error, "objects of Julia, which may be functions"), ("mlmodelc", .warning, "a compiled Core ML model"),
    ("engine", .warning, "TensorRT's engine, code for a device"),
    ("plan", .warning, "TensorRT's engine, code for a device"),
    ("cpb", .error, "a TensorFlow model in chunks"),
    ("mlmodel", .warning, "Core ML's model, which may have layers of its own"),
    ("pdmodel", .warning, "PaddlePaddle's program"), ("qs", .warning, "R's objects, which may be functions"),
    ("mojo", .note, "H2O's model"),
  ]

  private static func form(_ file: ScannedFile) -> (ScanReport.Level, String)? {
    for form in forms where file.head.dropFirst(form.offset).starts(with: form.head) { return (form.level, form.text) }
    let isText = !file.head.contains { $0 < 9 }
    return isText ? nil : names.first { $0.0 == file.suffix }.map { ($0.1, $0.2) }
  }

  func recognizes(_ file: ScannedFile) -> Bool { UnreadLook.form(file) != nil }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) {
    guard let (level, text) = UnreadLook.form(file) else { return }
    scanner.add(.unread, level, file, "\(text): it was not looked into")
  }
}
