import OpzModel
import OpzWire

extension ModelFormat {
  /// `onnx.save(model, "model.onnx")`: skl2onnx, onnxmltools.
  static let onnx = ModelFormat(
    name: "onnx", displayName: "ONNX", suffixes: [".onnx"], kserve: "onnx", mlflowFlavors: ["onnx"],
    hasIterations: false,
    match: { ONNXHeader.match($0) },
    reading: .read(
      advice: "save an ONNX model with onnx.save(model, \"model.onnx\")",
      { file in try ONNXReader.read(file.bytes, name: file.name) }))
}

/// How a file begins that is an ONNX `ModelProto`: fields in order, from `ir_version` to the graph.
enum ONNXHeader {
  static func match(_ header: ModelHeader) -> ModelFormat.Match {
    guard header.starts(with: [0x08]), var reader = try? WireReader(header.bytes) else { return .none }
    var hasProducer = false
    while let field = try? reader.next() {
      switch (field.number, field.type) {
      case (1, .varint):
        guard let version = try? reader.int64(field), (1...64).contains(version) else { return .none }
      case (7, .lengthDelimited), (8, .lengthDelimited): return .certain
      case (2, .lengthDelimited): hasProducer = (try? reader.string(field)) != nil
      case (3, .lengthDelimited), (4, .lengthDelimited), (6, .lengthDelimited), (14, .lengthDelimited), (5, .varint):
        guard (try? reader.skip(field)) != nil else { return hasProducer ? .possible : .none }
      default: return .none
      }
    }
    return .none
  }
}
