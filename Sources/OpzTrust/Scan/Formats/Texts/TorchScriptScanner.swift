import OpzIO

/// The code in TorchScript archives: a language of its own, whose operators may read and write files.
struct TorchScriptScanner: FormatScanner {
  let name = "TorchScript code"

  func recognizes(_ file: ScannedFile) -> Bool {
    file.context.depth > 0 && file.suffix == "py" && file.path.contains("/code/")
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    guard file.blob.size <= 64 << 20 else {
      return scanner.add(.unread, .error, file: file, text: "code of more than 64 MiB was not scanned")
    }
    let text = String(decoding: try file.blob.bytes(), as: UTF8.self)
    var findings = DocumentFindings(scanner.allowlist)
    for name in ["torch.from_file", "torch.save", "torch.load", "ops.aten.from_file", "ops.aten.save"]
    where text.contains("\(name)(") {
      findings.add(.operatorCode, .error, text: "the code calls \(name), which reads or writes files")
    }
    for piece in text.split(separator: "ops.").dropFirst() {
      let names = piece.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }.split(separator: ".")
      guard names.count > 1, !TorchScriptScanner.own.contains(names[0]) else { continue }
      let name = "\(names[0]).\(names[1])"
      if findings.isAllowedByUser(String(names[0]), String(names[1])) { continue }
      findings.add(
        .operatorCode, .error,
        text: "the code calls \(DocumentFindings.shown(name)), an operator of a custom library")
    }
    scanner.add(findings, file)
  }

  private static let own: Set<Substring> = [
    "aten", "prim", "prims", "quantized", "quantized_decomposed", "torchvision", "torchaudio", "torchtext", "xnnpack",
    "mkldnn",
    "mkldnn_prepacked", "sparse", "inductor", "higher_order", "static_runtime", "tensorexpr", "cuda", "c10d_functional",
  ]
}
