import OpzIO

/// The reason for overriding gates: `--force --reason TEXT`.
public struct Override: Sendable {
  public let reason: String

  /// The most characters of a reason.
  private static let limit = 2_000

  /// - Throws: `FlowError` of category `usage` for a reason without text, or one that is too long.
  public init(_ text: String) throws {
    let reason = text.unicodeScalars.drop { $0.properties.isWhitespace }
    guard reason.contains(where: { $0.properties.isAlphabetic || $0.properties.numericType != nil }) else {
      throw FlowError(.usage, "--reason", reason: "it contains no words", hint: "write why the gates are overridden")
    }
    guard reason.count <= Override.limit else {
      throw FlowError(.usage, "--reason", reason: "it has more than \(Override.limit) characters", hint: "shorten it")
    }
    self.reason = String(reason)
  }
}
