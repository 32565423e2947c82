import OpzIO

/// Names that make a JSON document more than data. A document without any of them, written plainly or with escapes, is not read further: a tree
/// ensemble has hundreds of megabytes of numbers.
enum JSONTriggers {
  /// Most are keys, without their quotes: a document may be a text in another one.
  private static let names = [
    "class_name", "__class__", "__module__", "auto_map", "trust_remote_code", "custom_pipelines",
    "sentence_transformers",
    "_target_", "class_path", "py/", "template", "prompt", "_diffusers_version", "paramMap", "@class", "\"lc\"",
    "handler\"",
    "custom_ops_library", "nbformat", "node_def", "\"Custom\"", "loader_module", "model_code_path", "__lambda__",
    "\"type\"", "PyFunc", "ReadFile", "WriteFile", ":serialized:",
  ]
  /// `\u005f` is how somebody writes `_` who does not want it to be seen: A to Z, _ and a to z by their numbers.
  private static let escapes = ["\\u004", "\\u005", "\\u006", "\\u007"]

  /// The same in YAML, where keys need no quotes.
  static let yaml = [
    "class_name", "_target_", "class_path", "loader_module", "auto_map", "model_code_path", "py/", "code:",
  ]

  static func are(in bytes: [UInt8]) -> Bool {
    names.contains { bytes.contains(text: $0) } || escapes.contains { bytes.contains(text: $0) }
  }

  /// - Throws: what the blob throws.
  static func are(in blob: any Blob) throws -> Bool {
    let overlap = 32
    var last: [UInt8] = []
    var found = false
    try blob.forEachChunk { chunk in
      guard !found else { return }
      let piece = last + Array(chunk)
      found = are(in: piece)
      last = Array(piece.suffix(overlap))
    }
    return found
  }
}
