/// Walks an ONNX model: the operators of its nodes, its functions, and the files that hold its tensors.
///
/// Source: onnx/onnx.proto, IR version 3 to 13.
struct ONNXGraph {
  private let window: BlobWindow
  /// `domain:operator` of each node.
  private(set) var operators: Set<String> = []
  /// Operators that the model defines itself.
  private(set) var functions: Set<String> = []
  /// Files that hold tensors.
  private(set) var locations: Set<String> = []
  private(set) var isBroken = false
  private var budget = 8_000_000

  init(_ window: BlobWindow) { self.window = window }

  private enum Kind { case model, graph, node, attribute, tensor, sparse, function, training, entry }

  /// The kinds of message in a message, by field number.
  private static let parts: [Kind: [UInt64: Kind]] = [
    .model: [7: .graph, 20: .training, 25: .function],
    .training: [1: .graph, 2: .graph],
    .graph: [1: .node, 5: .tensor, 15: .sparse],
    .function: [7: .node, 11: .attribute],
    .node: [5: .attribute],
    .attribute: [5: .tensor, 6: .graph, 10: .tensor, 11: .graph, 22: .sparse, 23: .sparse],
    .sparse: [1: .tensor, 2: .tensor],
    .tensor: [13: .entry],
  ]

  /// Keeps a stack of its own, because graphs are nested in attributes of nodes.
  mutating func read() throws {
    var waiting: [(Kind, Range<UInt64>)] = [(.model, 0..<window.size)]
    while let (kind, range) = waiting.popLast() {
      var texts: [UInt64: String] = [:]
      var message = ProtobufMessage(window, range)
      do {
        while let (field, value) = try message.next() {
          budget -= 1
          guard budget > 0 else { throw ProtobufMessage.Broken(offset: range.lowerBound) }
          guard case .bytes(let part) = value else { continue }
          if let next = ONNXGraph.parts[kind]?[field] { waiting.append((next, part)) }
          if ONNXGraph.isText(kind, field) { texts[field] = try ProtobufMessage.text(part, window) }
        }
      } catch is ProtobufMessage.Broken {
        isBroken = true
        continue
      }
      take(kind, texts)
    }
  }

  private static func isText(_ kind: Kind, _ field: UInt64) -> Bool {
    switch kind {
    case .node: field == 4 || field == 7
    case .function: field == 1 || field == 10
    case .entry: field == 1 || field == 2
    default: false
    }
  }

  private mutating func take(_ kind: Kind, _ texts: [UInt64: String]) {
    switch kind {
    case .node where texts[4] != nil: operators.insert("\(texts[7] ?? ""):\(texts[4] ?? "")")
    case .function: functions.insert("\(texts[10] ?? ""):\(texts[1] ?? "")")
    case .entry where texts[1] == "location": locations.insert(texts[2] ?? "")
    default: break
    }
  }
}
