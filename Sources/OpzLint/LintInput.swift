/// A text to lint: a file, or what came from a pipe.
public struct LintInput: Sendable {
  /// As findings name it.
  public let name: String
  public let bytes: [UInt8]

  public init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}
