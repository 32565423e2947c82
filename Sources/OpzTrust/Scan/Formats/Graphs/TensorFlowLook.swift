import OpzIO

/// TensorFlow's graphs: SavedModel, MetaGraphDef and frozen GraphDef, in the wire format and as text.
struct TensorFlowLook: FormatLook {
  let name = "TensorFlow graphs"

  func recognizes(_ file: ScannedFile) throws -> Bool {
    if isNamed(file) || file.suffix == "pbtxt" { return true }
    guard let graph = try graph(file) else { return false }
    // Two or three bytes of anything are an operator by chance.
    return graph.operators.keys.contains(where: TensorFlowOps.isKnown)
  }

  private func isNamed(_ file: ScannedFile) -> Bool { ["pb", "meta", "graphdef"].contains(file.suffix) }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) throws {
    if let graph = try graph(file) {
      report(graph.operators, graph.problems, file, &scanner)
      guard try JSONTriggers.are(in: file.blob) else { return }
      var findings = DocumentFindings(scanner.allowlist)
      try ProtobufTexts.check(BlobWindow(file.blob), &findings)
      scanner.add(findings, file)
    } else if file.suffix == "pbtxt" {
      try text(file, &scanner)
    } else if isNamed(file), !file.head.allSatisfy({ [9, 10, 13].contains($0) || (0x20..<0x7F).contains($0) }) {
      scanner.add(.unread, .error, file, "it is no message in Protocol Buffers' format, or a damaged one")
    }
  }

  /// As each of the three, which a program may take it for. Nil for what is no message.
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
    _ operators: [String: Int], _ problems: Set<String>, _ file: ScannedFile, _ scanner: inout FileScanner
  ) {
    var findings = DocumentFindings(scanner.allowlist)
    for name in operators.keys.sorted() {
      if findings.isAnsweredFor("tensorflow", name) { continue }
      if TensorFlowOps.running.contains(Substring(name)) {
        findings.add(.operatorCode, .error, "the graph has the operator \(name), which \(TensorFlowOps.does(name))")
      } else if !TensorFlowOps.isKnown(name) {
        findings.add(
          .operatorCode, .error,
          "the graph has the operator \(DocumentFindings.shown(name)), which is not TensorFlow's own: a library of its own runs it"
        )
      }
    }
    for problem in problems.sorted() { findings.add(.operatorCode, .error, "the graph's \(problem)") }
    scanner.add(findings, file)
  }

  /// `op: "PyFunc"` in the text format.
  private func text(_ file: ScannedFile, _ scanner: inout FileScanner) throws {
    guard file.blob.size <= 64 << 20 else {
      return scanner.add(.unread, .error, file, "a graph as a text of more than 64 MiB was not looked into")
    }
    let names = TextMessage.texts(of: "op", in: try file.blob.bytes()).filter(TensorFlowGraph.isOperator)
    let operators = Dictionary(uniqueKeysWithValues: names.map { ($0, 1) })
    report(operators, [], file, &scanner)
  }
}
