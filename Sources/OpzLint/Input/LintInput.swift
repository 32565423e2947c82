/// A text to lint: a file, or standard input.
public struct LintInput: Sendable {
  /// The name in findings.
  public let name: String
  /// The content, which is YAML in UTF-8.
  public let bytes: [UInt8]

  /// Creates an input.
  /// - Parameters:
  ///   - name: the name in findings; `-` is standard input.
  ///   - bytes: YAML in UTF-8, at most 32 MiB.
  public init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}
