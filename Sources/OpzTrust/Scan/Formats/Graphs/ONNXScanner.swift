import OpzIO

/// ONNX models.
struct ONNXScanner: FormatScanner {
  let name = "ONNX models"

  func recognizes(_ file: ScannedFile) throws -> Bool {
    if file.suffix == "onnx" { return true }
    let window = BlobWindow(file.blob)
    guard let fields = try ProtobufMessage.fields(0..<window.size, window) else { return false }
    return fields.contains(7) && fields.contains(8)
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    var graph = ONNXGraph(BlobWindow(file.blob))
    try graph.read()
    var findings = DocumentFindings(scanner.allowlist)
    defer { scanner.add(findings, file) }
    if graph.isBroken, file.suffix == "onnx" || !graph.operators.isEmpty {
      findings.add(.unread, .error, text: "a part of it is not a Protocol Buffers message")
    }
    for location in graph.locations.sorted() where EscapingPath.isOutside(location) {
      findings.add(
        .outsidePath, .error,
        text: "its tensors are in \(DocumentFindings.shown(location)), which is outside of the model's directory")
    }
    for name in graph.operators.sorted() where !graph.functions.contains(name) { check(name, &findings) }
    for function in graph.functions.sorted() where ONNXScanner.isRuntimeDomain(function) {
      findings.add(
        .operatorCode, .warning,
        text: "it defines \(ONNXScanner.shown(function)), an operator in a domain that belongs to the runtimes")
    }
  }

  private func check(_ name: String, _ findings: inout DocumentFindings) {
    let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let (domain, type) = (parts[0], parts.count > 1 ? parts[1] : "")
    if findings.isAllowedByUser(domain.isEmpty ? "onnx" : domain, type) { return }
    if ["PyOp", "PyCustomOp", "PyFunc", "PythonOp"].contains(type) {
      findings.add(
        .operatorCode, .error, text: "the graph has the operator \(ONNXScanner.shown(name)), which calls Python")
    } else if type == "EPContext" {
      findings.add(.operatorCode, .warning, text: "the graph has code that was compiled for a device (EPContext)")
    } else if !ONNXScanner.domains.contains(domain) {
      findings.add(
        .operatorCode, .error,
        text: "the graph has the operator \(ONNXScanner.shown(name)), whose domain needs a custom library")
    }
  }

  private static func shown(_ name: String) -> String {
    DocumentFindings.shown(name.hasPrefix(":") ? String(name.dropFirst()) : name.replacing(":", with: "."))
  }

  private static func isRuntimeDomain(_ function: String) -> Bool {
    domains.contains(String(function.prefix { $0 != ":" }))
  }

  private static let domains: Set<String> = [
    "", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training", "com.microsoft",
    "com.microsoft.nchwc", "com.ms.internal.nhwc",
  ]
}
