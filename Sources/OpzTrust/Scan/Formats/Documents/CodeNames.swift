import OpzIO

/// Texts that make a JSON document more than data. A document without any of them, plain or escaped, is not read
/// further: a tree ensemble has hundreds of megabytes of numbers.
enum CodeNames {
  /// Most are keys, without their quotes: a document may be a string in another one.
  private static let names = [
    "class_name", "__class__", "__module__", "auto_map", "trust_remote_code", "custom_pipelines",
    "sentence_transformers",
    "_target_", "class_path", "py/", "template", "prompt", "_diffusers_version", "paramMap", "@class", "\"lc\"",
    "handler\"",
    "custom_ops_library", "nbformat", "node_def", "\"Custom\"", "loader_module", "model_code_path", "__lambda__",
    "\"type\"", "PyFunc", "ReadFile", "WriteFile", ":serialized:",
  ]
  /// The beginnings of escapes for A to Z, _ and a to z, with which a key can be hidden: `\u005f` is `_`.
  private static let escapes = ["\\u004", "\\u005", "\\u006", "\\u007"]

  /// The same for YAML, where keys need no quotes.
  static let yaml = [
    "class_name", "_target_", "class_path", "loader_module", "auto_map", "model_code_path", "py/", "code:",
  ]

  static func contained(in bytes: [UInt8]) -> Bool {
    names.contains { bytes.contains(text: $0) } || escapes.contains { bytes.contains(text: $0) }
  }

  /// Whether a large document has one of the keys that matter at any size, with a value that is not a number: a
  /// tokenizer's vocabulary of tens of megabytes contains every word, each with its number.
  static func containsKeys(in bytes: [UInt8]) -> Bool {
    if escapes.contains(where: { bytes.contains(text: $0) }) { return true }
    for index in bytes.indices where bytes[index] == UInt8(ascii: ":") {
      let after = bytes[(index + 1)...].prefix(24)
      let before = bytes[..<index].suffix(24)
      // So much white space at a colon can only be meant to push a key out of the part that is examined.
      if [after, before].contains(where: { $0.count == 24 && $0.allSatisfy { $0 <= 0x20 } }) { return true }
      guard let value = after.first(where: { $0 > 0x20 }), value == UInt8(ascii: "\"") || value >= 0x5B,
        let quote = before.lastIndex(where: { $0 > 0x20 }), bytes[quote] == UInt8(ascii: "\"")
      else { continue }
      let key = Array(bytes[max(0, quote - 40)...quote])
      if large.contains(where: { key.contains(text: $0) }) { return true }
    }
    return false
  }

  private static let large = [
    "class_name\"", "__class__\"", "__module__\"", "auto_map\"", "_target_\"", "class_path\"", "template\"",
    "templates\"", "@class\"",
    "\"py/", "loader_module\"", ":serialized:\"", "custom_ops_library\"",
  ]

  /// Whether a blob contains any of the texts.
  /// - Throws: what the blob throws.
  static func contained(in blob: any Blob, isLarge: Bool = false) throws -> Bool {
    let overlap = 64
    var last: [UInt8] = []
    var found = false
    try blob.forEachChunk { chunk in
      guard !found else { return }
      let piece = last + Array(chunk)
      found = isLarge ? containsKeys(in: piece) : contained(in: piece)
      last = Array(piece.suffix(overlap))
    }
    return found
  }
}
