import OpzJSON
import OpzModel

/// safetensors: a length of eight bytes, a JSON object of tensors, their bytes (README of the repository safetensors,
/// "Format").
enum SafetensorsHeader {
  static let recognizer = ModelDescriber.Recognizer(
    matches: { header, file in
      guard header.bytes.count > 9, header.bytes[8] == UInt8(ascii: "{") else { return false }
      let length = header.bytes[0..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return length >= 2 && length <= file.size - 8
    },
    describe: { file, _ in
      let (tensors, metadata) = try read(file)
      return ModelDescription(
        "safetensors", bytes: file.size,
        rows: metadata.sorted { $0.key < $1.key }.prefix(8).map {
          ModelDescription.Row("metadata: \($0.key.prefix(40))", String($0.value.prefix(80)))
        },
        tensors: tensors, loadedBy: "safetensors, transformers, diffusers",
        runtime: "runtime: {kind: python} with safetensors and the library that the weights are of")
    })

  /// The tensors and the metadata of a file.
  static func read(_ file: HeaderFile) throws -> (tensors: [ModelDescription.Tensor], metadata: [String: String]) {
    var cursor = HeaderCursor(file)
    let length = try cursor.number(8)
    guard length <= UInt64(HeaderBudget.limit) else {
      throw ModelError(
        .tooLarge, file.name, reason: "its header has \(length) bytes", hint: "check where it comes from")
    }
    let json = try file.bytes(at: 8, Int(length))
    var tensors: [ModelDescription.Tensor] = []
    var metadata: [String: String] = [:]
    do {
      try JSONCursor.read(json, options: JSONOptions(size: json.count)) { cursor in
        try cursor.object("the header") { key, cursor in
          if key == "__metadata__" {
            try cursor.object("the metadata") { key, cursor in metadata[key] = try cursor.string() }
          } else {
            tensors.append(try tensor(key, &cursor))
          }
        }
      }
    } catch let failure as JSONFailure {
      throw file.damaged("its header: \(failure.reason)")
    }
    let (end, overflow) = (8 + length).addingReportingOverflow(tensors.reduce(0) { $0 &+ $1.bytes })
    guard !overflow, end <= file.size else {
      throw file.damaged("its tensors need more bytes than the file has: it may be cut off")
    }
    return (tensors, metadata)
  }

  private static func tensor(_ name: String, _ cursor: inout JSONCursor) throws -> ModelDescription.Tensor {
    var (type, shape, offsets): (String, [Int], [Int]) = ("", [], [])
    try cursor.object("a tensor") { key, cursor in
      switch key {
      case "dtype": type = try cursor.string()
      case "shape": shape = try cursor.integers()
      case "data_offsets": offsets = try cursor.integers()
      default: try cursor.skip()
      }
    }
    guard shape.allSatisfy({ $0 >= 0 }), offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
      throw cursor.failure("the tensor \(name.prefix(60)) has no place")
    }
    return ModelDescription.Tensor(
      name: name, type: type, shape: shape.map { UInt64($0) }, bytes: UInt64(offsets[1] - offsets[0]))
  }
}
