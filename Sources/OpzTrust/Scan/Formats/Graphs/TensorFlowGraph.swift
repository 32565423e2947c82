/// Walks a message that may be a SavedModel, a MetaGraphDef or a GraphDef, and collects what its nodes do.
///
/// Source: tensorflow/core/protobuf/saved_model.proto, meta_graph.proto; tensorflow/core/framework/graph.proto,
/// function.proto, node_def.proto.
struct TensorFlowGraph {
  private let window: BlobWindow
  /// Operators, and how many nodes use each.
  private(set) var operators: [String: Int] = [:]
  private(set) var problems: Set<String> = []
  private var outside: Set<String> = []
  private var files: [(operator: String, input: String)] = []
  private(set) var nodes = 0

  private static let maximumCount = 5_000_000

  init(_ window: BlobWindow) { self.window = window }

  enum Kind: CaseIterable { case savedModel, metaGraph, graph }

  mutating func read(as kind: Kind) throws {
    let all = 0..<window.size
    switch kind {
    case .savedModel: try savedModel(all)
    case .metaGraph: try metaGraph(all)
    case .graph: try graph(all)
    }
    for (name, input) in files where outside.contains(input) {
      problems.insert("\(name) has a path outside the model's directory")
    }
  }

  private mutating func savedModel(_ range: Range<UInt64>) throws {
    try forEach(range) { field, range, graph in if field == 2 { try graph.metaGraph(range) } }
  }

  private mutating func metaGraph(_ range: Range<UInt64>) throws {
    try forEach(range) { field, range, graph in if field == 2 { try graph.graph(range) } }
  }

  private mutating func graph(_ range: Range<UInt64>) throws {
    try forEach(range) { field, range, graph in
      if field == 1 { try graph.node(range) }
      if field == 2 {
        try graph.forEach(range) { field, range, graph in
          guard field == 1 else { return }
          // A FunctionDef: the nodes of its body.
          try graph.forEach(range) { field, range, graph in if field == 3 { try graph.node(range) } }
        }
      }
    }
  }

  /// The fields with bytes in them; nil for what is not a message.
  private func fields(_ range: Range<UInt64>) throws -> [(UInt64, Range<UInt64>)]? {
    var message = ProtobufMessage(window, range)
    var found: [(UInt64, Range<UInt64>)] = []
    do {
      while let (field, value) = try message.next() {
        if case .bytes(let range) = value { found.append((field, range)) }
        guard found.count <= TensorFlowGraph.maximumCount else { return nil }
      }
    } catch is ProtobufMessage.Broken {
      return nil
    }
    return found
  }

  private mutating func forEach(
    _ range: Range<UInt64>, _ body: (UInt64, Range<UInt64>, inout TensorFlowGraph) throws -> Void
  ) throws {
    for (field, range) in try fields(range) ?? [] { try body(field, range, &self) }
  }

  private mutating func node(_ range: Range<UInt64>) throws {
    guard let fields = try fields(range) else { return }
    // If a field is repeated, the last one counts.
    guard let kind = fields.last(where: { $0.0 == 2 })?.1 else { return }
    let type = try ProtobufMessage.text(kind, window)
    guard TensorFlowGraph.isOperator(type) else { return }
    nodes += 1
    operators[type, default: 0] += 1
    switch type {
    case "PrintV2": try print(fields)
    case "Const": try constant(fields)
    case "SaveV2", "RestoreV2", "MergeV2Checkpoints":
      for (field, range) in fields where field == 3 {
        files.append((type, try ProtobufMessage.text(range, window).split(separator: ":").first.map(String.init) ?? ""))
      }
    default: break
    }
  }

  /// Whether a text has the form of an operator's name: `Conv2D`, `_Send`, `Addons>Bilinear`.
  static func isOperator(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 200
      && text.utf8.allSatisfy {
        $0 == 95 || $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: ".") || (48...57).contains($0)
          || (65...90).contains($0)
          || (97...122).contains($0)
      }
  }

  /// The value of an attribute (an AttrValue).
  private func attribute(_ name: String, _ fields: [(UInt64, Range<UInt64>)]) throws -> Range<UInt64>? {
    for (field, range) in fields where field == 5 {
      guard let entry = try self.fields(range), let key = entry.last(where: { $0.0 == 1 })?.1 else { continue }
      if try ProtobufMessage.text(key, window) == name { return entry.last(where: { $0.0 == 2 })?.1 }
    }
    return nil
  }

  /// Reports a print to a file: `file://..` as its output stream.
  private mutating func print(_ fields: [(UInt64, Range<UInt64>)]) throws {
    guard let value = try attribute("output_stream", fields),
      let entry = try self.fields(value)?.last(where: { $0.0 == 2 })
    else { return }
    if try ProtobufMessage.text(entry.1, window).contains("://") { problems.insert("PrintV2 writes a file") }
  }

  /// Remembers a constant that is a path out of the model's directory.
  private mutating func constant(_ fields: [(UInt64, Range<UInt64>)]) throws {
    // AttrValue.tensor is 8, TensorProto.string_val is 8.
    guard let value = try attribute("value", fields), let tensor = try self.fields(value)?.last(where: { $0.0 == 8 }),
      tensor.1.upperBound - tensor.1.lowerBound < 1 << 16, let texts = try self.fields(tensor.1)
    else { return }
    guard let place = fields.last(where: { $0.0 == 1 })?.1 else { return }
    let name = try ProtobufMessage.text(place, window)
    for (field, range) in texts where field == 8 {
      if EscapingPath.isOutside(try ProtobufMessage.text(range, window)) { outside.insert(name) }
    }
  }
}
