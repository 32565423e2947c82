import OpzWire

/// What of an ONNX `ModelProto` determines predictions (onnx.proto). Attributes and tensors are kept as readers at
/// their place in the file and decoded when an operator asks for them.
struct ONNXDocument {
  /// A file may ask for more memory than it has bytes: by many empty nodes, attributes or names. More than these are
  /// refused.
  static let nodeLimit = 1 << 16
  static let nameLimit = 1 << 20

  /// An input or output of the graph.
  struct ValueInfo {
    var name = ""
    /// `TensorProto.DataType`; 0 for what is not a tensor.
    var type = 0
    /// Nil for a dimension without a number.
    var dimensions: [Int?] = []
    /// Whether the file says how many dimensions there are.
    var hasShape = false
  }

  var version: Int64 = 0
  /// By domain; the default one is empty.
  var operatorSets: [String: Int64] = [:]
  var producer = ""
  var producerVersion = ""
  var metadata: [String: String] = [:]
  var nodes: [ONNXNode] = []
  var initializers: [String: WireReader] = [:]
  var inputs: [ValueInfo] = []
  var outputs: [ValueInfo] = []
  /// Whether there is a graph at all.
  var hasGraph = false
  private var names = 0
  /// Bytes of the file.
  let size: Int

  init(_ message: WireReader) throws {
    size = message.bytes.count
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: version = try reader.int64(field)
      case 2: producer = try reader.string(field)
      case 3: producerVersion = try reader.string(field)
      case 7: try readGraph(try reader.message(field))
      case 8: try readOperatorSet(try reader.message(field))
      case 14: try readMetadata(try reader.message(field))
      default: try reader.skip(field)
      }
    }
  }

  private mutating func readOperatorSet(_ message: WireReader) throws {
    var reader = message
    var domain = ""
    var version: Int64 = 0
    while let field = try reader.next() {
      switch field.number {
      case 1: domain = try reader.string(field)
      case 2: version = try reader.int64(field)
      default: try reader.skip(field)
      }
    }
    guard operatorSets.count < 256 else { throw WireFailure(at: reader.position, "more than 256 operator sets") }
    operatorSets[domain == "ai.onnx" ? "" : domain] = version
  }

  private mutating func readMetadata(_ message: WireReader) throws {
    var reader = message
    var (key, value) = ("", "")
    while let field = try reader.next() {
      switch field.number {
      case 1: key = try reader.string(field)
      case 2: value = try reader.string(field)
      default: try reader.skip(field)
      }
    }
    guard metadata.count < 4096 else { throw WireFailure(at: reader.position, "more than 4096 metadata entries") }
    metadata[key] = value
  }

  private mutating func readGraph(_ message: WireReader) throws {
    var reader = message
    hasGraph = true
    while let field = try reader.next() {
      switch field.number {
      case 1:
        guard nodes.count < ONNXDocument.nodeLimit else {
          throw WireFailure(at: reader.position, "more than \(ONNXDocument.nodeLimit) nodes")
        }
        let node = try ONNXNode(try reader.message(field))
        try count(node.inputs.count + node.outputs.count + node.attributes.count, reader)
        nodes.append(node)
      case 5:
        let tensor = try reader.message(field)
        try count(1, reader)
        initializers[try ONNXTensor.name(tensor)] = tensor
      case 11:
        try count(1, reader)
        inputs.append(try ONNXDocument.valueInfo(try reader.message(field)))
      case 12:
        try count(1, reader)
        outputs.append(try ONNXDocument.valueInfo(try reader.message(field)))
      case 15: throw WireFailure(at: reader.position, "a sparse initializer, which is not read")
      default: try reader.skip(field)
      }
    }
  }

  private mutating func count(_ more: Int, _ reader: WireReader) throws {
    names += more
    guard names <= ONNXDocument.nameLimit else {
      throw WireFailure(at: reader.position, "more than \(ONNXDocument.nameLimit) names and attributes")
    }
  }

  private static func valueInfo(_ message: WireReader) throws -> ValueInfo {
    var result = ValueInfo()
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: result.name = try reader.string(field)
      case 2:
        var type = try reader.message(field)
        while let field = try type.next() {
          // Sequences and maps are what ZipMap makes of a tensor.
          if field.number == 1 { try tensorType(try type.message(field), &result) } else { try type.skip(field) }
        }
      default: try reader.skip(field)
      }
    }
    return result
  }

  private static func tensorType(_ message: WireReader, _ result: inout ValueInfo) throws {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: result.type = Int(try reader.int32(field))
      case 2:
        result.hasShape = true
        var shape = try reader.message(field)
        while let field = try shape.next() {
          guard field.number == 1 else { try shape.skip(field); continue }
          guard result.dimensions.count < 16 else { throw WireFailure(at: shape.position, "more than 16 dimensions") }
          result.dimensions.append(try dimension(try shape.message(field)))
        }
      default: try reader.skip(field)
      }
    }
  }

  private static func dimension(_ message: WireReader) throws -> Int? {
    var reader = message
    var value: Int?
    while let field = try reader.next() {
      if field.number == 1 { value = Int(exactly: try reader.int64(field)) } else { try reader.skip(field) }
    }
    return value.flatMap { $0 > 0 ? $0 : nil }
  }
}
