import OpzIO

/// Why somebody passes gates by: `--force --reason TEXT`.
public struct Override: Sendable {
  public let reason: String

  /// Characters of a reason.
  private static let limit = 2_000

  /// - Throws: `FlowError` for a reason that says nothing.
  public init(_ text: String) throws {
    let reason = text.unicodeScalars.drop { $0.properties.isWhitespace }
    guard reason.contains(where: { $0.properties.isAlphabetic || $0.properties.numericType != nil }) else {
      throw FlowError(.usage, "--reason", "it says nothing", hint: "write why the gates do not count this time")
    }
    guard reason.count <= Override.limit else {
      throw FlowError(.usage, "--reason", "it has more than \(Override.limit) characters", hint: "write it shorter")
    }
    self.reason = String(reason)
  }
}
