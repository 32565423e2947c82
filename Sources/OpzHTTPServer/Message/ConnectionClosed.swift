/// Closes the connection without a response.
public struct ConnectionClosed: Error, Sendable {
  /// With a reset (RST) instead of an orderly close.
  public var resets: Bool

  /// Creates an error that makes the server close the connection, with a reset (RST) if `resets`.
  public init(resets: Bool = false) { self.resets = resets }
}
