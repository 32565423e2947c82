import OpzJSON

/// What programs write into a model's metadata.
enum ONNXMetadata {
  /// The texts of a JSON array; nil for another text.
  static func names(_ text: String) -> [String]? {
    guard let value = try? JSONValue(json: Array(text.utf8)), let array = value.array else { return nil }
    let names = array.compactMap(\.string)
    return names.count == array.count ? names : nil
  }
}
