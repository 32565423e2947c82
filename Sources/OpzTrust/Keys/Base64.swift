import FoundationEssentials

/// Base64 with padding (RFC 4648, section 4).
enum Base64 {
  static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

  /// Decodes text with padding.
  /// - Returns: nil for text that is not base64. The URL-safe alphabet is accepted too, as DSSE requires.
  static func decode(_ text: String) -> [UInt8]? {
    let plain = text.replacing("-", with: "+").replacing("_", with: "/")
    return Data(base64Encoded: plain).map { Array($0) }
  }
}
