import OpzFormats
import OpzIO

/// The text of `opz inspect` for a model that opz does not score.
struct DescriptionText {
  private static let tensorCount = 10

  private let description: ModelDescription

  init(_ description: ModelDescription) { self.description = description }

  var text: String {
    var head = TextTable([])
    head.add(["kind", description.kind])
    head.add(["size", ByteCount.text(description.bytes)])
    for row in description.rows { head.add([row.name, row.value]) }
    if !description.tensors.isEmpty {
      head.add(["parameters", String(description.parameters)])
      let types = description.types.map { "\($0.count) \($0.type)" }.joined(separator: ", ")
      head.add(["tensors", "\(description.tensors.count): \(types)"])
    }
    head.add(["loaded by", description.loadedBy])
    head.add(["runtime", description.runtime])
    guard !description.tensors.isEmpty else { return head.text }
    var tensors = TextTable(["LARGEST TENSORS", "TYPE", "SHAPE", "SIZE"], right: [3])
    for tensor in description.largest(DescriptionText.tensorCount) {
      let shape = tensor.shape.map(String.init).joined(separator: " x ")
      tensors.add([tensor.name, tensor.type, shape.isEmpty ? "scalar" : shape, ByteCount.text(tensor.bytes)])
    }
    return head.text + "\n" + tensors.text
  }
}

/// The object of `opz inspect --json` for a model that opz does not score.
struct DescriptionOutput: Encodable {
  struct Row: Encodable {
    let name: String
    let value: String
  }

  struct Tensor: Encodable {
    let name: String
    let type: String
    let shape: [UInt64]
    let bytes: UInt64
  }

  let path: String
  let kind: String
  let bytes: UInt64
  let facts: [Row]
  let parameters: UInt64?
  let tensors: [Tensor]
  let loadedBy: String
  let runtime: String

  init(path: String, _ description: ModelDescription) {
    self.path = path
    kind = description.kind
    bytes = description.bytes
    facts = description.rows.map { Row(name: $0.name, value: $0.value) }
    parameters = description.tensors.isEmpty ? nil : description.parameters
    tensors = description.tensors.map { Tensor(name: $0.name, type: $0.type, shape: $0.shape, bytes: $0.bytes) }
    loadedBy = description.loadedBy
    runtime = description.runtime
  }
}
