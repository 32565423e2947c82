import OpzIO

/// TensorFlow graphs: SavedModel, MetaGraphDef and frozen GraphDef, binary or as text.
struct TensorFlowScanner: FormatScanner {
  let name = "TensorFlow graphs"

  func recognizes(_ file: ScannedFile) throws -> Bool {
    if isNamed(file) || file.suffix == "pbtxt" { return true }
    guard let graph = try graph(file) else { return false }
    // Two or three arbitrary bytes look like an operator by chance.
    return graph.operators.keys.contains(where: TensorFlowOperators.isKnown)
  }

  private func isNamed(_ file: ScannedFile) -> Bool { ["pb", "meta", "graphdef"].contains(file.suffix) }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    if let graph = try graph(file) {
      report(graph.operators, graph.problems, file: file, scanner: &scanner)
      guard try CodeNames.contained(in: file.blob) else { return }
      var findings = DocumentFindings(scanner.allowlist)
      try ProtobufStrings.check(BlobWindow(file.blob), &findings)
      scanner.add(findings, file)
    } else if file.suffix == "pbtxt" {
      try text(file, &scanner)
    } else if isNamed(file), !file.head.allSatisfy({ [9, 10, 13].contains($0) || (0x20..<0x7F).contains($0) }) {
      scanner.add(.unread, .error, file: file, text: "it is not a Protocol Buffers message, or it is damaged")
    }
  }

  /// Reads the file as each message that a program may take it for. Nil if it is not a message.
  private func graph(_ file: ScannedFile) throws -> TensorFlowGraph? {
    let window = BlobWindow(file.blob)
    guard let fields = try ProtobufMessage.fields(0..<window.size, window) else { return nil }
    var graph = TensorFlowGraph(window)
    if fields.contains(2) {
      try graph.read(as: .savedModel)
      try graph.read(as: .metaGraph)
    }
    if fields.contains(1) { try graph.read(as: .graph) }
    return graph
  }

  private func report(
    _ operators: [String: Int], _ problems: Set<String>, file: ScannedFile, scanner: inout FileScanner
  ) {
    var findings = DocumentFindings(scanner.allowlist)
    for name in operators.keys.sorted() {
      if findings.isAllowedByUser("tensorflow", name) { continue }
      if TensorFlowOperators.dangerous.contains(Substring(name)) {
        findings.add(
          .operatorCode, .error,
          text: "the graph has the operator \(name), which \(TensorFlowOperators.effect(of: name))")
      } else if !TensorFlowOperators.isKnown(name) {
        findings.add(
          .operatorCode, .error,
          text:
            "the graph has the operator \(DocumentFindings.shown(name)), which is not part of TensorFlow and needs a custom library"
        )
      }
    }
    for problem in problems.sorted() { findings.add(.operatorCode, .error, text: "the graph's \(problem)") }
    scanner.add(findings, file)
  }

  /// Finds `op: "PyFunc"` in the text format.
  private func text(_ file: ScannedFile, _ scanner: inout FileScanner) throws {
    guard file.blob.size <= 64 << 20 else {
      return scanner.add(.unread, .error, file: file, text: "a text graph of more than 64 MiB was not scanned")
    }
    let names = ProtobufTextReader.texts(of: "op", in: try file.blob.bytes()).filter(TensorFlowGraph.isOperator)
    let operators = Dictionary(uniqueKeysWithValues: names.map { ($0, 1) })
    report(operators, [], file: file, scanner: &scanner)
  }
}
