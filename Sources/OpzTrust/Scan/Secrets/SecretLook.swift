import OpzIO

/// Keys and tokens in texts.
struct SecretLook: FormatLook {
  let name = "keys and tokens"
  var isOfAnyFile: Bool { true }

  /// Bytes of a text that is searched.
  private static let limit: UInt64 = 16 << 20

  func recognizes(_ file: ScannedFile) -> Bool {
    file.context.secrets && !file.head.contains(0) && file.blob.size <= SecretLook.limit
  }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) throws {
    for match in SecretPatterns.matches(try file.blob.bytes()) {
      scanner.add(
        .secret, match.what.contains("encrypted") ? .warning : .error, file, at: UInt64(match.offset),
        "it holds \(match.what)")
    }
  }
}
