/// Why bytes are not a protobuf message, and where.
public struct WireFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// The byte offset of the problem, from the beginning of the outermost message.
  public let offset: Int
  public let reason: String

  /// Makes a failure; `reason` is lower case, without the offset.
  public init(at offset: Int, _ reason: String) {
    self.offset = offset
    self.reason = reason
  }

  /// The reason with its offset: `at byte 12: the message ends within a number`
  public var description: String { "at byte \(offset): \(reason)" }
}
