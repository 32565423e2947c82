import OpzModel

/// GGUF, version 2 and 3: llama.cpp's models (docs/gguf.md and ggml.h in the repository ggml).
enum GGUFHeader {
  /// Elements and bytes of a block, by the number of the type (`GGML_QUANT_SIZES` in gguf-py's constants.py).
  static let types: [UInt64: (name: String, elements: UInt64, bytes: UInt64)] = [
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
  ]

  static let recognizer = ModelDescriber.Recognizer(
    matches: { header, _ in header.starts(with: Array("GGUF".utf8)) }, describe: { file, _ in try describe(file) })

  /// More tensors or keys than any model has.
  private static let countLimit: UInt64 = 1 << 22

  private static func describe(_ file: HeaderFile) throws -> ModelDescription {
    var cursor = HeaderCursor(file, at: 4)
    let version = try cursor.number(4)
    guard version == 2 || version == 3 else { throw file.damaged("it says GGUF version \(version), not 2 or 3") }
    let tensorCount = try cursor.count(8, limit: countLimit, "tensors")
    let keyCount = try cursor.count(8, limit: countLimit, "keys")
    var facts: [String: String] = [:]
    for _ in 0..<keyCount {
      let key = try text(&cursor)
      if let value = try value(&cursor, try cursor.number(4), depth: 0) { facts[key] = value }
    }
    var tensors: [ModelDescription.Tensor] = []
    for _ in 0..<tensorCount { tensors.append(try tensor(&cursor)) }
    var rows = [ModelDescription.Row("format version", "\(version)")]
    let architecture = facts["general.architecture"] ?? ""
    let wanted = [
      ("name", "general.name"), ("architecture", "general.architecture"), ("license", "general.license"),
      ("context length", "\(architecture).context_length"), ("layers", "\(architecture).block_count"),
      ("embedding length", "\(architecture).embedding_length"), ("tokenizer", "tokenizer.ggml.model"),
      ("vocabulary", "tokenizer.ggml.tokens"),
    ]
    rows += wanted.compactMap { name, key in facts[key].map { ModelDescription.Row(name, $0) } }
    return ModelDescription(
      "GGUF", bytes: file.size, rows: rows, tensors: tensors, loadedBy: "llama.cpp, ollama, vLLM",
      runtime: "runtime: {kind: custom} with llama.cpp's server")
  }

  private static func tensor(_ cursor: inout HeaderCursor) throws -> ModelDescription.Tensor {
    let name = try text(&cursor)
    let dimensions = try cursor.count(4, limit: 8, "dimensions in a tensor")
    // The innermost dimension comes first.
    let shape = try (0..<dimensions).map { _ in try cursor.number(8) }.reversed()
    let number = try cursor.number(4)
    _ = try cursor.number(8)
    let type = types[number] ?? ("type \(number)", 1, 0)
    let tensor = ModelDescription.Tensor(name: name, type: type.0, shape: Array(shape), bytes: 0)
    let (bytes, overflow) = (tensor.elements / type.1).multipliedReportingOverflow(by: type.2)
    return ModelDescription.Tensor(
      name: name, type: type.0, shape: Array(shape), bytes: overflow ? .max : bytes)
  }

  private static func text(_ cursor: inout HeaderCursor) throws -> String {
    try cursor.text(try cursor.count(8, limit: 1 << 20, "bytes in a name"))
  }

  /// A value as a text; lists only by their lengths.
  private static func value(_ cursor: inout HeaderCursor, _ type: UInt64, depth: Int) throws -> String? {
    switch type {
    case 0, 2, 4, 10: return "\(try cursor.number([0: 1, 2: 2, 4: 4][type] ?? 8))"
    case 1: return "\(Int8(truncatingIfNeeded: try cursor.number(1)))"
    case 3: return "\(Int16(truncatingIfNeeded: try cursor.number(2)))"
    case 5: return "\(Int32(truncatingIfNeeded: try cursor.number(4)))"
    case 6: return "\(Float(bitPattern: UInt32(truncatingIfNeeded: try cursor.number(4))))"
    case 7: return try cursor.number(1) == 0 ? "false" : "true"
    case 11: return "\(Int64(truncatingIfNeeded: try cursor.number(8)))"
    case 12: return "\(Double(bitPattern: try cursor.number(8)))"
    case 8:
      let count = try cursor.number(8)
      guard count <= 256 else {
        try cursor.skip(count)
        return nil
      }
      return try cursor.text(Int(count))
    case 9:
      guard depth < 4 else { throw cursor.file.damaged("lists in lists in lists in lists") }
      let element = try cursor.number(4)
      let count = try cursor.number(8)
      try skip(&cursor, element, count: count, depth: depth)
      return "\(count)"
    default: throw cursor.file.damaged("a value of the unknown type \(type)")
    }
  }

  private static func skip(_ cursor: inout HeaderCursor, _ element: UInt64, count: UInt64, depth: Int) throws {
    let widths: [UInt64: UInt64] = [0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8]
    guard let width = widths[element] else {
      guard count <= cursor.end else { throw cursor.file.damaged("a list of \(count) elements") }
      for _ in 0..<count { _ = try value(&cursor, element, depth: depth + 1) }
      return
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: width)
    guard !overflow else { throw cursor.file.damaged("a list of \(count) elements") }
    try cursor.skip(bytes)
  }
}
